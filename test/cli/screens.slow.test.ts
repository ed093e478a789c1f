import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { columns } from '../../analyzer/model/text.ts';
import { ENTRY } from './pare.ts';

/** What the commands show for the example: in a pipe, and on a terminal of 80 columns. `vitest -u` after a wanted change. */
const SHOP = path.join(import.meta.dirname, '../../examples/shop');
const SOURCE =
  '--inventory shop/inventory --source repo --state terraform/network=shop/state/network.tfstate --stack shop/stacks/payments';
const SCREENS = {
  analyze: 'analyze --quiet --inventory shop/inventory --flow-logs shop/flow-logs --config-history shop/config-history',
  explain: 'explain sgr-09b4db59771410bb2 --findings findings.json --proposals plan/proposals.json',
  'explain-group': 'explain sg-0066ab9c946325119 --findings findings.json',
  report: 'report --findings findings.json --all',
  markdown: 'report --findings findings.json --format markdown',
  csv: 'report --findings findings.json --format csv',
  plan: `plan --findings findings.json ${SOURCE} --out plan`,
  apply: `apply --findings findings.json ${SOURCE}`,
  doctor: 'doctor --inventory shop/inventory --config-history shop/config-history',
  init: 'init --source repo-for-init --findings findings.json --timezone Europe/Berlin --force',
} as const;
const COMMANDS = ['', 'run', 'analyze', 'plan', 'apply', 'explain', 'report', 'doctor', 'init', 'completion', 'schema'];

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'test-screens-'));
  mkdirSync(path.join(folder, 'repo-for-init'));
  symlinkSync(SHOP, path.join(folder, 'shop'));
  for (const name of ['terraform', 'cloudformation'])
    cpSync(path.join(SHOP, name), path.join(folder, 'repo', name), { recursive: true });
  sh('git -C repo init -q -b main && git -C repo add . && git -C repo commit -q -m shop');
  expect(pipe(`${SCREENS.analyze} --out findings.json`).status).toBe(0);
  expect(pipe(SCREENS.plan).status).toBe(0);
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

function sh(command: string) {
  return spawnSync('sh', ['-c', command], {
    cwd: folder,
    encoding: 'utf8',
    maxBuffer: 64 << 20,
    env: {
      PATH: process.env.PATH ?? '',
      HOME: folder,
      TERM: 'xterm-256color',
      TZ: 'UTC',
      GIT_AUTHOR_NAME: 'You',
      GIT_AUTHOR_EMAIL: 'you@shop.example',
      GIT_AUTHOR_DATE: '2026-10-01T08:00:00Z',
      GIT_COMMITTER_NAME: 'You',
      GIT_COMMITTER_EMAIL: 'you@shop.example',
      GIT_COMMITTER_DATE: '2026-10-01T08:00:00Z',
    },
  });
}

function pipe(args: string) {
  return sh(`"${process.execPath}" "${ENTRY}" ${args}`);
}

/** stdout on a pseudo-terminal of 80 columns; stderr goes elsewhere, for its progress has times in it. */
function terminal(args: string): string {
  const command = `stty cols 80 rows 40; "${process.execPath}" "${ENTRY}" ${args} 2>/dev/null`;
  return sh(`script -qec ${JSON.stringify(command)} /dev/null`).stdout.replaceAll('\r\n', '\n');
}

/** CSV and Markdown are for programs, doctor's commands for copying: these have lines of any length. */
const WIDE = new Set(['csv', 'markdown', 'doctor', 'init']);
const COLOR = /\u001b\[[0-9;]*m/g;

describe.each(Object.entries(SCREENS))('pare %s', (name, args) => {
  it('in a pipe, without colour', async () => {
    const { stdout, status } = pipe(args);
    expect(status).toBe(0);
    expect(stdout).not.toContain('\u001b');
    if (!WIDE.has(name)) expect(Math.max(...stdout.split('\n').map(columns))).toBeLessThanOrEqual(80);
    await expect(stdout).toMatchFileSnapshot(`golden/${name}.pipe.txt`);
  });

  it('on a terminal of 80 columns: the same text', async () => {
    const shown = terminal(args);
    if (name !== 'apply') expect(shown.replace(COLOR, '')).toBe(pipe(args).stdout);
    await expect(shown).toMatchFileSnapshot(`golden/${name}.80.txt`);
  });
});

describe('help', () => {
  it('of every command fits 80 columns', async () => {
    const text = COMMANDS.map((name) => pipe(`${name} --help`).stdout).join('\n');
    expect(Math.max(...text.split('\n').map(columns))).toBeLessThanOrEqual(80);
    await expect(text).toMatchFileSnapshot('golden/help.txt');
  });
});

describe('completion', () => {
  const complete = (...words: string[]) =>
    sh(
      `bash -c 'eval "$("${process.execPath}" "${ENTRY}" completion bash)"; COMP_WORDS=(pare ${words.map((word) => `"${word}"`).join(' ')}); COMP_CWORD=${words.length}; _pare; printf "%s\\n" "\${COMPREPLY[@]}"'`,
    )
      .stdout.trim()
      .split('\n');

  it('in bash gives commands, their options, choices and files', () => {
    expect(complete('pl')).toEqual(['plan']);
    expect(complete('analyze', '--flow')).toEqual(['--flow-logs']);
    expect(complete('completion', 'f')).toEqual(['fish']);
    expect(complete('explain', 'find')).toEqual(['findings.json']);
    expect(complete('')).toContain('doctor');
  });

  it.each(['bash', 'zsh', 'fish'])('for %s is text that its shell takes, where it is installed', (shell) => {
    const script = pipe(`completion ${shell}`);
    expect(script.status).toBe(0);
    expect(script.stdout).toContain('doctor');
    const check = sh(
      `command -v ${shell} >/dev/null || exit 0; "${process.execPath}" "${ENTRY}" completion ${shell} | ${shell} -n`,
    );
    expect({ status: check.status, stderr: check.stderr }).toEqual({ status: 0, stderr: '' });
  });
});

describe('--json', () => {
  it.each([
    ['analyze', `${SCREENS.analyze} --json`, 'rules'],
    ['plan', `${SCREENS.plan} --json`, 'batches'],
    ['apply', `${SCREENS.apply} --json`, 'branches'],
    ['doctor', `${SCREENS.doctor} --json`, 'complaints'],
    ['init', `${SCREENS.init} --json`, 'config'],
    ['report', 'report --findings findings.json --format json', 'rules'],
  ])('of %s is one document', (_, args, key) => {
    const { stdout, status } = pipe(args);
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ schemaVersion: 1, [key]: expect.anything() });
  });
});
