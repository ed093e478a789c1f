import { readdir, readFile, realpath } from 'node:fs/promises';
import { isAbsolute, join, relative, sep } from 'node:path';
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
  let names: string[];
  try {
    if (await holdsCurrentFolder(dir))
      throw refusal(dir, 'is the current folder or holds it', 'give a folder of its own, for example --out inventory');
    names = (await readdir(dir)).sort();
  } catch (cause) {
    if (isSystemError(cause) && cause.code === 'ENOENT') return;
    throw fileProblem(dir, 'write', cause);
  }
  if (names.length === 0) return;
  // Without a manifest nothing in it is ours, and there is no need to look further into what may be a large folder.
  const ours = names.includes(MANIFEST) ? await manifestFiles(dir) : null;
  const foreign =
    ours === null ? names[0] : (await filesBelow(dir)).find((file) => file !== MANIFEST && !ours.has(file));
  if (foreign === undefined) return;
  throw refusal(
    dir,
    `holds ${foreign}, which pare inventory did not write`,
    'move it elsewhere, or give another --out',
  );
}

async function holdsCurrentFolder(dir: string): Promise<boolean> {
  const way = relative(await realpath(dir), process.cwd());
  return way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
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
