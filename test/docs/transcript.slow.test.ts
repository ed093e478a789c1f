import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { runnableBlocks, transcribe } from '../../docs/transcript.ts';

const DOCS = path.join(import.meta.dirname, '../../docs');

describe('the commands in the documentation', () => {
  it.each([['tutorial.md', 6]])('print what %s says they print (node docs/transcript.ts docs/…)', (name, blocks) => {
    const text = readFileSync(path.join(DOCS, name), 'utf8');
    expect(runnableBlocks(text)).toBe(blocks);
    expect(transcribe(text)).toBe(text);
  });
});
