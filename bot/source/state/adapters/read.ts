import { readFile, stat } from 'node:fs/promises';
import type { Problem } from '@pare/analyzer/model/problem.ts';
import type { TerraformState } from '../../contract.ts';
import { isProblem, parseTerraformState } from '../parse.ts';

/** The longest text that V8 holds is about 512 MB. */
const MAX_BYTES = 400_000_000;

/**
 * Reads `--state` arguments: FILE, or ROOT=FILE where ROOT is the Terraform root directory relative to the source tree (`.` for the tree
 * itself) and FILE may be `-` for standard input. Only the parsed part is kept. Files that cannot be read or are no states are problems, not exceptions.
 */
export async function readStates(args: readonly string[]): Promise<{ states: TerraformState[]; problems: Problem[] }> {
  const states: TerraformState[] = [];
  const problems: Problem[] = [];
  for (const arg of args) {
    // A file whose name holds an equals sign is still a file.
    const equals = (await exists(arg)) ? -1 : arg.indexOf('=');
    const path = arg.slice(equals + 1);
    const text = await readText(path);
    const state = typeof text === 'string' ? parseTerraformState(text, path) : text;
    if (isProblem(state)) problems.push(state);
    else states.push(equals < 0 ? state : { ...state, root: rootOf(arg.slice(0, equals)) });
  }
  return { states, problems };
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
