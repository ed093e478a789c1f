import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The real entry, as a child process: what a shell sees. */
export const ENTRY = fileURLToPath(new URL('../../bot/cli/pare.mjs', import.meta.url));

export interface Outcome {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

export interface Options {
  cwd?: string;
  env?: NodeJS.ProcessEnv;
  /** Options of Node itself. */
  node?: readonly string[];
  /** Called once the child runs. */
  started?: (child: ChildProcess) => void;
}

export function pare(args: readonly string[], options: Options = {}): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [...(options.node ?? []), ENTRY, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      cwd: options.cwd ?? process.cwd(),
      env: { ...process.env, NO_COLOR: undefined, FORCE_COLOR: undefined, ...options.env },
    });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr }));
    options.started?.(child);
  });
}

/** A folder for one test; `remove` in afterEach. */
export function scratch(): { path: (...parts: string[]) => string; remove: () => void } {
  const root = mkdtempSync(join(tmpdir(), 'test-cli-'));
  return { path: (...parts) => join(root, ...parts), remove: () => rmSync(root, { recursive: true, force: true }) };
}
