import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { Finding, FindingsDocument } from '../../analyzer/model/finding.ts';
import { RESULT_TABLES, tableLines } from '../../analyzer/report/tables.ts';
import { writeTables } from '../../bot/cli/work/tables.ts';
import { RESULT_NAMES, resultColumns, resultTable } from '../../infra/tables.ts';
import { VIEWS, viewText } from '../../infra/views.ts';

function finding(id: string, action: Finding['action'], perDay: Finding['usage']['perDay']): Finding {
  return {
    ...{ findingId: `f-${id}`, ruleId: `sgr-${id}`, groupId: 'sg-1', groupName: 'shop', accountId: '111122223333' },
    ...{ region: 'eu-west-1', direction: 'ingress', protocol: 'tcp', fromPort: 443, toPort: 443 },
    ...{
      peer: { cidrIpv4: '10.0.0.0/8' },
      description: 'from\n"all" \u2028',
      action,
      reason: 'unused',
      detail: 'Why.',
    },
    ...{ confidence: 0.5, replacements: [] },
    usage: {
      ...{
        flows: perDay.reduce((sum, { flows }) => sum + flows, 0),
        bytes: 9,
        packets: 3,
        firstSeen: null,
        lastSeen: null,
      },
      ...{
        onlyPermitterFlows: 1,
        uncertainFlows: 0,
        daysSeen: perDay.length,
        topPeers: [],
        topPorts: [],
        evidence: {},
        perDay,
      },
    },
    coverage: { observedInterfaceHours: 1.5, expectedInterfaceHours: 2, skippedRecords: 0, interfaces: [] },
  };
}

const DOCUMENT = {
  window: { from: '2026-08-23T00:00:00Z', to: '2026-11-21T06:00:00Z' },
  rules: [
    finding('b', 'keep', [
      { day: '2026-11-19', flows: 3 },
      { day: '2026-11-20', flows: 4 },
    ]),
    finding('a', 'remove', []),
  ],
  replay: { connections: 7, blocked: 0 },
  flowLogs: { records: 12 },
} as unknown as FindingsDocument;

const rowsOf = (table: (typeof RESULT_TABLES)[number]) =>
  [...tableLines(table, DOCUMENT)].map((line) => JSON.parse(line) as Record<string, unknown>);

describe('the result tables', () => {
  it.each(RESULT_TABLES)('%s: what is written has the columns of the catalog, in its types', (table) => {
    const columns = resultColumns(table);
    const rows = rowsOf(table);
    expect(rows.length).toBeGreaterThan(0);
    for (const row of rows) {
      expect(Object.keys(row)).toEqual(columns.map(({ name }) => name));
      for (const { name, type } of columns) {
        const value = row[name];
        if (value === null) continue;
        expect([name, typeof value]).toEqual([name, type === 'string' ? 'string' : 'number']);
        if (type === 'bigint') expect(Number.isInteger(value)).toBe(true);
      }
    }
  });

  it('are those of the catalog, and the one that says which runs are whole is written last', () => {
    expect([...RESULT_TABLES].sort()).toEqual(RESULT_NAMES);
    expect(RESULT_TABLES.at(-1)).toBe('runs');
  });

  it('have a row for each rule, each day of use, each run', () => {
    expect(RESULT_TABLES.map((table) => rowsOf(table).length)).toEqual([2, 2, 2, 1]);
    expect(rowsOf('rule_usage')).toEqual([
      { rule_id: 'sgr-b', finding_id: 'f-b', used_on: '2026-11-19', flows: 3 },
      { rule_id: 'sgr-b', finding_id: 'f-b', used_on: '2026-11-20', flows: 4 },
    ]);
    expect(rowsOf('runs')[0]).toMatchObject({ rules: 2, removals: 1, narrowings: 0, reviews: 0, connections: 7 });
  });

  it('are one line a row, whatever the texts hold', () => {
    for (const line of tableLines('rules', DOCUMENT)) expect(line.trimEnd().split('\n')).toHaveLength(1);
  });

  it('law 7: are the same bytes at the same places when they are written again', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'pare-tables-'));
    try {
      const written = async (name: string) => {
        const paths = await writeTables(DOCUMENT, join(dir, name), new AbortController().signal);
        return Promise.all(paths.map(async (path) => [path, (await readFile(join(dir, name, path))).toString('hex')]));
      };
      const first = await written('a');
      expect(await written('b')).toEqual(first);
      expect(first.map(([path]) => path)).toEqual(
        RESULT_TABLES.map((table) => `${table}/day=2026-11-21/${table}.json.gz`),
      );
      const lines = gunzipSync(await readFile(join(dir, 'a', first[3]![0]!))).toString();
      expect(lines).toBe([...tableLines('runs', DOCUMENT)].join(''));
    } finally {
      await rm(dir, { recursive: true, force: true });
    }
  });

  it.each(RESULT_NAMES)('%s lies where the analysis writes, with a typed partition that its template uses', (table) => {
    const { storageDescriptor, parameters, partitionKeys } = resultTable(table, 'acme-data');
    expect(storageDescriptor.location).toBe(`s3://acme-data/tables/${table}/`);
    expect(parameters['storage.location.template']).toBe(`s3://acme-data/tables/${table}/day=\${day}/`);
    expect(partitionKeys).toEqual([{ name: 'day', type: 'string' }]);
    expect(parameters['projection.day.type']).toBe('date');
  });
});

describe('the views', () => {
  it.each(VIEWS)('$name: the catalog keeps its text as Athena writes it', (view) => {
    const text = viewText(view, 'pare');
    const json = JSON.parse(Buffer.from(/^\/\* Presto View: (\S+) \*\/$/.exec(text)![1]!, 'base64').toString());
    expect(json).toMatchObject({ originalSql: view.sql, catalog: 'awsdatacatalog', schema: 'pare' });
    expect(json.columns.map(({ name }: { name: string }) => name)).toEqual(view.columns.map(({ name }) => name));
    for (const { type } of json.columns) expect(['varchar', 'bigint', 'double']).toContain(type);
  });
});
