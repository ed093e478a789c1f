import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { columns } from '../../analyzer/model/text.ts';
import { ENTRY, pare } from './pare.ts';

const READY = '../../bot/cli/help.json';

/** What commander makes of it at that width; a second option keeps the entry from answering by itself. */
function made(width: number): string {
  const terminal = `Object.defineProperty(process.stdout,'isTTY',{value:true});process.stdout.columns=${width}`;
  const args = ['--import', `data:text/javascript,${terminal}`, ENTRY, '--no-color', '--help'];
  const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  expect(stderr).toBe('');
  return stdout;
}

describe('the help that is answered at once', () => {
  const wide = made(1_000);
  const wideFrom = Math.max(...wide.split('\n').map(columns)) + 1;

  it('is what commander makes; after a change of commands: npx vitest run test/cli/help.test.ts -u', async () => {
    const ready = { narrow: made(80), wide, wideFrom };
    await expect(`${JSON.stringify(ready, null, 2)}\n`).toMatchFileSnapshot(READY);
  });

  it('has its longest line whole from the width that it names on', () => {
    expect(made(wideFrom)).toBe(wide);
  });

  it.each(['--help', '-h'])('is answered to %s, in 80 columns where there is no terminal', async (option) => {
    const ready = JSON.parse(readFileSync(new URL(READY, import.meta.url), 'utf8')) as { narrow: string };
    expect(await pare([option])).toEqual({ code: 0, signal: null, stdout: ready.narrow, stderr: '' });
  });

  it('is made by commander where a command or another option stands beside it', async () => {
    expect((await pare(['analyze', '--help'])).stdout).toContain('Usage: pare analyze');
    expect((await pare(['--quiet', '--help'])).stdout).toBe((await pare(['--help'])).stdout);
  });
});
