import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import type { FindingsDocument } from '@pare/analyzer/model/finding.ts';
import { dayOf, RESULT_TABLES, tableLines } from '@pare/analyzer/report/tables.ts';
import { writeAllAtomic } from '../atomic.ts';

/**
 * Writes the result tables below a folder, as TABLE/day=…/TABLE.json.gz; returns the paths within it, in the order in which a copy of them must
 * be made: who reads `runs` finds the rest. Files appear whole, in that order too. Throws PareError where one cannot be written; those of an
 * earlier run are then as they were.
 */
export async function writeTables(document: FindingsDocument, folder: string, signal: AbortSignal): Promise<string[]> {
  const files: { path: string; data: Buffer }[] = [];
  for (const table of RESULT_TABLES) {
    const chunks: Buffer[] = [];
    const collect = async (source: AsyncIterable<Buffer>) => {
      for await (const chunk of source) chunks.push(chunk);
    };
    await pipeline(Readable.from(tableLines(table, document)), createGzip(), collect, { signal });
    files.push({ path: `${table}/day=${dayOf(document)}/${table}.json.gz`, data: Buffer.concat(chunks) });
  }
  await writeAllAtomic(files.map(({ path, data }) => ({ path: join(folder, path), data })));
  return files.map(({ path }) => path);
}
