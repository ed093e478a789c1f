import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Engine } from '../../analyzer/flowlogs/duckdb/engine.ts';
import { ingestFlowLogs } from '../../analyzer/flowlogs/index.ts';
import { literal } from '../../analyzer/flowlogs/sql/text.ts';
import type { AsciiTexts } from '../../analyzer/flowlogs/stored/columns/texts.ts';
import { readManifest } from '../../analyzer/flowlogs/stored/manifest.ts';
import { IntRows } from '../../analyzer/flowlogs/stored/rows/int-rows.ts';
import { Names } from '../../analyzer/flowlogs/stored/rows/names.ts';
import { options, V5, withFiles } from '../flowlogs/harness.ts';
import { DAY, INTERFACES } from '../flowlogs/openers.ts';
import { readBy, readersAgree } from './readers.ts';

describe('law 9: the ledger read by columns says what DuckDB says of it', () => {
  it('row by row, of any records', async () => {
    // A seed that reaches most classes in few runs; rows.slow.test.ts has many.
    const met = [...(await readersAgree(7, 4)).keys()];
    for (const evidence of ['syn', 'conversation', 'none']) expect(met).toContain(evidence);
  }, 300_000);
});

describe('a ledger with more addresses than can be held, or a file that another program has written anew', () => {
  it('is read by DuckDB, and says the same', async () => {
    const call = (from: string, to: string, flags: number, at: number) =>
      `5 1 eni-0a ${from.replace(':', ' ').split(' ')[0]} ${to.split(':')[0]} ${from.split(':')[1]} ${to.split(':')[1]} 6 3 120 ${DAY + at} ${DAY + at + 50} ACCEPT OK ${flags} - - -`;
    const lines = [call('192.0.2.7:40000', '10.0.0.1:443', 2, 0), call('10.0.0.1:443', '192.0.2.7:40000', 18, 0)];
    await withFiles({ 'a.log': [V5, ...lines, ''].join('\n') }, async (logs, temp) => {
      const dir = join(temp, 'ledger');
      const { window: _, ...rest } = options({ interfaces: INTERFACES });
      await ingestFlowLogs({ ...rest, paths: [logs], dir, tempDir: temp, now: 0 });
      const some = { interfaces: INTERFACES, window: { from: DAY, to: DAY + 86_400 } };
      const before = await readBy('columns-first', dir, temp, some);
      const crowded = await readBy('columns-first', dir, temp, some, { addresses: 1, rows: 1000 });
      expect(crowded).toEqual({ ...before, byColumns: false });
      const [flow] = (await readManifest(dir)).segments.flatMap(({ data }) => data).filter((f) => f.table === 'flow');
      const file = join(dir, flow!.path);
      const engine = await Engine.open(temp, '200MB', new AbortController().signal);
      await engine.run(`COPY (FROM read_parquet(${literal(file)}, hive_partitioning = false)) TO ${literal(`${file}.new`)}
        (FORMAT parquet, PARQUET_VERSION v2, COMPRESSION lz4_raw)`);
      await engine.close();
      await rename(`${file}.new`, file);
      const after = await readBy('columns-first', dir, temp, some);
      expect([before.byColumns, after.byColumns]).toEqual([true, false]);
      expect(after.said).toEqual(before.said);
      expect(after.said.ledger).toHaveLength(1);
    });
  });
});

describe('rows of numbers', () => {
  it('are found again by their content, in the order of first sight', () => {
    const row = fc.tuple(fc.constantFrom(-1, 0, 1, 2 ** 31 - 1), fc.integer({ min: -1, max: 3 }));
    fc.assert(
      fc.property(fc.array(row, { maxLength: 60, size: 'max' }), fc.boolean(), (rows, again) => {
        const seen = new IntRows(2);
        for (let round = 0; round < (again ? 2 : 1); round += 1) {
          seen.clear();
          const order = new Map<string, number>();
          for (const key of rows) {
            seen.key.set(key);
            expect(seen.has()).toBe(order.has(String(key)));
            if (!order.has(String(key))) order.set(String(key), order.size);
            expect(seen.index()).toBe(order.get(String(key)));
          }
          expect(seen.size).toBe(order.size);
          expect([...order].map(([, at]) => `${seen.at(at, 0)},${seen.at(at, 1)}`)).toEqual([...order.keys()]);
        }
      }),
    );
  });

  it('are as many as there is need for', () => {
    const seen = new IntRows(3);
    for (let i = 0; i < 20_000; i += 1) {
      seen.key.set([i % 7, i, -i]);
      expect(seen.index()).toBe(i);
    }
    seen.key.set([3, 10, -10]);
    expect(seen.index()).toBe(10);
  });
});

describe('texts by number', () => {
  const text = fc.oneof(
    fc.constantFrom('', '10.0.0.1', '10.0.0.11', '10.0.0.12', '2001:db8::1', 'é', '日本', '-'),
    fc.string({ unit: 'binary', maxLength: 6 }).map((some) => some.toWellFormed()),
  );

  it('are those of the order of first sight, whether they come as texts or as bytes', () => {
    fc.assert(
      fc.property(fc.array(fc.array(text, { maxLength: 40, size: 'max' }), { maxLength: 5 }), (dictionaries) => {
        const names = new Names();
        const order = new Map<string, number>();
        for (const texts of dictionaries) {
          for (const one of texts) if (!order.has(one)) order.set(one, order.size);
          const ids = names.ids(texts, bytesOf(texts));
          expect([...ids]).toEqual(texts.map((one) => order.get(one)));
        }
        expect(names.texts).toEqual([...order.keys()]);
        for (const [one, id] of order) expect(names.id(one)).toBe(id);
      }),
    );
  });

  it('are as many as there is need for', () => {
    const names = new Names();
    const texts = Array.from({ length: 30_000 }, (_, i) => `10.${i % 7}.${i >> 8}.${i & 255}`);
    names.ids(texts, bytesOf(texts));
    expect(names.texts).toEqual(texts);
    expect(names.ids(texts, null)[20_000]).toBe(20_000);
  });
});

/** As a dictionary page has them. */
function bytesOf(texts: readonly string[]): AsciiTexts | null {
  if (texts.some((one) => Buffer.from(one).some((byte) => byte >= 128))) return null;
  const ends = new Int32Array(texts.length);
  let at = 0;
  for (const [i, one] of texts.entries()) {
    at += 4 + one.length;
    ends[i] = at;
  }
  return { bytes: Buffer.concat(texts.map((one) => Buffer.from(`\0\0\0\0${one}`))), from: 4, ends };
}
