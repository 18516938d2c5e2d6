// What a panel shows of a query's answer, by Grafana 12.3's own code (@grafana/data): names of the fields, texts of the cells, and links. Fields
// get their configuration as in Grafana: defaults first, then the overrides whose matcher takes the field.
//
//   node render.mjs FOLDER_WITH_NODE_MODULES < [{"panel": …, "format": "table", "columns": [[name, kind], …], "rows": [[…], …]}, …]
import { readFileSync } from 'node:fs';
import { load } from './grafana_data.mjs';

const { data } = await load(process.argv[2]);

// Grafana registers what a property is in its application; here each takes its value as it stands, but for texts, in which names are put in.
const IDS = ['unit', 'decimals', 'min', 'max', 'displayName', 'noValue', 'mappings', 'thresholds', 'color', 'links'];
const item = (id, isCustom = false) => ({
  id: isCustom ? `custom.${id}` : id, path: id, name: id, isCustom, editor: () => null, override: () => null, shouldApply: () => true,
  process: id === 'displayName' ? data.stringOverrideProcessor : data.identityOverrideProcessor, settings: { expandTemplateVars: true },
});

/** As the server does with a time series: one text column becomes a label of every number, named metric the name itself. */
function fieldsOf({ format, columns, rows }) {
  const column = (i) => rows.map((row) => row[i]);
  const field = (name, type, values, labels) => ({ name, type, config: {}, values, labels });
  const label = format === 'time_series' ? columns.findIndex(([, type]) => type === 'string') : -1;
  if (label < 0) return columns.map(([name, type], i) => field(name, type, column(i)));
  const times = [...new Set(column(0))];
  const fields = [field('time', 'time', times)];
  for (const value of new Set(column(label))) {
    for (const [i, [name, type]] of columns.entries()) {
      if (i === 0 || i === label) continue;
      const values = times.map((time) => rows.find((row) => row[0] === time && row[label] === value)?.[i] ?? null);
      const named = columns[label][0] === 'metric' && columns.length === 3;
      fields.push(named ? field(value, type, values) : field(name, type, values, { [columns[label][0]]: value }));
    }
  }
  return fields;
}

/** ${__field.…} and ${__value.raw}; other names are the dashboard's and stay. */
function replace(text, scoped, form) {
  const context = scoped?.__dataContext?.value;
  return text.replace(/\$\{(\w+)((?:\.\w+)*)(?::(\w+))?\}/g, (match, name, path, own) => {
    const known = context && { __field: context.field, __value: { raw: context.field.values[context.rowIndex] } }[name];
    if (!known) return match;
    const value = path.split('.').slice(1).reduce((one, key) => one?.[key], known) ?? '';
    return { percentencode: encodeURIComponent, uriencode: encodeURI }[own ?? form]?.(value) ?? String(value);
  });
}
data.locationUtil.initialize({ config: { appSubUrl: '', appUrl: '' }, getVariablesUrlParams: () => ({}), getTimeRangeForUrl: () => ({}) });

const theme = data.createTheme({ colors: { mode: 'dark' } });
const shown = JSON.parse(readFileSync(0, 'utf8')).map((given) => {
  const { defaults, overrides } = given.panel.fieldConfig;
  const customIds = new Set([...Object.keys(defaults.custom ?? {}), ...overrides.flatMap((one) => one.properties.map(({ id }) => id)).filter((id) => id.startsWith('custom.')).map((id) => id.split('.')[1])]);
  const registry = new data.Registry(() => [...IDS.map((id) => item(id)), ...[...customIds].map((id) => item(id, true))]);
  const plugin = { defaults: {}, fieldConfigDefaults: { defaults: {}, overrides: [] }, fieldConfigRegistry: registry };
  const { fieldConfig } = data.getPanelOptionsWithDefaults({ plugin, currentOptions: {}, currentFieldConfig: { defaults, overrides }, isAfterPluginChange: false });
  const [frame] = data.applyFieldOverrides({
    data: [data.toDataFrame({ refId: 'A', fields: fieldsOf(given) })], fieldConfig, fieldConfigRegistry: registry, replaceVariables: replace, theme, timeZone: 'utc',
  });
  return frame.fields.map((field) => ({
    name: data.getFieldDisplayName(field, frame, [frame]),
    texts: field.values.map((value) => data.formattedValueToString(field.display(value))),
    colors: field.values.map((value) => field.display(value).color ?? null),
    links: field.values.map((_, row) => (field.config.links?.length ? field.getLinks({ valueRowIndex: row }).map((link) => link.href) : [])),
  }));
});
console.log(JSON.stringify(shown));
