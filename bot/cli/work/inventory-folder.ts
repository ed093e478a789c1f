import { readdir, readFile } from 'node:fs/promises';
import { join, relative, resolve, sep } from 'node:path';
import { PareError } from '@pare/analyzer/model/problem.ts';
import { fileProblem, isSystemError, writeAtomic } from '../atomic.ts';

/** Names what `pare inventory` wrote, so that nothing else is ever taken away with an earlier inventory. */
const MANIFEST = 'pare-inventory.json';

export async function writeManifest(dir: string, takenAt: Date): Promise<void> {
  const files = await filesBelow(dir);
  const document = { schemaVersion: 1, takenAt: takenAt.toISOString(), files };
  await writeAtomic(join(dir, MANIFEST), `${JSON.stringify(document, null, 2)}\n`);
}

/** Throws PareError unless the folder is missing, empty, or an inventory of ours with nothing of anybody else's in it. */
export async function refuseForeignFolder(dir: string): Promise<void> {
  if (`${process.cwd()}${sep}`.startsWith(`${resolve(dir)}${sep}`))
    throw refusal(dir, 'is the current folder or holds it', 'give a folder of its own, for example --out inventory');
  let present: string[];
  try {
    present = await filesBelow(dir);
  } catch (cause) {
    if (isSystemError(cause) && cause.code === 'ENOENT') return;
    throw fileProblem(dir, 'write', cause);
  }
  if (present.length === 0) return;
  const ours = await manifestFiles(dir);
  const foreign = present.find((file) => file !== MANIFEST && !ours.has(file));
  if (foreign === undefined) return;
  throw refusal(
    dir,
    `holds ${foreign}, which pare inventory did not write`,
    'move it elsewhere, or give another --out',
  );
}

async function manifestFiles(dir: string): Promise<ReadonlySet<string>> {
  try {
    const { files } = JSON.parse(await readFile(join(dir, MANIFEST), 'utf8')) as { files?: unknown };
    return new Set(Array.isArray(files) ? files.filter((file) => typeof file === 'string') : []);
  } catch {
    // No manifest, or none of ours: then every file is somebody's.
    return new Set();
  }
}

/** All files below the folder by their paths in it, with `/`, sorted; other things (links, devices) count as files. */
async function filesBelow(dir: string): Promise<string[]> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => relative(dir, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .sort();
}

function refusal(dir: string, message: string, next: string): PareError {
  return new PareError({ code: 'inventory-folder-in-use', message, next, fault: 'configuration', file: dir });
}
