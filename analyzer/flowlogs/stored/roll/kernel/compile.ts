import { execFile } from 'node:child_process';
import { hash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/**
 * The kernel is AssemblyScript, which looks like TypeScript and is none: its files end in `.as`, so that no tool takes them for it. The compiler
 * is fetched when asked for (`npm run kernel`); who uses the kernel needs only kernel.wasm, and kernel.json says from what it was made.
 */
const COMPILER = 'assemblyscript@0.28.20';
const FLAGS = [
  ...['--runtime', 'minimal', '--noAssert', '--use', 'abort=', '-O3', '--enable', 'simd', '--enable', 'bulk-memory'],
  // Sizes of addresses and of numbers are the same in 32 bits.
  ...['--disableWarning', '201'],
];
const FOLDER = fileURLToPath(new URL('.', import.meta.url));

/** What kernel.wasm was made from, and what came of it: SHA-256. */
export interface KernelRecord {
  compiler: string;
  flags: readonly string[];
  source: string;
  wasm: string;
}

/** The record as the files here would have it. */
export async function kernelRecord(wasm: Uint8Array): Promise<KernelRecord> {
  const texts = await Promise.all(
    (await sources()).map(async (name) => [name, await readFile(join(FOLDER, name), 'utf8')]),
  );
  return {
    compiler: COMPILER,
    flags: FLAGS,
    source: hash('sha256', JSON.stringify(texts)),
    wasm: hash('sha256', wasm),
  };
}

/** Compiles the sources in a folder of its own. The same sources give the same bytes. */
export async function compile(): Promise<Uint8Array> {
  const temp = await mkdtemp(join(tmpdir(), 'pare-kernel-'));
  try {
    for (const name of await sources())
      await writeFile(join(temp, `${basename(name, '.as')}.ts`), await readFile(join(FOLDER, name)));
    const args = ['--yes', '-p', COMPILER, 'asc', 'index.ts', ...FLAGS, '-o', 'kernel.wasm'];
    await promisify(execFile)('npx', args, { cwd: temp });
    return await readFile(join(temp, 'kernel.wasm'));
  } finally {
    await rm(temp, { recursive: true, force: true });
  }
}

async function sources(): Promise<string[]> {
  return (await readdir(FOLDER)).filter((name) => name.endsWith('.as')).sort();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const wasm = await compile();
  await writeFile(join(FOLDER, 'kernel.wasm'), wasm);
  await writeFile(join(FOLDER, 'kernel.json'), `${JSON.stringify(await kernelRecord(wasm), null, 2)}\n`);
}
