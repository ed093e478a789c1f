import { Worker } from 'node:worker_threads';
import type { Rolled, RollInput, RollSettings } from './batch.ts';
import { compileKernel } from './kernel.ts';

/** Rolls batches in threads of their own, each batch whole in one of them: batches do not know of each other. */
export interface Pool {
  /** Null where the batch is not for the strict reader. */
  roll(inputs: readonly RollInput[]): Promise<Rolled | null>;
  close(): Promise<void>;
}

interface Waiting {
  inputs: readonly RollInput[];
  resolve(rolled: Rolled | null): void;
}

/** Threads start with their first batch. */
export function openPool(settings: RollSettings, threads: number): Pool {
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
    const worker = new Worker(new URL('./worker.mjs', import.meta.url), { workerData: { settings, module } });
    all.push(worker);
    return worker;
  };
  const run = (worker: Worker, { inputs, resolve }: Waiting) => {
    const done = (rolled: Rolled | null) => {
      worker.off('error', failed);
      idle.push(worker);
      resolve(rolled);
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
    worker.postMessage(inputs, []);
  };
  return {
    roll: (inputs) =>
      new Promise((resolve) => {
        if (module === null) {
          resolve(null);
          return;
        }
        queue.push({ inputs, resolve });
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
