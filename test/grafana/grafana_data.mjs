// Loads @grafana/data outside of a browser, for check.mjs and render.mjs.
import { createRequire, Module } from 'node:module';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

/** require() of something that has an ES module among what it requires: Node does that by itself from 20.19 on, older ones (Debian 12 has 18) get
 * it imported beforehand. */
async function requireWithModules(require, name) {
  for (;;) {
    try {
      return require(name);
    } catch (error) {
      const path = error.code === 'ERR_REQUIRE_ESM' && /ES Module (\S+) from/.exec(error.message)?.[1];
      if (!path) throw error;
      const exports = await import(pathToFileURL(path));
      require.cache[path] = Object.assign(new Module(path), { exports, filename: path, loaded: true });
    }
  }
}

/** A require() of the folder's packages, and the package. */
export async function load(folder) {
  const require = createRequire(join(resolve(folder), 'package.json'));
  // It expects a window, and react-use, which it loads, must not see one.
  require('react-use');
  globalThis.window = new EventTarget();
  Object.defineProperty(globalThis, 'navigator', { value: { languages: ['en-US'], language: 'en-US' }, configurable: true });
  return { require, data: await requireWithModules(require, '@grafana/data') };
}
