import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { generatedFiles, SHOP, writeShop } from '../../examples/generate.ts';

const folders: string[] = [];

afterAll(async () => {
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
});

describe('the bundled example', () => {
  it('is what examples/generate.ts makes, file by file', async () => {
    const fresh = await mkdtemp(path.join(tmpdir(), 'pare-shop-'));
    folders.push(fresh);
    await writeShop(fresh);
    const files = await generatedFiles(SHOP);
    expect(await generatedFiles(fresh)).toEqual(files);
    const differing: string[] = [];
    for (const file of files) {
      const [was, is] = await Promise.all([readFile(path.join(SHOP, file)), readFile(path.join(fresh, file))]);
      // zlib may compress differently from one platform to the next; what is in it may not differ.
      const open = (bytes: Buffer): Buffer => (file.endsWith('.gz') ? gunzipSync(bytes) : bytes);
      if (!open(is).equals(open(was))) differing.push(file);
    }
    expect(differing).toEqual([]);
  });
});
