import { availableParallelism } from 'node:os';
import type { ScanOptions } from '../ledger.ts';
import type { Rolled } from './roll/batch.ts';
import { openPool, type Pool } from './roll/pool.ts';

export interface RolledBatchesOptions extends Pick<ScanOptions, 'interfaces' | 'changes' | 'signal'> {
  memoryLimit?: string;
  reader?: 'strict-first' | 'duckdb';
}

interface BatchFile {
  path: string;
  bytes: number;
}

const MOST_THREADS = 8;
/** What a record and its conversation take at most while a batch is rolled. */
const RECORD_BYTES = 300;

/** The batches in order, each with what the strict reader made of it; it works ahead of the caller by as many batches as it has threads. */
export async function* rolledBatches<F extends BatchFile>(
  options: RolledBatchesOptions,
  batches: readonly (readonly F[])[],
): AsyncGenerator<[readonly F[], Rolled | null]> {
  const threads = Math.max(1, Math.min(MOST_THREADS, availableParallelism(), batches.length));
  const limit = bytesOf(options.memoryLimit ?? '2GB');
  const mostRecords = Math.floor(limit / threads / RECORD_BYTES);
  const { interfaces, changes } = options;
  const pool: Pool = openPool({ interfaces, changes, mostRecords }, threads);
  const stopped = aborted(options.signal);
  stopped.catch(() => null);
  const ahead: Promise<Rolled | null>[] = [];
  const roll = (files: readonly BatchFile[]) => pool.roll(files.map(({ path }) => ({ path })));
  const end = () => void pool.close();
  options.signal.addEventListener('abort', end);
  try {
    for (const [at, files] of batches.entries()) {
      options.signal.throwIfAborted();
      for (let next = at + ahead.length; next < Math.min(batches.length, at + threads + 1); next += 1) {
        ahead.push(options.reader === 'duckdb' ? Promise.resolve(null) : roll(batches[next]!));
        // Looked at when its turn comes.
        ahead.at(-1)?.catch(() => null);
      }
      const rolled = await Promise.race([ahead.shift()!, stopped]);
      yield [files, rolled];
    }
  } finally {
    options.signal.removeEventListener('abort', end);
    await pool.close();
  }
}

/** Rejects when the signal is aborted. */
function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}

/** `2GB`, `512 MiB`: DuckDB's units; 2 GB for what it alone understands (`80%`). */
function bytesOf(limit: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*([kmgt])(i?)b?$/i.exec(limit.trim());
  if (match === null) return 2e9;
  return Number(match[1]) * (match[3] === '' ? 1000 : 1024) ** ('kmgt'.indexOf(match[2]!.toLowerCase()) + 1);
}
