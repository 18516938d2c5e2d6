// Compares dashboards with Grafana 12.3's own definitions: the types of @grafana/schema (dashboard, options and field configuration of each
// kind of panel) and the units, reducers and rounding of @grafana/data. Prints what is wrong, a line each, as JSON.
//
//   node check.mjs FOLDER_WITH_NODE_MODULES DASHBOARD.json...
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { load } from './grafana_data.mjs';

const [given, ...files] = process.argv.slice(2);
const folder = resolve(given);
const { require, data } = await load(folder);
const ts = require('typescript');

// ---- types ----
const raw = '@grafana/schema/dist/types/raw';
const PANELS = { stat: 'Stat', table: 'Table', timeseries: 'TimeSeries', geomap: 'Geomap', barchart: 'BarChart', 'state-timeline': 'StateTimeline' };
const shapes = Object.entries(PANELS).map(([kind, name]) => [kind, `${raw}/composable/${kind.replace('-', '')}/panelcfg/x/${name}PanelCfg_types.gen`]);
const source = `import * as dashboard from '${raw}/dashboard/x/dashboard_types.gen';
${shapes.map(([, path], i) => `import * as panel${i} from '${path}';`).join('\n')}
interface Shapes {
  dashboard: dashboard.Dashboard; panel: dashboard.Panel; row: dashboard.RowPanel; field: dashboard.FieldConfig; variable: dashboard.VariableModel; link: dashboard.DashboardLink;
${shapes.map(([kind], i) => `  'options ${kind}': panel${i}.Options;${kind === 'stat' || kind === 'geomap' ? '' : ` 'custom ${kind}': panel${i}.FieldConfig;`}`).join('\n')}
}
declare const shapes: Shapes;`;
const file = join(folder, 'shapes.ts');
const host = ts.createCompilerHost({});
const readFile = host.getSourceFile.bind(host);
host.getSourceFile = (name, ...rest) => (name === file ? ts.createSourceFile(name, source, ts.ScriptTarget.ES2022) : readFile(name, ...rest));
const program = ts.createProgram([file], { strict: true, noEmit: true, skipLibCheck: true, moduleResolution: ts.ModuleResolutionKind.Node10, types: [], target: ts.ScriptTarget.ES2022 }, host);
const failed = program.getSemanticDiagnostics(program.getSourceFile(file));
if (failed.length) throw new Error(ts.formatDiagnostics(failed, { getCanonicalFileName: (x) => x, getCurrentDirectory: () => '', getNewLine: () => '\n' }));
const checker = program.getTypeChecker();
const shapesOf = checker.getTypeAtLocation(program.getSourceFile(file).statements.find(ts.isInterfaceDeclaration));
const shape = (name) => {
  const symbol = checker.getPropertyOfType(shapesOf, name);
  return symbol && checker.getTypeOfSymbol(symbol);
};

/** What of value is not as the type says. partial: its own members may be missing, since Grafana fills in defaults. */
function problems(value, type, path, partial = false) {
  const flags = type.flags;
  if (flags & (ts.TypeFlags.Any | ts.TypeFlags.Unknown)) return [];
  if (type.isUnion()) {
    const tries = type.types.map((one) => problems(value, one, path, partial));
    return tries.some((one) => !one.length) ? [] : tries.reduce((best, one) => (one.length < best.length || one[0].split(' ')[0].length > best[0].split(' ')[0].length ? one : best));
  }
  if (flags & (ts.TypeFlags.StringLiteral | ts.TypeFlags.NumberLiteral)) return value === type.value ? [] : [`${path} is ${JSON.stringify(value)}, none of the allowed values`];
  if (flags & ts.TypeFlags.BooleanLiteral) return String(value) === checker.typeToString(type) ? [] : [`${path} is ${JSON.stringify(value)}, no boolean`];
  for (const [flag, name] of [[ts.TypeFlags.String, 'string'], [ts.TypeFlags.Number, 'number'], [ts.TypeFlags.Boolean, 'boolean'], [ts.TypeFlags.Undefined, 'undefined']]) {
    if (flags & flag) return typeof value === name ? [] : [`${path} is ${JSON.stringify(value)}, no ${name}`];
  }
  if (flags & ts.TypeFlags.Null) return value === null ? [] : [`${path} is not null`];
  if (checker.isArrayType(type)) {
    if (!Array.isArray(value)) return [`${path} is no array`];
    const [element] = checker.getTypeArguments(type);
    return value.flatMap((one, i) => problems(one, element, `${path}[${i}]`));
  }
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return [`${path} is no object`];
  const index = checker.getIndexInfoOfType(type, ts.IndexKind.String);
  const found = [];
  for (const [key, one] of Object.entries(value)) {
    const symbol = checker.getPropertyOfType(type, key);
    if (symbol) found.push(...problems(one, checker.getTypeOfSymbol(symbol), `${path}.${key}`));
    else if (index) found.push(...problems(one, index.type, `${path}.${key}`));
    else found.push(`${path}.${key} does not exist`);
  }
  if (!partial) {
    for (const symbol of checker.getPropertiesOfType(type)) {
      if (!(symbol.flags & ts.SymbolFlags.Optional) && !(symbol.name in value)) found.push(`${path}.${symbol.name} is missing`);
    }
  }
  return found;
}

