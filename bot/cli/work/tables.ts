import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import type { FindingsDocument } from '@pare/analyzer/model/finding.ts';
import { dayOf, RESULT_TABLES, tableLines } from '@pare/analyzer/report/tables.ts';

/**
 * Writes the result tables below a folder, as TABLE/day=…/TABLE.json.gz; returns the paths within it, in the order in which a copy of them must
 * be made: who reads `runs` finds the rest.
 */
export async function writeTables(document: FindingsDocument, folder: string, signal: AbortSignal): Promise<string[]> {
  const paths: string[] = [];
  for (const table of RESULT_TABLES) {
    const path = `${table}/day=${dayOf(document)}/${table}.json.gz`;
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await pipeline(Readable.from(tableLines(table, document)), createGzip(), createWriteStream(join(folder, path)), {
      signal,
    });
    paths.push(path);
  }
  return paths;
}
