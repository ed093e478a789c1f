import { resultColumns } from './tables.ts';

type Column = { name: string; type: string };

export interface View {
  name: string;
  description: string;
  columns: readonly Column[];
  /** As both Athena and Trino take it; the tables are named without their database. */
  sql: string;
}

const DAY: Column = { name: 'day', type: 'string' };
/** Of `runs` alone, which are small: the partitions of the other tables are then known without looking. */
const LATEST = '(SELECT max(day) FROM runs)';

function latest(name: 'findings' | 'rules' | 'rule_usage', description: string): View {
  const columns = [...resultColumns(name), DAY];
  const names = columns.map((column) => `"${column.name}"`).join(', ');
  const sql = `SELECT ${names} FROM ${name} WHERE day = ${LATEST}`;
  return { name: `latest_${name}`, description, columns, sql };
}

function typed(text: string): Column[] {
  return text.split(' ').map((column) => {
    const [name, type = 'string'] = column.split(':');
    return { name: name!, type };
  });
}

const HEAT =
  'account_id region group_id group_name direction rule_id protocol from_port:bigint to_port:bigint peer action used_on flows:bigint';

/** What people ask first, as views over the result tables. */
export const VIEWS: readonly View[] = [
  latest('findings', 'What the newest analysis says of each rule'),
  latest('rules', 'The rules of the newest analysis'),
  latest('rule_usage', 'Use of each rule by day, by the newest analysis'),
  {
    // By both ids: rules that say the same share the finding's.
    name: 'rule_heat',
    description:
      'Each rule of the newest analysis with each day of its use; one row without a day for a rule without use',
    columns: typed(HEAT),
    sql: `SELECT r.account_id, r.region, r.group_id, r.group_name, r.direction, r.rule_id, r.protocol, r.from_port, r.to_port, r.peer, f.action, u.used_on, coalesce(u.flows, 0) AS flows
FROM rules r
JOIN findings f ON f.day = r.day AND f.rule_id = r.rule_id AND f.finding_id = r.finding_id
LEFT JOIN rule_usage u ON u.day = r.day AND u.rule_id = r.rule_id AND u.finding_id = r.finding_id
WHERE r.day = ${LATEST} AND f.day = ${LATEST}`,
  },
  {
    name: 'proposals_by_run',
    description: 'How many rules each analysis would remove or narrow',
    columns: typed('day window_from window_to rules:bigint removals:bigint narrowings:bigint reviews:bigint'),
    sql: 'SELECT day, window_from, window_to, rules, removals, narrowings, reviews FROM runs',
  },
];

/**
 * The view's text as the Glue catalog keeps it for Athena: JSON in Base64 within a comment. Source: Trino, ViewReaderUtil
 * (`/* Presto View: … *\/`), which Athena's own CREATE VIEW writes alike.
 */
export function viewText({ sql, columns }: View, database: string): string {
  const types: Record<string, string> = { string: 'varchar' };
  const json = {
    originalSql: sql,
    catalog: 'awsdatacatalog',
    schema: database,
    columns: columns.map(({ name, type }) => ({ name, type: types[type] ?? type })),
  };
  return `/* Presto View: ${Buffer.from(JSON.stringify(json)).toString('base64')} */`;
}
