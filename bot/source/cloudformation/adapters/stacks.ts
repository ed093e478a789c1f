import { readdir, readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Problem } from '@pare/analyzer/model/problem.ts';
import type { DeployedStack } from '../../contract.ts';
import { parseStackFiles, type StackFile } from '../stacks.ts';

/** Far above any stack (500 resources) and its template (1 MB). */
const MAX_BYTES = 20_000_000;

/**
 * Reads `--stack` arguments: files, folders of them (*.json, not deeper), or TEMPLATE=FILE where TEMPLATE is a path in the source tree.
 * Files that cannot be read are problems, not exceptions.
 */
export async function readDeployedStacks(
  args: readonly string[],
): Promise<{ stacks: DeployedStack[]; problems: Problem[] }> {
  const files: StackFile[] = [];
  const problems: Problem[] = [];
  for (const arg of args) {
    const equals = (await exists(arg)) ? -1 : arg.indexOf('=');
    const templatePath = equals < 0 ? null : arg.slice(0, equals).replace(/^\.\//, '');
    const path = arg.slice(equals + 1);
    for (const one of await listed(path, problems)) {
      const text = await readText(one, problems);
      if (text !== null) files.push({ origin: one, group: dirname(one), text, templatePath });
    }
  }
  const parsed = parseStackFiles(files);
  return { stacks: parsed.stacks, problems: [...problems, ...parsed.problems] };
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

async function listed(path: string, problems: Problem[]): Promise<string[]> {
  try {
    if (!(await stat(path)).isDirectory()) return [path];
    const names = (await readdir(path)).filter((name) => name.endsWith('.json')).sort();
    if (names.length === 0)
      problems.push(told(path, 'stack-folder-empty', 'no .json files in the folder', 'save the CLI output there'));
    return names.map((name) => join(path, name));
  } catch (error) {
    problems.push(unreadable(path, error));
    return [];
  }
}

async function readText(path: string, problems: Problem[]): Promise<string | null> {
  try {
    const { size } = await stat(path);
    if (size > MAX_BYTES) {
      problems.push(told(path, 'stack-file-too-large', 'larger than 20 MB', 'give the output for one stack'));
      return null;
    }
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(await readFile(path));
  } catch (error) {
    problems.push(unreadable(path, error));
    return null;
  }
}

function unreadable(path: string, error: unknown): Problem {
  const why = error instanceof Error ? error.message.split('\n')[0]! : 'unknown reason';
  return told(path, 'stack-file-unreadable', `cannot be read (${why})`, 'check the path given to --stack');
}

function told(file: string, code: string, message: string, next: string): Problem {
  return { code, message, next, fault: 'input', file };
}
