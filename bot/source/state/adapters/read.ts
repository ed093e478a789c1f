import { readFile, stat } from 'node:fs/promises';
import type { Problem } from '@pare/analyzer/model/problem.ts';
import type { TerraformState } from '../../contract.ts';
import { isProblem, parseTerraformState } from '../parse.ts';
import { isRemote, type RemoteEffects, readRemote, remoteEffects } from './remote.ts';

/** The longest text that V8 holds is about 512 MB. */
const MAX_BYTES = 400_000_000;

/**
 * Reads `--state` arguments: FILE, or ROOT=FILE where ROOT is the Terraform root directory relative to the source tree (`.` for the tree
 * itself) and FILE may be `-` for standard input, or an address (`readRemote`). Only the parsed part is kept. What cannot be read or is no
 * state is a problem, not an exception.
 */
export async function readStates(
  args: readonly string[],
  remote: RemoteEffects = remoteEffects(),
): Promise<{ states: TerraformState[]; problems: Problem[] }> {
  const states: TerraformState[] = [];
  const problems: Problem[] = [];
  for (const arg of args) {
    // A file whose name holds an equals sign is still a file.
    const equals = isRemote(arg) || (await exists(arg)) ? -1 : arg.indexOf('=');
    const state = await readOne(arg.slice(equals + 1), remote);
    if (isProblem(state)) problems.push(state);
    else states.push(equals < 0 ? state : { ...state, root: rootOf(arg.slice(0, equals)) });
  }
  return { states, problems };
}

async function readOne(path: string, remote: RemoteEffects): Promise<TerraformState | Problem> {
  if (!isRemote(path)) {
    const text = await readText(path);
    return typeof text === 'string' ? parseTerraformState(text, path) : text;
  }
  const read = await readRemote(path, MAX_BYTES, remote);
  if ('fault' in read) return read;
  const state = parseTerraformState(read.text, path);
  return isProblem(state) || read.workspace === null ? state : { ...state, workspace: read.workspace };
}

function rootOf(text: string): string {
  const path = text
    .replaceAll('\\', '/')
    .replace(/^(\.\/)+/, '')
    .replace(/\/+$/, '');
  return path === '' ? '.' : path;
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

async function readText(path: string): Promise<string | Problem> {
  const told = (code: string, message: string, next: string): Problem => ({
    code,
    message,
    next,
    fault: 'input',
    file: path,
  });
  try {
    const file = path === '-' ? '/dev/stdin' : path;
    const info = await stat(file);
    if (info.isDirectory())
      return told('state-is-folder', 'a folder, not a state file', 'give the file inside, or ROOT=FILE');
    if (info.size > MAX_BYTES)
      return told('state-too-large', 'larger than 400 MB', 'split the state, or give show -json');
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(await readFile(file));
  } catch (error) {
    if (error instanceof TypeError) return told('state-not-utf8', 'not UTF-8 text', 'give terraform show -json of it');
    const why = error instanceof Error ? error.message.split('\n')[0]! : 'unknown reason';
    return told('state-unreadable', `cannot be read (${why})`, 'check the path given to --state');
  }
}
