import fs, {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { DuckDBInstance } from '@duckdb/node-api';
import git from 'isomorphic-git';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { analyzeArgs, FROM, writeFlowLogs, writeInventory } from '../cli/inputs.ts';
import { type Outcome, pare } from '../cli/pare.ts';

/** Node keeps compiled code in the temporary folder too; Pare's own folders begin with its name. */
function ours(names: readonly string[]): boolean {
  return names.some((name) => name.startsWith('pare-'));
}

/** Everything below the folder, so that a test can say that nothing was added. */
function listing(folder: string): string[] {
  return existsSync(folder) ? (readdirSync(folder, { recursive: true }) as string[]).sort() : [];
}

function oneLine(outcome: Outcome): string {
  const lines = outcome.stderr.split('\n').filter((line) => line.startsWith('pare: '));
  expect(lines, outcome.stderr).toHaveLength(1);
  expect(outcome.stderr).not.toContain('    at ');
  return lines[0]!;
}

describe('bad input to analyze gives one line with the file and the next step, exit 1, and nothing written', () => {
  let root: string;
  const at = (...parts: string[]): string => path.join(root, ...parts);
  beforeEach(() => {
    root = mkdtempSync(path.join(tmpdir(), 'pare-bad-'));
    writeInventory(at);
    writeFlowLogs(at);
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  async function refused(expected: RegExp, code = 1): Promise<void> {
    const before = listing(root);
    const outcome = await pare([...analyzeArgs(at), '--out', at('findings.json')]);
    expect(oneLine(outcome)).toMatch(expected);
    expect(outcome.code).toBe(code);
    expect(outcome.stdout).toBe('');
    expect(listing(root)).toEqual(before);
  }

  it('takes the good input that the others spoil', async () => {
    const outcome = await pare([...analyzeArgs(at), '--out', at('findings.json')]);
    expect(outcome.code, outcome.stderr).toBe(0);
    expect(existsSync(at('findings.json'))).toBe(true);
  });

  it('a missing file', async () => {
    rmSync(at('flow-logs'), { recursive: true });
    await refused(/flow-logs: .*; /);
  });

  it('a missing inventory file', async () => {
    rmSync(at('inventory', 'network-interfaces.json'));
    await refused(/network-interfaces\.json.*; .*describe-network-interfaces/);
  });

  it('half a gzip', async () => {
    const whole = gzipSync(readFileSync(at('flow-logs', 'log.txt')));
    writeFileSync(at('flow-logs', 'half.log.gz'), whole.subarray(0, Math.floor(whole.length / 2)));
    await refused(/half\.log\.gz: .*; .*--skip-unreadable/);
  });

  it('a Parquet file with other columns', async () => {
    const instance = await DuckDBInstance.create(':memory:');
    const connection = await instance.connect();
    await connection.run(`COPY (SELECT 1 AS a, 'x' AS b) TO '${at('flow-logs', 'other.parquet')}' (FORMAT parquet)`);
    connection.closeSync();
    instance.closeSync();
    await refused(/other\.parquet: .*; /);
  });

  it('a header without interface-id', async () => {
    writeFileSync(
      at('flow-logs', 'b.log'),
      `version srcaddr dstaddr srcport dstport protocol start end action log-status\n2 10.0.0.1 10.0.0.2 1 2 6 ${FROM} ${FROM + 60} ACCEPT OK\n`,
    );
    await refused(/b\.log:1: .*interface-id.*; /);
  });

  it('an inventory that is no JSON, with the line', async () => {
    writeFileSync(at('inventory', 'security-groups.json'), '{\n "SecurityGroups": [\n  {,\n');
    await refused(/security-groups\.json:3: .*; /);
  });

  it('an inventory that lacks a group worn by an interface: no error, but a warning and nothing advised there', async () => {
    const file = at('inventory', 'network-interfaces.json');
    const text = readFileSync(file, 'utf8').replace(
      '"Groups":[',
      '"Groups":[{"GroupId":"sg-0000000000000dead","GroupName":"gone"},',
    );
    writeFileSync(file, text);
    const outcome = await pare([...analyzeArgs(at), '--out', at('findings.json')]);
    expect(outcome.code, outcome.stderr).toBe(0);
    const document = JSON.parse(readFileSync(at('findings.json'), 'utf8')) as {
      warnings: { message: string; next: string }[];
    };
    expect(document.warnings.some((w) => w.message.includes('sg-0000000000000dead') && w.next !== '')).toBe(true);
  });

  it('Ctrl-C while records are read: exit 130, nothing left', async () => {
    const temp = mkdtempSync(path.join(tmpdir(), 'pare-bad-temp-'));
    const before = listing(root);
    const shop = path.resolve('examples/shop');
    try {
      const outcome = await pare(
        [
          ...['analyze', '--inventory', path.join(shop, 'inventory'), '--flow-logs', path.join(shop, 'flow-logs')],
          ...['--out', at('findings.json')],
        ],
        {
          env: { TMPDIR: temp },
          started: (child) => {
            const watch = setInterval(() => {
              if (!ours(readdirSync(temp))) return;
              clearInterval(watch);
              child.kill('SIGINT');
            }, 5);
            child.once('close', () => clearInterval(watch));
          },
        },
      );
      expect(outcome.code, outcome.stderr).toBe(130);
      expect(listing(root)).toEqual(before);
      expect(readdirSync(temp).filter((name) => name !== 'node-compile-cache')).toEqual([]);
    } finally {
      rmSync(temp, { recursive: true, force: true });
    }
  });
});

describe('bad input to plan and apply', () => {
  const shop = path.resolve('examples/shop');
  let root: string;
  let repository: string;
  let findings: string;
  const author = { name: 'Shop', email: 'shop@example.com', timestamp: 1_790_812_800, timezoneOffset: 0 };

  beforeAll(async () => {
    root = mkdtempSync(path.join(tmpdir(), 'pare-bad-plan-'));
    findings = path.join(root, 'findings.json');
    const outcome = await pare([
      ...[
        'analyze',
        '--inventory',
        path.join(shop, 'inventory'),
        '--flow-logs',
        path.join(shop, 'flow-logs', 'shop-logs'),
      ],
      ...['--config-history', path.join(shop, 'config-history'), '--out', findings],
    ]);
    expect(outcome.code, outcome.stderr).toBe(0);
  }, 120_000);
  beforeEach(async () => {
    repository = mkdtempSync(path.join(root, 'repository-'));
    cpSync(path.join(shop, 'terraform'), path.join(repository, 'terraform'), { recursive: true });
    await git.init({ fs, dir: repository, defaultBranch: 'main' });
    await git.add({ fs, dir: repository, filepath: '.' });
    await git.commit({ fs, dir: repository, message: 'start', author });
  });
  afterAll(() => rmSync(root, { recursive: true, force: true }));

  const args = (command: string, state: string): string[] => [
    ...[command, '--findings', findings, '--source', repository, '--state', `terraform/network=${state}`],
    ...['--out', path.join(repository, '..', `plan-${path.basename(repository)}`)],
  ];
  const goodState = path.join(shop, 'state', 'network.tfstate');
  const planned = (): string => path.join(root, `plan-${path.basename(repository)}`);
  const branches = (): Promise<string[]> => git.listBranches({ fs, dir: repository });

  it('takes the good input that the others spoil', async () => {
    const outcome = await pare(args('apply', goodState));
    expect(outcome.code, outcome.stderr).toBe(0);
    expect((await branches()).length).toBeGreaterThan(1);
  });

  it('a dirty tree: one line that names the file, exit 1, no branch', async () => {
    writeFileSync(path.join(repository, 'terraform', 'network', 'web.tf'), '# changed\n');
    const outcome = await pare(args('apply', goodState));
    expect(oneLine(outcome)).toMatch(/terraform\/network\/web\.tf.*; /);
    expect(outcome.code).toBe(1);
    expect(await branches()).toEqual(['main']);
    expect(existsSync(planned())).toBe(false);
  });

  it('the state of another workspace: one line that names it, exit 1, nothing written', async () => {
    const other = path.join(root, 'other.tfstate');
    writeFileSync(other, readFileSync(goodState, 'utf8').replaceAll(/\bsg-0/g, 'sg-f'));
    const outcome = await pare(args('plan', other));
    expect(oneLine(outcome)).toMatch(/other\.tfstate.*; /);
    expect(outcome.code).toBe(1);
    expect(existsSync(planned())).toBe(false);
  });

  it('invalid HCL: the file is named with its line, its rules are refused, and the others still have their edits', async () => {
    const file = path.join(repository, 'terraform', 'network', 'data.tf');
    writeFileSync(
      file,
      `${readFileSync(file, 'utf8')}\nresource "aws_security_group_rule" "broken" {\n  cidr_blocks = [\n`,
    );
    await git.add({ fs, dir: repository, filepath: '.' });
    await git.commit({ fs, dir: repository, message: 'break it', author });
    const outcome = await pare(args('plan', goodState));
    expect(outcome.code, outcome.stderr).toBe(0);
    expect(outcome.stderr).toMatch(/terraform\/network\/data\.tf:\d+/);
    const patches = readdirSync(path.join(planned(), 'patches')).map((name) =>
      readFileSync(path.join(planned(), 'patches', name), 'utf8'),
    );
    expect(patches.join('')).not.toContain('data.tf');
    expect(patches.join('')).toContain('web.tf');
  });

  it('findings that are no findings: exit 1 and the place', async () => {
    const bad = path.join(root, 'bad.json');
    mkdirSync(root, { recursive: true });
    writeFileSync(bad, '{"schemaVersion": 1, "rules": 7}');
    const outcome = await pare(['plan', '--findings', bad, '--source', repository]);
    expect(oneLine(outcome)).toMatch(/bad\.json.*; /);
    expect(outcome.code).toBe(1);
  });
});
