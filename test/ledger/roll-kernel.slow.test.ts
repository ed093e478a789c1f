import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { compile } from '../../analyzer/flowlogs/stored/roll/kernel/compile.ts';

it('the sources of the kernel compile to the bytes that are there', async () => {
  const kept = await readFile(new URL('../../analyzer/flowlogs/stored/roll/kernel/kernel.wasm', import.meta.url));
  expect(Buffer.from(await compile()).equals(kept)).toBe(true);
}, 120_000);
