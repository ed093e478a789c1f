import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ENTRY } from '../cli/pare.ts';

/** Runs a shell script in a mount namespace of its own, so that a small file system can stand at a folder of the test. */
function inNamespace(script: string, args: readonly string[]): { code: number | null; stdout: string; stderr: string } {
  const flags = process.getuid?.() === 0 ? ['-m'] : ['-r', '-m'];
  const result = spawnSync('unshare', [...flags, 'sh', '-c', script, 'sh', ...args], { encoding: 'utf8' });
  return { code: result.status, stdout: result.stdout, stderr: result.stderr };
}

describe('a full disk', () => {
  const shop = path.resolve('examples/shop');
  let root: string;
  beforeAll(() => {
    root = mkdtempSync(path.join(tmpdir(), 'pare-full-'));
  });
  afterAll(() => rmSync(root, { recursive: true, force: true }));

  const analyze = ['analyze', '--inventory', path.join(shop, 'inventory'), '--flow-logs', path.join(shop, 'flow-logs')];

  it('under the output: one line, exit 1, and the old findings stay whole', () => {
    const disk = path.join(root, 'out');
    execFileSync('mkdir', ['-p', disk]);
    const script = `mount -t tmpfs -o size=64k tmpfs "$1" && echo old > "$1/findings.json" || exit 99
      shift_dir="$1"; shift; "$@" --out "$shift_dir/findings.json"; code=$?
      ls -A "$shift_dir"; cat "$shift_dir/findings.json"; exit $code`;
    const outcome = inNamespace(script, [disk, process.execPath, ENTRY, ...analyze]);
    expect(outcome.code, outcome.stderr).toBe(1);
    const said = outcome.stderr.split('\n').filter((line) => line.startsWith('pare: '));
    expect(said).toHaveLength(1);
    expect(said[0]).toMatch(/findings\.json: .*(space|full).*; /i);
    expect(outcome.stdout).toBe('findings.json\nold\n');
  });

  it('under the temporary folder: one line, exit 1, nothing written', () => {
    const disk = path.join(root, 'tmp');
    execFileSync('mkdir', ['-p', disk]);
    const out = path.join(root, 'findings.json');
    const script = `mount -t tmpfs -o size=256k tmpfs "$1" || exit 99
      export TMPDIR="$1" NODE_DISABLE_COMPILE_CACHE=1; dir="$1"; shift; "$@"; code=$?; ls -A "$dir"; exit $code`;
    const outcome = inNamespace(script, [disk, process.execPath, ENTRY, ...analyze, '--out', out]);
    // An analysis this small may fit in memory; what must never happen is a crash, a half file or a folder left behind.
    expect([0, 1], outcome.stderr).toContain(outcome.code);
    expect(existsSync(out)).toBe(outcome.code === 0);
    if (outcome.code === 1) expect(outcome.stderr.split('\n').filter((l) => l.startsWith('pare: '))).toHaveLength(1);
    expect(outcome.stdout.split('\n').filter((line) => line.startsWith('pare-'))).toEqual([]);
  });
});
