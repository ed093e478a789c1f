import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { kernelRecord } from '../../analyzer/flowlogs/stored/roll/kernel/compile.ts';

const KERNEL = new URL('../../analyzer/flowlogs/stored/roll/kernel/', import.meta.url);

it('the compiled kernel is that of its sources: npm run kernel after a change', async () => {
  const wasm = await readFile(new URL('kernel.wasm', KERNEL));
  expect(await kernelRecord(wasm)).toEqual(JSON.parse(await readFile(new URL('kernel.json', KERNEL), 'utf8')));
});
