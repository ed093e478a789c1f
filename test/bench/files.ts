import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** Files below a folder, sorted, and their bytes. */
export async function filesOf(folder: string): Promise<{ paths: string[]; bytes: number }> {
  const names = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = names.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  let bytes = 0;
  for (const path of paths) bytes += (await stat(path)).size;
  return { paths: paths.sort(), bytes };
}
