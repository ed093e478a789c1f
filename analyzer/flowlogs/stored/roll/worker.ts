import { parentPort, workerData } from 'node:worker_threads';
import { Roller, type RollInput, type RollSettings } from './batch.ts';

// One thread of pool.ts: a batch's files in, what became of them out. An error ends the worker, and pool.ts says so.
const { settings, module } = workerData as { settings: RollSettings; module: WebAssembly.Module };
const roller = new Roller(settings, module);
parentPort?.on('message', (inputs: readonly RollInput[]) => {
  const rolled = roller.roll(inputs);
  const moved = rolled === null ? [] : rolled.files.map(({ content }) => content.buffer as ArrayBuffer);
  parentPort?.postMessage(rolled, [...new Set(moved)]);
});
