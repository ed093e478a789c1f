import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/**
 * Commands in the documentation are run: a block of ```console after `<!-- run -->` holds commands (`$ …`) with what they print. All
 * blocks of a document share one folder, in which `shop` is the example and `pare` is this checkout.
 *
 * `node docs/transcript.ts docs/tutorial.md` writes what they print now; test/docs fails when a document says something else.
 */
const TOP = path.dirname(import.meta.dirname);
const BLOCK = /(<!-- run -->\n```console\n)([\s\S]*?)(```)/g;
/** Lines that come only when the machine is slow. */
const PROGRESS =
  /^(reading the inventory|checking flow logs|reading flow logs|joining records and rules|planning|[a-z ]+ {2}\d+%)/;

/** The document with its blocks as they come out now. Throws when a command fails. */
export function transcribe(text: string): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'pare-docs-'));
  try {
    prepare(folder);
    return text.replace(
      BLOCK,
      (_, head: string, body: string, tail: string) => `${head}${runBlock(body, folder)}${tail}`,
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export function runnableBlocks(text: string): number {
  return [...text.matchAll(BLOCK)].length;
}

function prepare(folder: string): void {
  for (const name of ['terraform', 'cloudformation', 'state', 'stacks', 'inventory'])
    cpSync(path.join(TOP, 'examples/shop', name), path.join(folder, 'shop', name), { recursive: true });
  for (const name of ['flow-logs', 'config-history'])
    symlinkSync(path.join(TOP, 'examples/shop', name), path.join(folder, 'shop', name));
  const bin = path.join(folder, '.bin');
  mkdirSync(bin);
  const shim = path.join(bin, 'pare');
  writeFileSync(shim, `#!/bin/sh\nexec "${process.execPath}" "${path.join(TOP, 'bot/cli/main.ts')}" "$@"\n`);
  chmodSync(shim, 0o755);
}

function runBlock(body: string, folder: string): string {
  const out: string[] = [];
  for (const command of commandsOf(body)) {
    const result = spawnSync('sh', ['-c', `${command} 2>&1`.replaceAll('\\\n', ' ')], {
      cwd: folder,
      encoding: 'utf8',
      maxBuffer: 64 << 20,
      env: {
        PATH: `${path.join(folder, '.bin')}:${process.env.PATH ?? ''}`,
        HOME: folder,
        NO_COLOR: '1',
        TZ: 'UTC',
        GIT_CONFIG_GLOBAL: '/dev/null',
        GIT_AUTHOR_NAME: 'You',
        GIT_AUTHOR_EMAIL: 'you@shop.example',
        GIT_COMMITTER_NAME: 'You',
        GIT_COMMITTER_EMAIL: 'you@shop.example',
        // Commits, and so their ids, are the same every time.
        GIT_AUTHOR_DATE: '2026-10-01T08:00:00Z',
        GIT_COMMITTER_DATE: '2026-10-01T08:00:00Z',
      },
    });
    if (result.status !== 0) throw new Error(`${command}\nexit ${result.status}\n${result.stdout}`);
    const lines = result.stdout.split('\n').filter((line) => !PROGRESS.test(line));
    out.push(`$ ${command}\n${lines.join('\n')}`);
  }
  return out.map((part) => (part.endsWith('\n') ? part : `${part}\n`)).join('');
}

/** `$ …`, with lines that a backslash joins. */
function commandsOf(body: string): string[] {
  const out: string[] = [];
  let open = false;
  for (const line of body.split('\n')) {
    if (open) out[out.length - 1] += `\n${line}`;
    else if (line.startsWith('$ ')) out.push(line.slice(2));
    else continue;
    open = line.endsWith('\\');
  }
  return out;
}

if (import.meta.main) {
  for (const file of process.argv.slice(2)) writeFileSync(file, transcribe(readFileSync(file, 'utf8')));
}
