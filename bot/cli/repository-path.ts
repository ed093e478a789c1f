import { relative, sep } from 'node:path';

/** The source folder within its repository: '' or `path/to/it/`, with forward slashes. Both absolute, links resolved. */
export function prefixIn(repository: string, folder: string): string {
  const path = relative(repository, folder).split(sep).join('/');
  return path === '' ? '' : `${path}/`;
}
