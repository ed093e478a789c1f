import { randomBytes } from 'node:crypto';
import { availableParallelism } from 'node:os';
import type { ScanOptions } from '../ledger.ts';
import { removeRuns } from './manifest.ts';
import { bytesOf } from './memory.ts';
import { openPool, type Pool, type WrittenBatch } from './roll/pool.ts';

export interface RolledBatchesOptions extends Pick<ScanOptions, 'interfaces' | 'changes' | 'signal'> {
  /** The ledger's folder, where batches are written. */
  dir: string;
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

/**
 * The batches in order, each with what the strict reader made of it: data files under the prefix of a run of their own, which no
 * manifest names yet. It works ahead of the caller by as many batches as it has threads; what the caller never comes to is removed.
 */
export async function* rolledBatches<F extends BatchFile>(
  options: RolledBatchesOptions,
  batches: readonly (readonly F[])[],
): AsyncGenerator<[readonly F[], WrittenBatch | null]> {
  const threads = Math.max(1, Math.min(MOST_THREADS, availableParallelism(), batches.length));
  const limit = bytesOf(options.memoryLimit ?? '2GB');
  const mostRecords = Math.floor(limit / threads / RECORD_BYTES);
  const { interfaces, changes, dir } = options;
  const pool: Pool = openPool({ interfaces, changes, mostRecords }, dir, threads);
  const stopped = aborted(options.signal);
  stopped.catch(() => null);
  const ahead: { run: string; rolled: Promise<WrittenBatch | null> }[] = [];
  const roll = (run: string, files: readonly BatchFile[]) =>
    pool.roll(
      run,
      files.map(({ path }) => ({ path })),
    );
  const end = () => void pool.close();
  options.signal.addEventListener('abort', end);
  try {
    for (const [at, files] of batches.entries()) {
      options.signal.throwIfAborted();
      for (let next = at + ahead.length; next < Math.min(batches.length, at + threads + 1); next += 1) {
        const run = randomBytes(8).toString('hex');
        const rolled = options.reader === 'duckdb' ? Promise.resolve(null) : roll(run, batches[next]!);
        // Looked at when its turn comes.
        rolled.catch(() => null);
        ahead.push({ run, rolled });
      }
      const rolled = await Promise.race([ahead[0]!.rolled, stopped]);
      ahead.shift();
      yield [files, rolled];
    }
  } finally {
    options.signal.removeEventListener('abort', end);
    await pool.close();
    if (ahead.length > 0) await removeRuns(dir, new Set(ahead.map(({ run }) => run)));
  }
}

/** Rejects when the signal is aborted. */
function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}
