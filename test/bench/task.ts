import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { gunzipSync } from 'node:zlib';
import type { RuleHits } from './by-rule.ts';
import { filesOf } from './files.ts';

// What the bench measures as a process of its own: `node test/bench/task.ts NAME FOLDER…`; answers on stdout. Each task imports what it needs, so that a
// baseline pays for nothing else.
const [name = '', ...args] = process.argv.slice(2);
const KEY =
  'interface_id, srcaddr, dstaddr, srcport, dstport, protocol, tcp_flags, pkt_srcaddr, pkt_dstaddr, flow_direction, action';

const TASKS: Readonly<Record<string, (folder: string, ...more: string[]) => Promise<unknown>>> = {
  nothing: async () => null,
  inflate: async (folder) => {
    let bytes = 0;
    for (const path of (await filesOf(folder)).paths)
      bytes += gunzipSync(readFileSync(path), { chunkSize: 1 << 22 }).length;
    return bytes;
  },
  'count-text': async (folder) => {
    const { V5_FIELDS } = await import('./traffic.ts');
    const columns = V5_FIELDS.split(' ').map((_, i) => `'c${i}': 'VARCHAR'`);
    return query(
      `SELECT count(*) FROM read_csv('${folder}/**/*.gz', columns = {${columns.join(', ')}}, delim = ' ', quote = '', escape = '', header = true, auto_detect = false)`,
    );
  },
  'group-parquet': async (folder) =>
    query(
      `SELECT count(*), sum(n) FROM (SELECT ${KEY}, start - start % 86400 AS day, count(*) AS n, sum(packets) AS p, sum(bytes) AS b, min(start) AS f, max("end") AS l FROM read_parquet('${folder}/**/*.parquet', hive_partitioning = false) GROUP BY ALL)`,
    ),
  decode: async (folder) => {
    const out: unknown[] = [];
    for (const table of ['flow', 'tally', 'span']) {
      out.push(
        await query(
          `SELECT max(COLUMNS(*)) FROM read_parquet('${folder}/${table}/**/*.parquet', hive_partitioning = false)`,
        ),
      );
    }
    return out;
  },
  /** One query for each of `count` rules, over the ledger: what asking rule by rule comes to. */
  'rule-by-rule': async (folder, inventory = '', count = '24') => {
    const { MACROS, ruleQueries } = await import('./by-rule.ts');
    const flow = `read_parquet('${folder}/flow/**/*.parquet', hive_partitioning = false)`;
    const queries = await ruleQueries(inventory, flow, Number(count));
    // DuckDB's own start is not the queries'.
    await query('SELECT 1');
    const before = process.cpuUsage();
    const [, ...rows] = await answers([MACROS, ...queries.map(({ sql }) => sql)]);
    const { user, system } = process.cpuUsage(before);
    const hits = Object.fromEntries(queries.map(({ ruleId }, n) => [ruleId, Number(rows[n]?.[0]?.[0])]));
    return { cpu: (user + system) / 1e6, hits } satisfies RuleHits;
  },
  /** The steps of an analysis from the ledger, each with its CPU time in seconds. */
  analysis: async (ledger, folder = '') => {
    const { advise, DEFAULT_POLICY, findingsDocument } = await import('../../analyzer/advice/index.ts');
    const { coverageOf, openLedgerStore } = await import('../../analyzer/flowlogs/index.ts');
    const { readInventory } = await import('../../analyzer/inventory/index.ts');
    const { attribute } = await import('../../analyzer/usage/index.ts');
    const { changeDays, interfaceAddresses } = await import('../../bot/cli/work/scan-input.ts');
    const steps: Record<string, number> = {};
    let before = process.cpuUsage();
    const step = (label: string) => {
      const { user, system } = process.cpuUsage(before);
      steps[label] = (user + system) / 1e6;
      before = process.cpuUsage();
    };
    const inventory = await readInventory(folder, { configHistory: [] });
    step('inventory');
    const scan = await openLedgerStore({ dir: ledger, tempDir: tmpdir() }).scan({
      window: { lastDays: 90, to: null },
      interfaces: interfaceAddresses(inventory.interfaces),
      changes: changeDays(inventory.interfaces),
      skipUnreadable: false,
      progress: () => {},
      signal: new AbortController().signal,
    });
    step('who opened');
    const { window } = scan;
    const evidence = await attribute({ inventory, ledger: scan.ledger(), coverage: coverageOf(scan), window });
    step('usage');
    const advice = advise({ evidence, inventory, policy: { ...DEFAULT_POLICY, minCoverage: 0 }, window });
    step('plan, narrowing and replay');
    const document = findingsDocument({ advice, evidence, inventory, window, flowLogs: scan.summary, warnings: [] });
    step('document');
    await scan.close();
    const actions = Object.groupBy(document.rules, (rule) => rule.action);
    return { steps, actions: Object.fromEntries(Object.entries(actions).map(([a, rules]) => [a, rules?.length])) };
  },
};

/** The answer of the last statement. */
async function query(...statements: readonly string[]): Promise<unknown> {
  return (await answers(statements)).at(-1);
}

async function answers(statements: readonly string[]) {
  const { DuckDBInstance } = await import('@duckdb/node-api');
  const instance = await DuckDBInstance.create(':memory:', { memory_limit: '2GB' });
  const connection = await instance.connect();
  const out: unknown[][][] = [];
  for (const statement of statements) out.push((await connection.runAndReadAll(statement)).getRowsJson());
  connection.closeSync();
  instance.closeSync();
  return out;
}

const task = TASKS[name];
if (task === undefined) throw new Error(`no task ${name}`);
console.log(JSON.stringify(await task(args[0] ?? '', ...args.slice(1))));
