import { tmpdir } from 'node:os';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { codedLedger, endOfRun } from '../../analyzer/flowlogs/duckdb/coded.ts';
import { Engine } from '../../analyzer/flowlogs/duckdb/engine.ts';
import { EVIDENCE_CLASSES } from '../../analyzer/flowlogs/ledger.ts';
import { coverageRows, ledgerRows, type SqlEngine } from '../../analyzer/flowlogs/pipeline.ts';

const DAY = 86_400;
const FROM = 20_000 * DAY;
const WINDOW = { from: FROM, to: FROM + 9 * DAY };
/** Spellings on both sides of the twelve bytes that DuckDB keeps within a row, of one prefix, and one that is not ASCII. */
const TEXTS = ['10.0.0.1', '10.0.0.12', '192.168.100.100', '192.168.100.101', '2001:db8::1', "o'b", 'é'] as const;

let engine: Engine;
beforeAll(async () => {
  engine = await Engine.open(tmpdir(), '512MB', new AbortController().signal);
});
afterAll(() => engine.close());

/** The same engine without its faster ways. */
function plain(): SqlEngine {
  return {
    table: (name, sql) => engine.table(name, sql),
    view: (name, sql) => engine.view(name, sql),
    fill: (name, types, rows) => engine.fill(name, types, rows),
    rows: (sql) => engine.rows(sql),
    stream: (sql) => engine.stream(sql),
    drop: (name) => engine.drop(name),
  };
}

async function all<T>(batches: AsyncIterable<readonly T[]>): Promise<T[]> {
  const out: T[] = [];
  for await (const batch of batches) out.push(...batch);
  return out;
}

const text = fc.constantFrom(...TEXTS);
const port = fc.option(fc.constantFrom(0, 22, 443, 65_535));
const record = fc.record({
  interface_id: fc.constantFrom('eni-0a', 'eni-0fffd5004c737106f', 'eni-0fffd5004c737106e'),
  protocol: fc.constantFrom(0, 1, 6, 17, 255),
  local_address: text,
  local_packet: fc.constantFrom('', ...TEXTS),
  peer_address: text,
  peer_packet: fc.constantFrom('', ...TEXTS),
  local_port: port,
  peer_port: port,
  opened: fc.constantFrom('inbound', 'outbound', 'unknown'),
  evidence: fc.constantFrom(...EVIDENCE_CLASSES),
  action: fc.constantFrom('ACCEPT', 'REJECT'),
  start: fc.integer({ min: FROM, max: FROM + 9 * DAY }),
  packets: fc.constantFrom(0, 1, 2 ** 33 + 1),
  bytes: fc.constantFrom(0, 40, 2 ** 50 + 1),
});

type Made = typeof record extends fc.Arbitrary<infer T> ? T : never;

async function load(records: readonly Made[]): Promise<void> {
  for (const kind of ['VIEW IF EXISTS coded', 'TABLE IF EXISTS opened', 'TABLE IF EXISTS change'])
    await engine.run(`DROP ${kind}`);
  await engine.run('DROP VIEW IF EXISTS ends');
  const texts = ['interface_id', 'local_address', 'local_packet', 'peer_address', 'peer_packet'];
  const said = ['opened', 'evidence', 'action'];
  const numbers = ['protocol', 'local_port', 'peer_port', '"start"', '"end"', 'packets', 'bytes', 'records'];
  const types: Record<string, 'BIGINT' | 'VARCHAR'> = {};
  for (const name of [...texts, ...said]) types[name] = 'VARCHAR';
  for (const name of numbers) types[name] = 'BIGINT';
  const rows = records.map((r) => [
    ...[r.interface_id, r.local_address, r.local_packet, r.peer_address, r.peer_packet, r.opened, r.evidence, r.action],
    ...[r.protocol, r.local_port, r.peer_port, r.start, r.start + 60, r.packets, r.bytes, 1],
  ]);
  await engine.fill('opened', types, rows);
  await engine.view('ends', 'SELECT * FROM opened');
  const changed = [['eni-0a', FROM + DAY] as const, ['eni-that-has-no-record', FROM] as const];
  await engine.fill('change', { interface_id: 'VARCHAR', day: 'BIGINT' }, changed);
}

describe('rows read as numbers', () => {
  it('are the rows that are read as text, in the same order', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(record, { maxLength: 60 }), fc.boolean(), async (records, whole) => {
        await load(records);
        const options = whole ? {} : { refusedDays: 3 };
        const rows = await all(ledgerRows(engine, WINDOW, options));
        expect(rows).toEqual(await all(ledgerRows(plain(), WINDOW, options)));
        expect(rows.length > 0 || records.every(({ action }) => action === 'REJECT')).toBe(true);
      }),
      { numRuns: 40 },
    );
  });

  it('are left to the slower way where there are more names than may be held', async () => {
    await load(fc.sample(record, { numRuns: 200, seed: 7 }));
    expect(await codedLedger(engine, null, 4)).toBeNull();
    expect(await codedLedger(engine, null, 100)).not.toBeNull();
  });

  it('are the same coverage rows, also where an interface ends with a chunk', async () => {
    const sql = `SELECT 'eni-0fffd5004c73710' || lpad(CAST(i AS VARCHAR), 2, '0') AS interface_id, h * 3600 AS hour, h % 3601 AS seconds,
      CASE WHEN h = 5 THEN 4294967296 + h ELSE h END AS records, -h AS skip_data
      FROM range(0, 7) a(i), range(0, 1024) b(h) ORDER BY interface_id, hour`;
    const rows = await all(coverageRows(engine, sql));
    expect(rows).toEqual(await all(coverageRows(plain(), sql)));
    expect(rows).toHaveLength(7 * 1024);
  });

  it('find the end of every run', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 70 }), { minLength: 1, maxLength: 8 }), (lengths) => {
        const ids = lengths.flatMap((length, id) => new Array<number>(length).fill(id));
        let at = 0;
        const found: number[] = [];
        while (at < ids.length) {
          const from = at;
          at = endOfRun(from, ids.length, (i) => ids[i] === ids[from]);
          found.push(at - from);
        }
        expect(found).toEqual(lengths);
      }),
    );
  });
});
