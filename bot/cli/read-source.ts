import { constants } from 'node:fs';
import { lstat, open, readdir, realpath, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { PareError } from '@pare/analyzer/model/problem.ts';
import type { SourceFile, SourceNote, SourceTree } from '../source/contract.ts';
import { sourceTree } from '../source/tree.ts';
import { fileProblem } from './atomic.ts';

/** Larger files are no hand-written source; parsing them would only take time and memory. */
const MAX_FILE_BYTES = 4 * 1024 * 1024;
const MAX_TREE_BYTES = 512 * 1024 * 1024;
const MAX_DEPTH = 40;
/** Files of linked folders, each at one more place. */
const MAX_LINKED = 50_000;

const WANTED = /\.(tf|tofu|hcl|tfvars|json|ya?ml|template|tpl|tftpl|csv|txt)$/i;
const NOT_SOURCE =
  /(^|[/.])(package-lock\.json|npm-shrinkwrap\.json|tsconfig\.json)$|\.tfstate(\.backup)?$|\.terraform\.lock\.hcl$/i;
const SKIPPED_FOLDERS: ReadonlySet<string> = new Set([
  '.git',
  '.hg',
  '.svn',
  '.venv',
  '.terragrunt-cache',
  '__pycache__',
  'node_modules',
]);

export interface ReadSource {
  tree: SourceTree;
  /** Absolute, links resolved. */
  root: string;
  /** What was left out and why. */
  notes: readonly SourceNote[];
}

/**
 * Reads the files of a folder that Terraform or CloudFormation may come from. A symbolic link counts where it leads to another file or folder
 * that was read (a shared inputs.tf); no other is followed, so that nothing outside the folder is read or edited; of `.terraform` only the vendored modules count. Throws PareError when the folder cannot be read.
 */
export async function readSource(folder: string, signal?: AbortSignal): Promise<ReadSource> {
  let root: string;
  try {
    root = await realpath(folder);
    if (!(await lstat(root)).isDirectory())
      throw new PareError({
        code: 'source-not-a-folder',
        message: 'is no folder',
        next: 'give the folder that holds the Terraform or CloudFormation source as --source',
        fault: 'input',
        file: folder,
      });
  } catch (cause) {
    throw fileProblem(folder, 'read', cause);
  }
  const files: SourceFile[] = [];
  const notes: SourceNote[] = [];
  const state: Walk = { files, links: [], notes, bytes: 0, signal };
  await walk(root, '', 0, state);
  await follow(root, state);
  return { tree: sourceTree(files), root, notes };
}

interface Walk {
  files: SourceFile[];
  /** Paths of symbolic links that may be source. */
  links: string[];
  notes: SourceNote[];
  bytes: number;
  signal: AbortSignal | undefined;
}

async function walk(folder: string, prefix: string, depth: number, state: Walk): Promise<void> {
  state.signal?.throwIfAborted();
  if (depth > MAX_DEPTH) {
    note(state, 'source-too-deep', `${prefix} is nested deeper than ${MAX_DEPTH} folders and was not read`, prefix);
    return;
  }
  let entries: { name: string; kind: 'file' | 'folder' | 'link' | 'other' }[];
  try {
    const listed = await readdir(folder, { withFileTypes: true });
    entries = listed
      .map(
        (entry) =>
          ({
            name: entry.name,
            kind: entry.isSymbolicLink() ? 'link' : entry.isDirectory() ? 'folder' : entry.isFile() ? 'file' : 'other',
          }) as const,
      )
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch (cause) {
    throw fileProblem(folder, 'read', cause);
  }
  const onlyModules = prefix === '.terraform/' || prefix.endsWith('/.terraform/');
  for (const { name, kind } of entries) {
    const path = `${prefix}${name}`;
    if (onlyModules && name !== 'modules') continue;
    if (kind === 'folder') {
      if (!SKIPPED_FOLDERS.has(name)) await walk(join(folder, name), `${path}/`, depth + 1, state);
    } else if (kind === 'link') {
      state.links.push(path);
    } else if (kind === 'file' && WANTED.test(name) && !NOT_SOURCE.test(path)) {
      await readOne(join(folder, name), path, state);
    } else if (kind === 'other' && WANTED.test(name)) {
      note(state, 'source-not-a-file', `${path} is a pipe, socket or device and was not read`, path);
    }
  }
}

/** Links to files that were read are those files, at one more place; a link to a folder is all that was read of it. */
async function follow(root: string, state: Walk): Promise<void> {
  const read = [...state.files];
  const byPath = new Map(read.map((file) => [file.path, file] as const));
  let left = MAX_LINKED;
  for (const path of state.links) {
    const target = await realpath(join(root, path)).catch(() => null);
    const inside = target === null ? '..' : relative(root, target).split(sep).join('/');
    const file = WANTED.test(path) ? byPath.get(inside) : undefined;
    // A folder that holds the link would hold itself without end.
    const around = inside === '' || `${path}/`.startsWith(`${inside}/`);
    const below = around || file !== undefined ? [] : read.filter((one) => one.path.startsWith(`${inside}/`));
    left -= below.length;
    if (file !== undefined) state.files.push({ path, text: file.text, linkTo: file.path });
    else if (below.length > 0 && left >= 0)
      for (const one of below)
        state.files.push({
          path: `${path}${one.path.slice(inside.length)}`,
          text: one.text,
          linkTo: one.path,
          linkedFolder: true,
        });
    else if (WANTED.test(path) || !/\.[^/]*$/.test(path) || (target !== null && (await isFolder(target))))
      note(state, 'source-symlink', `${path} is a symbolic link and was not followed`, path);
  }
}

async function isFolder(path: string): Promise<boolean> {
  return await stat(path).then(
    (one) => one.isDirectory(),
    () => false,
  );
}

async function readOne(file: string, path: string, state: Walk): Promise<void> {
  let bytes: Buffer;
  try {
    // What was a file when it was listed may be a link or a pipe by now: neither is followed or waited for.
    const handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      const { size } = await handle.stat();
      if (size > MAX_FILE_BYTES) {
        const megabytes = Math.ceil(size / 1024 / 1024);
        note(state, 'source-too-large', `${path} has ${megabytes} MiB, more than source has, and was not read`, path);
        return;
      }
      bytes = await handle.readFile();
    } finally {
      await handle.close();
    }
  } catch (cause) {
    throw fileProblem(file, 'read', cause);
  }
  state.bytes += bytes.length;
  if (state.bytes > MAX_TREE_BYTES)
    throw new PareError({
      code: 'source-too-large',
      message: `holds more than ${MAX_TREE_BYTES / 1024 / 1024} MiB of source files`,
      next: 'give a smaller folder as --source',
      fault: 'input',
      file,
    });
  const text = decode(bytes);
  if (text === null)
    note(state, 'source-not-utf8', `${path} is not valid UTF-8 and was not read; save it as UTF-8`, path);
  else state.files.push({ path, text });
}

/** The text with its byte order mark, or null where encoding it again would not give the same bytes. */
function decode(bytes: Buffer): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}

/** One line, whatever characters a name has. */
function note(state: Walk, code: string, message: string, file: string): void {
  const plain = (text: string) =>
    text.replace(/\p{Cc}/gu, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`);
  state.notes.push({ code, message: plain(message), place: { file: plain(file), line: 1 } });
}
