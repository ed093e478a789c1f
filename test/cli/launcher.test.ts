import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readdirSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { analyzeArgs, writeFlowLogs, writeInventory } from './inputs.ts';
import { ENTRY, pare, scratch } from './pare.ts';

/** Makes the launcher believe it runs on that version; the Node that it starts is not touched. */
const OLD = `data:text/javascript,Object.defineProperty(process,'versions',{value:{...process.versions,node:'20.11.1'}})`;

let dir: ReturnType<typeof scratch>;
beforeEach(() => {
  dir = scratch();
});
afterEach(() => {
  dir.remove();
});

describe('the launcher on a Node that is too old', () => {
  it('runs the command with the Node of the checkout', () => {
    const { status, stdout, stderr } = spawnSync(process.execPath, ['--import', OLD, ENTRY, '--version'], {
      encoding: 'utf8',
    });
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: '0.1.0\n', stderr: '' });
  });

  it('hands on the exit code', () => {
    const { status, stderr } = spawnSync(process.execPath, ['--import', OLD, ENTRY, 'analyse'], { encoding: 'utf8' });
    expect(status).toBe(3);
    expect(stderr).toMatch(/^pare: unknown command/);
  });

  it('says in one line what to do where there is no other Node', () => {
    mkdirSync(dir.path('alone'));
    copyFileSync(ENTRY, dir.path('alone', 'pare.mjs'));
    const args = ['--import', OLD, dir.path('alone', 'pare.mjs'), '--version'];
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
    expect({ status, stdout }).toEqual({ status: 3, stdout: '' });
    expect(stderr).toMatch(/^pare: Node 20\.11\.1 is too old, 22\.20 or newer is needed; run npm ci .+\n$/);
  });

  it('hands on Ctrl-C, waits for the command to clean up, and exits 130', async () => {
    writeInventory(dir.path);
    writeFlowLogs(dir.path);
    mkdirSync(dir.path('tmp'));
    const { code, stderr } = await pare(analyzeArgs(dir.path), {
      node: ['--import', OLD],
      env: { TMPDIR: dir.path('tmp'), NODE_DISABLE_COMPILE_CACHE: '1' },
      started: (child) => {
        const timer = setInterval(() => {
          if (readdirSync(dir.path('tmp')).length === 0 && child.exitCode === null) return;
          clearInterval(timer);
          child.kill('SIGINT');
        }, 2);
      },
    });
    expect(stderr).toContain('interrupted by SIGINT');
    expect(code).toBe(130);
    expect(readdirSync(dir.path('tmp'))).toEqual([]);
  });
});
