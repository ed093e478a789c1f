import { Worker } from 'node:worker_threads';
import type { Rolled, RollInput, RollSettings } from './batch.ts';
import type { RolledFile } from './files.ts';
import { compileKernel } from './kernel.ts';

/** A batch that is written: its run, and its data files, relative to the ledger, with what the manifest tells of them. */
export interface WrittenBatch extends Rolled {
  run: string;
  data: ({ table: RolledFile['table']; day: number; path: string } & Partial<NonNullable<RolledFile['said']>>)[];
}

/** What a thread is told once. */
export interface RollTask {
  settings: RollSettings;
  /** The ledger's folder. */
  dir: string;
  module: WebAssembly.Module;
}

/** What a thread is told of each batch. */
export interface RollOrder {
  run: string;
  inputs: readonly RollInput[];
}

/** What it answers; `failed`: the ledger cannot be written. */
export type RollAnswer =
  | { rolled: WrittenBatch | null }
  | { failed: Pick<NodeJS.ErrnoException, 'message' | 'code' | 'syscall' | 'path'> };

/** Rolls batches in threads of their own, each batch whole in one of them: batches do not know of each other. */
export interface Pool {
  /** Null where the batch is not for the strict reader. Rejects where the ledger cannot be written. */
  roll(run: string, inputs: readonly RollInput[]): Promise<WrittenBatch | null>;
  close(): Promise<void>;
}

interface Waiting {
  order: RollOrder;
  resolve(rolled: WrittenBatch | null): void;
  reject(cause: Error): void;
}

/** Threads start with their first batch, and write to the ledger in `dir`. */
export function openPool(settings: RollSettings, dir: string, threads: number): Pool {
  const module = kernelOf();
  const idle: Worker[] = [];
  const all: Worker[] = [];
  const queue: Waiting[] = [];
  const start = () => {
    while (queue.length > 0) {
      const worker = idle.pop() ?? (all.length < threads ? begin() : undefined);
      if (worker === undefined) return;
      run(worker, queue.shift()!);
    }
  };
  const begin = () => {
    const workerData = { settings, dir, module };
    const worker = new Worker(new URL('./worker.mjs', import.meta.url), { workerData });
    all.push(worker);
    return worker;
  };
  const run = (worker: Worker, { order, resolve, reject }: Waiting) => {
    const done = (answer: RollAnswer) => {
      worker.off('error', failed);
      idle.push(worker);
      if ('failed' in answer) reject(Object.assign(new Error(answer.failed.message), answer.failed));
      else resolve(answer.rolled);
      start();
    };
    // A thread that has died (no memory, a bug) is none of the batch's business: DuckDB reads it.
    const failed = () => {
      worker.off('message', done);
      all.splice(all.indexOf(worker), 1);
      resolve(null);
      start();
    };
    worker.once('message', done);
    worker.once('error', failed);
    worker.postMessage(order, []);
  };
  return {
    roll: (run, inputs) =>
      new Promise((resolve, reject) => {
        if (module === null) {
          resolve(null);
          return;
        }
        queue.push({ order: { run, inputs }, resolve, reject });
        start();
      }),
    async close() {
      queue.length = 0;
      await Promise.all(all.map((worker) => worker.terminate()));
    },
  };
}

/** Null where the code was bundled without the kernel's file: everything is DuckDB's then. */
function kernelOf(): WebAssembly.Module | null {
  try {
    return compileKernel();
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw cause;
  }
}
