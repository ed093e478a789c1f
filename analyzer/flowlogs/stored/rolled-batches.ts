import { availableParallelism } from 'node:os';
import { PareError } from '../../model/problem.ts';
import type { ScanOptions } from '../ledger.ts';
import type { Rolled, RollInput } from './roll/batch.ts';
import { openPool, type Pool } from './roll/pool.ts';
import { forget, Speller } from './roll/spell.ts';

export interface RolledBatchesOptions extends Pick<ScanOptions, 'interfaces' | 'changes' | 'signal'> {
  tempDir: string;
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
  const memoryLimit = options.memoryLimit ?? '2GB';
  const limit = bytesOf(memoryLimit);
  const mostRecords = Math.floor(limit / threads / RECORD_BYTES);
  const { interfaces, changes } = options;
  const pool: Pool = openPool({ interfaces, changes, mostRecords }, threads);
  const speller = new Speller(options.tempDir, memoryLimit, options.signal);
  const stopped = aborted(options.signal);
  stopped.catch(() => null);
  const ahead: Promise<Rolled | null>[] = [];
  // One after the other: the speller has one engine, whose threads are the machine's.
  let spelling: Promise<unknown> = Promise.resolve();
  const roll = async (files: readonly BatchFile[]): Promise<Rolled | null> => {
    const spelled = spelling.then(() => inputsOf(files, speller));
    spelling = spelled.catch(() => null);
    const inputs = await spelled;
    if (inputs === null) return null;
    const rolled = await pool.roll(inputs);
    await forget(inputs);
    return rolled;
  };
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
    await spelling.catch(() => null);
    await speller.close();
  }
}

async function inputsOf(files: readonly BatchFile[], speller: Speller): Promise<RollInput[] | null> {
  const inputs: RollInput[] = [];
  for (const { path, bytes } of files) {
    const input = path.endsWith('.parquet') ? await spelled(speller, path, bytes) : { path };
    if (input === null) return null;
    inputs.push(input);
  }
  return inputs;
}

/** Null too where DuckDB cannot go on, with a damaged page for one: its own reader then tells which file it is, and what may be left out. */
async function spelled(speller: Speller, path: string, bytes: number): Promise<RollInput | null> {
  try {
    return await speller.spell(path, bytes);
  } catch (cause) {
    if (cause instanceof PareError) return null;
    throw cause;
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
