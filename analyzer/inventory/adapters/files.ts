import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { PareError } from '../../model/problem.ts';
import { parseJsonDocuments } from '../json-text.ts';

const inflate = promisify(gunzip);

/** The JSON documents of a file, gzip or not by its first bytes. `next` tells the user how to get a good one. */
export async function readJsonFile(file: string, next: string): Promise<readonly unknown[]> {
  const text = await readText(file, next);
  const parsed = parseJsonDocuments(text);
  if (!parsed.ok) {
    const message = `is not valid JSON: ${parsed.message}`;
    throw new PareError({ code: 'inventory-invalid-json', message, next, fault: 'input', file, at: parsed.line });
  }
  if (parsed.documents.length === 0) {
    throw new PareError({ code: 'inventory-empty-file', message: 'the file is empty', next, fault: 'input', file });
  }
  return parsed.documents;
}

async function readText(file: string, next: string): Promise<string> {
  let bytes: Buffer;
  try {
    bytes = await readFile(file);
  } catch (cause) {
    const message = `cannot be read (${reasonOf(cause)})`;
    throw new PareError({ code: 'inventory-unreadable', message, next, fault: 'input', file }, { cause });
  }
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) {
    try {
      bytes = await inflate(bytes);
    } catch (cause) {
      const message = `the gzip stream is cut short or damaged (${reasonOf(cause)})`;
      throw new PareError({ code: 'inventory-damaged-gzip', message, next, fault: 'input', file }, { cause });
    }
  }
  // PowerShell's `>` writes UTF-16 with a byte order mark.
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return bytes.toString('utf16le');
  return bytes.toString('utf8');
}

/** Names of the folder's entries, sorted; null when there is no such folder. */
export async function listFolder(folder: string): Promise<{ files: string[]; folders: string[] } | null> {
  try {
    const files: string[] = [];
    const folders: string[] = [];
    for (const name of (await readdir(folder)).sort()) {
      const kind = await stat(join(folder, name)).catch(() => null);
      if (kind?.isDirectory()) folders.push(name);
      else if (kind?.isFile()) files.push(name);
    }
    return { files, folders };
  } catch {
    return null;
  }
}

/** All files under the folder, sorted by path; the path itself when it is a file; null when there is neither. */
export async function filesUnder(path: string): Promise<string[] | null> {
  const kind = await stat(path).catch(() => null);
  if (kind === null) return null;
  if (!kind.isDirectory()) return [path];
  const entries = await listFolder(path);
  if (entries === null) return null;
  const out = entries.files.map((name) => join(path, name));
  for (const name of entries.folders) out.push(...((await filesUnder(join(path, name))) ?? []));
  return out.sort();
}

function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  return 'code' in cause && typeof cause.code === 'string' ? cause.code : cause.message;
}
