import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findingsDocumentSchema } from '../../analyzer/model/finding.ts';
import { columns } from '../../analyzer/model/text.ts';
import { analyzeArgs, manyFindings, writeFindings, writeFlowLogs, writeInventory } from './inputs.ts';
import { pare, scratch } from './pare.ts';

let dir: ReturnType<typeof scratch>;
beforeEach(() => {
  dir = scratch();
});
afterEach(() => {
  dir.remove();
});

/** One line that says what and what next, and nothing else. */
function expectOneLine(stderr: string): void {
  expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  expect(stderr).toMatch(/^pare: .+; .+\n$/);
  expect(stderr).not.toMatch(/\bat .*\.ts:\d|Error:/);
}

describe('help and usage', () => {
  it('names every command, in 80 columns, on stdout', async () => {
    const { code, stdout, stderr } = await pare(['--help']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    for (const name of ['run', 'analyze', 'plan', 'apply', 'explain', 'report', 'schema']) {
      expect(stdout).toMatch(new RegExp(`^  ${name} `, 'm'));
    }
    expect(Math.max(...stdout.split('\n').map(columns))).toBeLessThanOrEqual(80);
  });

  it.each(['run', 'analyze', 'plan', 'apply', 'explain', 'report', 'schema'])('explains %s', async (name) => {
    const { code, stdout } = await pare([name, '--help']);
    expect(code).toBe(0);
    expect(stdout).toContain(`Usage: pare ${name}`);
  });

  it('prints help on stderr and fails when nothing is asked', async () => {
    const { code, stdout, stderr } = await pare([]);
    expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
    expect(stderr).toContain('Usage: pare');
  });

  it.each([
    ['an unknown command', ['analyse'], /unknown command 'analyse'.*analyze/],
    ['an unknown option', ['schema', '--al'], /unknown option '--al'.*see pare schema --help/],
    ['a missing option', ['analyze', '--inventory', 'x'], /--flow-logs/],
    ['a missing operand', ['explain'], /missing required argument 'id'/],
    ['a bad duration', ['analyze', '--inventory', 'x', '--flow-logs', 'y', '--window', '90'], /--window 90/],
    [
      'a time without zone',
      ['analyze', '--inventory', 'x', '--flow-logs', 'y', '--to', '2026-10-01T00:00'],
      /--to 2026/,
    ],
    [
      'a memory limit without a unit',
      ['analyze', '--inventory', 'x', '--flow-logs', 'y', '--memory-limit', '2'],
      /--memory-limit 2 .*512MB/,
    ],
    [
      'a memory limit in which nothing fits',
      ['analyze', '--inventory', 'x', '--flow-logs', 'y', '--memory-limit', '99MB'],
      /--memory-limit 99MB .*100MB/,
    ],
    ['an unknown format', ['report', '--findings', 'x', '--format', 'pdf'], /pdf is not known; choose of table, html/],
    ['two formats on stdout', ['report', '--findings', 'x', '--format', 'csv,html'], /add --out/],
    ['an unknown schema', ['schema', 'toString'], /no schema named toString/],
    [
      'a share above the whole',
      ['analyze', '--inventory', 'x', '--flow-logs', 'y', '--min-coverage', '101'],
      /0 to 100/,
    ],
  ])('exits 3 with one line for %s', async (_, args, message) => {
    const { code, stdout, stderr } = await pare(args);
    expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
    expectOneLine(stderr);
    expect(stderr).toMatch(message);
  });

  it('prints no escape sequence of an option back to the terminal', async () => {
    const { stderr } = await pare(['report', '--findings', 'x', '--format', '\u001b[2Jx\u202e']);
    expect(stderr.trimEnd()).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  });
});

describe('analyze', () => {
  beforeEach(() => {
    writeInventory(dir.path);
    writeFlowLogs(dir.path);
  });

  it('says of a rule without traffic on a covered interface that it can go, and keeps the used one', async () => {
    const out = dir.path('out', 'findings.json');
    const { code, stdout } = await pare([...analyzeArgs(dir.path), '--out', out, '--json']);
    expect(code).toBe(0);
    expect(readFileSync(out, 'utf8')).toBe(stdout);
    const document = findingsDocumentSchema.parse(JSON.parse(stdout));
    expect(document.rules.map((f) => [f.fromPort, f.action, f.usage.flows])).toEqual([
      [22, expect.stringMatching(/keep|narrow/), 20],
      [3389, 'remove', 0],
    ]);
    expect(document.replay.blocked).toBe(0);
    expect(readdirSync(dir.path('out'))).toEqual(['findings.json']);
  });

  it('gives the same bytes twice', async () => {
    const first = await pare([...analyzeArgs(dir.path), '--json']);
    const second = await pare([...analyzeArgs(dir.path), '--json', '--memory-limit', '100MB']);
    expect(first.stdout).not.toBe('');
    expect(second.stdout).toBe(first.stdout);
  });

  it('exits 2 for findings only when asked, and 0 when there are none', async () => {
    expect((await pare(analyzeArgs(dir.path))).code).toBe(0);
    expect((await pare([...analyzeArgs(dir.path), '--detailed-exitcode'])).code).toBe(2);
    const short = [...analyzeArgs(dir.path), '--window', '2d', '--detailed-exitcode'];
    expect((await pare(short)).code).toBe(0);
  });

  it('writes nothing to stderr with --quiet, and no colour into a pipe', async () => {
    const { stdout, stderr } = await pare([...analyzeArgs(dir.path), '--quiet', '--out', dir.path('f.json')]);
    expect(stderr).toBe('');
    expect(stdout).not.toContain('\u001b');
    expect(Math.max(...stdout.split('\n').map(columns))).toBeLessThanOrEqual(80);
  });

  it.each([
    ['no inventory', ['--inventory', 'nowhere'], /nowhere/],
    ['no flow logs', ['--flow-logs', 'nowhere'], /nowhere/],
  ])('exits 1 with one line when there is %s', async (_, extra, message) => {
    const { code, stdout, stderr } = await pare([...analyzeArgs(dir.path), ...extra], { cwd: dir.path() });
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expectOneLine(stderr);
    expect(stderr).toMatch(message);
  });

  it('keeps the old findings whole when the new ones cannot be made', async () => {
    writeFileSync(dir.path('f.json'), 'old');
    writeFileSync(dir.path('inventory', 'security-groups.json'), '{"SecurityGroups": [');
    const { code, stderr } = await pare([...analyzeArgs(dir.path), '--out', dir.path('f.json')]);
    expect(code).toBe(1);
    expectOneLine(stderr);
    expect(stderr).toContain('security-groups.json');
    expect(readFileSync(dir.path('f.json'), 'utf8')).toBe('old');
  });

  it.each(['SIGINT', 'SIGTERM'] as const)(
    'leaves nothing behind after %s, in the temporary folder or beside --out',
    async (signal) => {
      mkdirSync(dir.path('tmp'));
      mkdirSync(dir.path('out'));
      const { code, stdout, stderr } = await pare([...analyzeArgs(dir.path), '--out', dir.path('out', 'f.json')], {
        env: { TMPDIR: dir.path('tmp'), NODE_DISABLE_COMPILE_CACHE: '1' },
        started: (child) => {
          // Once the engine's scratch folder is there, the scan is under way.
          const timer = setInterval(() => {
            if (readdirSync(dir.path('tmp')).length === 0 && child.exitCode === null) return;
            clearInterval(timer);
            child.kill(signal);
          }, 2);
        },
      });
      expect(stderr).toContain(`pare: interrupted by ${signal}`);
      expect({ code, stdout }).toEqual({ code: 130, stdout: '' });
      expect(readdirSync(dir.path('tmp'))).toEqual([]);
      expect(readdirSync(dir.path('out'))).toEqual([]);
    },
  );
});

describe('report and explain', () => {
  let findings: string;
  beforeEach(() => {
    findings = writeFindings(dir.path);
  });

  it('writes several formats into a folder, or none', async () => {
    const args = ['report', '--findings', findings, '--format', 'html,sarif,markdown,csv,json,junit,table', '--out'];
    expect((await pare([...args, dir.path('out')])).code).toBe(0);
    const names = ['csv', 'html', 'json', 'junit.xml', 'md', 'sarif', 'txt'].map((end) => `report.${end}`);
    expect(readdirSync(dir.path('out')).sort()).toEqual(names);
    mkdirSync(dir.path('blocked', 'report.json'), { recursive: true });
    const { code, stderr } = await pare([...args, dir.path('blocked')]);
    expect(code).toBe(1);
    expectOneLine(stderr);
    expect(stderr).toContain('report.json: cannot write: is a folder');
    expect(readdirSync(dir.path('blocked'))).toEqual(['report.json']);
  });

  it.each([
    ['page.html', 'page.html'],
    ['new', 'new/report.html'],
    ['new/', 'new/report.html'],
  ])('takes --out %s for %s', async (out, file) => {
    expect((await pare(['report', '--findings', findings, '--format', 'html', '--out', dir.path(out)])).code).toBe(0);
    expect(readFileSync(dir.path(file), 'utf8')).toMatch(/^<!doctype html>/);
  });

  it('stops quietly when the reader of a pipe has had enough', async () => {
    const { code, stderr } = await pare(['report', '--findings', manyFindings(dir.path, 3_000), '--format', 'csv'], {
      started: (child) => child.stdout!.destroy(),
    });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });

  it.each([
    ['a cut file', '{"schemaVersion": 1, "rules": [', /not valid JSON/],
    ['an empty file', '', /is empty/],
    ['another document', '{"a": 1}', /no schemaVersion/],
    ['a newer version', '{"schemaVersion": 7}', /schemaVersion is 7.*newer/],
    ['a wrong field', '{"schemaVersion": 1, "window": {"from": "yesterday"}}', /bad\.json:window\.from: /],
  ])('names the file and the place for %s', async (_, text, message) => {
    writeFileSync(dir.path('bad.json'), text);
    const { code, stderr } = await pare(['report', '--findings', dir.path('bad.json')]);
    expect(code).toBe(1);
    expectOneLine(stderr);
    expect(stderr).toMatch(message);
  });

  it('explains a rule by either id, lists a group, and exits 3 for an id that is not there', async () => {
    const byRule = await pare(['explain', 'sgr-00005000500050005', '--findings', findings]);
    const byFinding = await pare(['explain', 'f-0005000500050005', '--findings', findings]);
    expect(byRule.code).toBe(0);
    expect(byRule.stdout).toContain('What would change');
    expect(byFinding.stdout).toBe(byRule.stdout);
    const group = await pare(['explain', 'sg-0a11ce0000000002', '--findings', findings]);
    expect(group.stdout.match(/^ {2}sgr-/gm)).toHaveLength(4);
    const none = await pare(['explain', 'sgr-000050', '--findings', findings]);
    expect(none.code).toBe(3);
    expectOneLine(none.stderr);
    expect(none.stderr).toContain('for example sgr-00005000500050005');
  });

  it('prints a stack for --debug only', async () => {
    const args = ['report', '--findings', dir.path('nowhere.json')];
    expectOneLine((await pare(args)).stderr);
    expect((await pare([...args, '--debug'])).stderr).toMatch(/\n {4}at /);
  });
});
