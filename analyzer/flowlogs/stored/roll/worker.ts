import { parentPort, workerData } from 'node:worker_threads';
import { Roller } from './batch.ts';
import type { RollAnswer, RollOrder, RollTask } from './pool.ts';
import { writeBatch } from './write.ts';

// One thread of pool.ts: a batch's files in, what became of them out. An error ends the worker, and pool.ts says so.
const { settings, dir, module } = workerData as RollTask;
const roller = new Roller(settings, module);
parentPort?.on('message', ({ run, inputs }: RollOrder) => {
  const answer: RollAnswer = writeBatch(roller, dir, run, inputs);
  parentPort?.postMessage(answer, []);
});
