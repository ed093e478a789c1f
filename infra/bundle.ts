import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');

/** Packages with files of their own beside their code (native modules, WebAssembly, grammars): copied, not bundled. */
const WHOLE = [
  '@duckdb/node-api',
  '@tree-sitter-grammars/tree-sitter-hcl',
  'web-tree-sitter',
  '@cdktn/hcl2json',
  'hcl2-parser',
  'probot',
];

/** The strict reader of flow logs, which asks for two files beside its code. */
const ROLL = 'analyzer/flowlogs/stored/roll';

/**
 * Writes the folder that becomes the functions' code: functions.mjs (Lambda) and task.mjs (Fargate), and the packages that cannot be
 * bundled. The native module of DuckDB is that of the machine this runs on: bundle on the architecture that is deployed.
 */
export async function bundle(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const build = await rolldown({
    input: {
      functions: join(root, 'bot/lambda/functions.ts'),
      task: join(root, 'bot/lambda/task.ts'),
      // The thread that pool.ts starts, beside the chunk that starts it.
      'chunks/worker': join(root, ROLL, 'worker.ts'),
    },
    platform: 'node',
    // The builds of some packages for CommonJS ask for their parts by names that only exist when they run.
    resolve: { mainFields: ['module', 'main'] },
    external: (id) => WHOLE.some((name) => id === name || id.startsWith(`${name}/`)),
    logLevel: 'warn',
  });
  await build.write({
    dir: folder,
    format: 'esm',
    sourcemap: false,
    entryFileNames: '[name].mjs',
    chunkFileNames: 'chunks/[name]-[hash].mjs',
  });
  await build.close();
  await cp(join(root, ROLL, 'kernel/kernel.wasm'), join(folder, 'chunks/kernel/kernel.wasm'));
  const copied = new Set<string>();
  for (const name of WHOLE) await copyPackage(name, root, folder, copied);
  await writeFile(join(folder, 'package.json'), `${JSON.stringify({ type: 'module', private: true })}\n`);
}

/** A package and all it depends on, each once; optional ones only where they are installed. */
async function copyPackage(name: string, from: string, folder: string, copied: Set<string>): Promise<void> {
  const source = await packageFolder(name, from);
  if (source === null || copied.has(name)) return;
  copied.add(name);
  await cp(source, join(folder, 'node_modules', name), { recursive: true, dereference: true });
  const { dependencies = {}, optionalDependencies = {} } = JSON.parse(
    await readFile(join(source, 'package.json'), 'utf8'),
  ) as { dependencies?: Record<string, string>; optionalDependencies?: Record<string, string> };
  for (const next of Object.keys({ ...dependencies, ...optionalDependencies }).sort())
    await copyPackage(next, source, folder, copied);
}

async function packageFolder(name: string, from: string): Promise<string | null> {
  const require = createRequire(join(from, 'package.json'));
  for (const base of require.resolve.paths(name) ?? []) {
    const folder = join(base, name);
    const found = await readFile(join(folder, 'package.json'), 'utf8').catch(() => null);
    if (found !== null) return folder;
  }
  return null;
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  await bundle(resolve(process.argv[2] ?? join(root, 'infra/dist')));