// ---- dashboards ----
const units = new Set(data.getValueFormats().flatMap((group) => group.submenu).map((unit) => unit.value));
const reducers = new Set(data.fieldReducers.list().map((reducer) => reducer.id));
const matchers = new Set(data.fieldMatchers.list().map((matcher) => matcher.id));
const CUSTOM_UNIT = /^(prefix|suffix|currency|time|si|count|bool):/;

function* unitsIn(panel) {
  yield ['fieldConfig.defaults', panel.fieldConfig.defaults.unit];
  for (const [i, one] of panel.fieldConfig.overrides.entries()) for (const property of one.properties) if (property.id === 'unit') yield [`fieldConfig.overrides[${i}]`, property.value];
}

function checkPanel(panel, path) {
  const found = problems(panel, shape('panel'), path);
  if (!shape(`options ${panel.type}`)) return [...found, `${path}.type ${panel.type} is none that this knows`];
  found.push(...problems(panel.options, shape(`options ${panel.type}`), `${path}.options`, true));
  const custom = shape(`custom ${panel.type}`);
  found.push(...problems(panel.fieldConfig.defaults.custom ?? {}, custom ?? shape('field'), `${path}.fieldConfig.defaults.custom`, true));
  for (const [i, { matcher, properties }] of panel.fieldConfig.overrides.entries()) {
    const at = `${path}.fieldConfig.overrides[${i}]`;
    if (!matchers.has(matcher.id)) found.push(`${at}.matcher ${matcher.id} does not exist`);
    for (const { id, value } of properties) {
      const [first, ...rest] = id.split('.');
      const owner = first === 'custom' ? custom : shape('field');
      const symbol = owner && checker.getPropertyOfType(owner, first === 'custom' ? rest.join('.') : id);
      found.push(...(symbol ? problems(value, checker.getTypeOfSymbol(symbol), `${at} ${id}`, true) : [`${at} ${id} does not exist`]));
    }
  }
  for (const [where, unit] of unitsIn(panel)) if (unit !== undefined && !units.has(unit) && !CUSTOM_UNIT.test(unit)) found.push(`${path}.${where}: unit ${unit} does not exist`);
  const calcs = [...(panel.options.reduceOptions?.calcs ?? []), ...(panel.options.legend?.calcs ?? [])];
  for (const calc of calcs) if (!reducers.has(calc)) found.push(`${path}: reducer ${calc} does not exist`);
  return found;
}

const found = {};
for (const name of files) {
  const board = JSON.parse(readFileSync(name, 'utf8'));
  found[name] = [
    ...problems({ ...board, panels: [] }, shape('dashboard'), 'dashboard', true),
    ...board.panels.flatMap((panel, i) => (panel.type === 'row' ? problems(panel, shape('row'), `panels[${i}]`) : checkPanel(panel, `panels[${i}]`))),
  ];
}
// What sql.py says of $__interval, to be compared with Grafana's own.
const rounding = Object.fromEntries([1, 12, 40, 99, 400, 1499, 1500, 8000, 20000, 44999, 45000, 100000, 500000, 2000000, 6000000, 40000000, 100000000, 700000000].map((ms) => [ms, data.rangeUtil.roundInterval(ms)]));
console.log(JSON.stringify({ problems: found, rounding, units: units.size }));
