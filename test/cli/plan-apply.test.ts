import * as fs from 'node:fs';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as git from 'isomorphic-git';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readMarker } from '../../bot/change/body/marker.ts';
import { proposalsSchema } from '../../bot/change/proposals.ts';
import { readSource } from '../../bot/cli/read-source.ts';
import { EXIT, Interrupted, type Runtime } from '../../bot/cli/runtime.ts';
import { apply, blobAfter } from '../../bot/cli/work/apply.ts';
import { plan } from '../../bot/cli/work/plan.ts';
import { document, finding } from '../change/fake.ts';

const TEMPLATE = `Resources:
  Web:
    Type: AWS::EC2::SecurityGroup
    Properties:
      GroupDescription: web
      SecurityGroupIngress:
        - IpProtocol: tcp
          FromPort: 22
          ToPort: 22
          CidrIp: 10.0.0.0/8
        - IpProtocol: tcp
          FromPort: 443
          ToPort: 443
          CidrIp: 10.0.0.0/8
`;
const SSH = `        - IpProtocol: tcp
          FromPort: 22
          ToPort: 22
          CidrIp: 10.0.0.0/8
`;
const WITHOUT_SSH = TEMPLATE.replace(SSH, '');
const HUMAN = { name: 'Ada', email: 'ada@example.com', timestamp: 1_790_000_000, timezoneOffset: 0 };

interface Told {
  runtime: Runtime;
  out: string[];
  notes: string[];
}

function told(signal = new AbortController().signal): Told {
  const out: string[] = [];
  const notes: string[] = [];
  const runtime: Runtime = {
    write: async (text) => void out.push(text),
    note: (_, text) => void notes.push(text),
    progress: { report: () => {}, clear: () => {} },
    signal,
    color: false,
    width: 80,
  };
  return { runtime, out, notes };
}

let dir = '';
let repo = '';

beforeEach(async () => {
  dir = fs.realpathSync(mkdtempSync(join(tmpdir(), 'pare-cli-')));
  repo = join(dir, 'repo');
  mkdirSync(join(repo, 'infra/cfn'), { recursive: true });
  writeFileSync(join(repo, 'infra/cfn/web.yaml'), TEMPLATE);
  await git.init({ fs, dir: repo, defaultBranch: 'main' });
  await git.add({ fs, dir: repo, filepath: 'infra/cfn/web.yaml' });
  await git.commit({ fs, dir: repo, message: 'first', author: HUMAN });
  const inventory = join(dir, 'inventory');
  mkdirSync(inventory);
  const groups = [
    {
      GroupId: 'sg-1',
      GroupName: 'web',
      OwnerId: '111111111111',
      VpcId: 'vpc-1',
      Description: 'web',
      SecurityGroupArn: 'arn:aws:ec2:eu-west-1:111111111111:security-group/sg-1',
      IpPermissions: [],
      IpPermissionsEgress: [],
      Tags: [
        { Key: 'aws:cloudformation:stack-name', Value: 'web' },
        { Key: 'aws:cloudformation:logical-id', Value: 'Web' },
      ],
    },
  ];
  writeFileSync(join(inventory, 'security-groups.json'), JSON.stringify({ SecurityGroups: groups }));
  writeFileSync(join(inventory, 'security-group-rules.json'), JSON.stringify({ SecurityGroupRules: [] }));
  writeFileSync(join(inventory, 'network-interfaces.json'), JSON.stringify({ NetworkInterfaces: [] }));
  writeFindings();
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

function writeFindings(change = (text: string) => text): void {
  const rules = [finding('sg-1', '22', '10.0.0.0/8', 'remove'), finding('sg-1', '443', '10.0.0.0/8', 'keep')];
  writeFileSync(join(dir, 'findings.json'), change(JSON.stringify(document(rules))));
}

const options = () => ({
  findings: join(dir, 'findings.json'),
  source: join(repo, 'infra'),
  inventory: join(dir, 'inventory'),
});
const out = () => join(dir, 'out');

describe('pare plan', () => {
  it('writes a patch that starts at the root of the repository, a body and proposals.json, and changes nothing else', async () => {
    const { runtime, out: stdout } = told();
    expect(await plan({ ...options(), out: out() }, runtime)).toBe(EXIT.clean);
    const proposals = proposalsSchema.parse(JSON.parse(readFileSync(join(out(), 'proposals.json'), 'utf8')));
    const [batch] = proposals.batches;
    expect(batch).toMatchObject({ key: 'cloudformation:cfn/web.yaml', files: ['cfn/web.yaml'] });
    const patch = readFileSync(join(out(), batch!.patch), 'utf8');
    expect(patch).toContain('--- a/infra/cfn/web.yaml\n+++ b/infra/cfn/web.yaml\n');
    const body = readFileSync(join(out(), batch!.body), 'utf8');
    expect(readMarker(body)?.findings).toEqual(batch!.proposals.map((one) => one.findingId));
    expect(readFileSync(join(repo, 'infra/cfn/web.yaml'), 'utf8')).toBe(TEMPLATE);
    expect(stdout.join('')).toContain('cfn/web.yaml');
    for (const line of stdout.join('').split('\n')) expect(line.length).toBeLessThanOrEqual(80);
  });

  it('gives the same files in every run, and removes what an earlier plan had and this one has not', async () => {
    await plan({ ...options(), out: out() }, told().runtime);
    const read = () => readdirSync(out(), { recursive: true, encoding: 'utf8' }).sort();
    const files = read();
    const text = readFileSync(join(out(), 'proposals.json'), 'utf8');
    writeFileSync(join(out(), 'patches/mine.patch'), 'a file of the user');
    await plan({ ...options(), out: out() }, told().runtime);
    expect(readFileSync(join(out(), 'proposals.json'), 'utf8')).toBe(text);
    writeFindings((json) => json.replace('"remove"', '"keep"'));
    await plan({ ...options(), out: out() }, told().runtime);
    expect(files.filter((path) => /\.(patch|md)$/.test(path))).toHaveLength(2);
    expect(read().filter((path) => /\.(patch|md)$/.test(path))).toEqual(['patches/mine.patch']);
  });

  it('exits with 2 when asked to and there is something to change', async () => {
    expect(await plan({ ...options(), out: out(), detailedExitcode: true }, told().runtime)).toBe(EXIT.findings);
  });

  it('stops on Ctrl-C and leaves nothing behind', async () => {
    const controller = new AbortController();
    controller.abort(new Interrupted('SIGINT'));
    await expect(plan({ ...options(), out: out() }, told(controller.signal).runtime)).rejects.toThrow(/interrupted/);
    expect(existsSync(out())).toBe(false);
  });

  it('proposes nothing from findings whose replay blocks traffic', async () => {
    writeFindings((json) => json.replace('"blocked":0', '"blocked":3'));
    await expect(plan({ ...options(), out: out() }, told().runtime)).rejects.toThrow(/blocks 3 connection classes/);
    expect(existsSync(out())).toBe(false);
  });

  it.each([
    ['a folder that is missing', () => ({ ...options(), source: join(dir, 'none') }), /none: cannot read/],
    ['a file as source', () => ({ ...options(), source: join(dir, 'findings.json') }), /is no folder/],
    [
      'findings that are missing',
      () => ({ ...options(), findings: join(dir, 'none.json') }),
      /none\.json: cannot read/,
    ],
    ['a state that is missing', () => ({ ...options(), state: [join(dir, 'none.tfstate')] }), /none\.tfstate: /],
    ['a stack file that is missing', () => ({ ...options(), stack: [join(dir, 'none.json')] }), /none\.json: /],
  ])('says in one line what is wrong with %s', async (_, make, message) => {
    const failed = await plan({ ...make(), out: out() }, told().runtime).catch((error: unknown) => error);
    expect(String(failed)).toMatch(message);
    expect(String(failed)).not.toContain('\n');
    expect(existsSync(out())).toBe(false);
  });

  it('refuses the state of another workspace, and names the file', async () => {
    const state = {
      version: 4,
      terraform_version: '1.9.0',
      serial: 1,
      lineage: 'x',
      outputs: {},
      resources: [
        {
          mode: 'managed',
          type: 'aws_security_group',
          name: 'web',
          provider: 'provider["registry.terraform.io/hashicorp/aws"]',
          instances: [{ schema_version: 1, attributes: { id: 'sg-999', ingress: [], egress: [] } }],
        },
      ],
    };
    const file = join(dir, 'other.tfstate');
    writeFileSync(file, JSON.stringify(state));
    const run = plan({ ...options(), out: out(), state: [file] }, told().runtime);
    await expect(run).rejects.toThrow(
      /other\.tfstate: none of the 1 security groups of this state \(sg-999\) is in the inventory/,
    );
  });
});

describe('pare apply', () => {
  const branch = async () => (await git.listBranches({ fs, dir: repo })).find((name) => name.startsWith('pare/'));

  it('commits the batch to a branch and leaves the working tree alone', async () => {
    const { runtime } = told();
    expect(await apply(options(), runtime)).toBe(EXIT.clean);
    const name = (await branch())!;
    const oid = await git.resolveRef({ fs, dir: repo, ref: name });
    const { blob } = await git.readBlob({ fs, dir: repo, oid, filepath: 'infra/cfn/web.yaml' });
    expect(Buffer.from(blob).toString('utf8')).toBe(WITHOUT_SSH);
    expect(readFileSync(join(repo, 'infra/cfn/web.yaml'), 'utf8')).toBe(TEMPLATE);
    expect(await git.currentBranch({ fs, dir: repo })).toBe('main');
    const { commit } = await git.readCommit({ fs, dir: repo, oid });
    expect(commit.message).toContain('Pare-Batch: cloudformation:cfn/web.yaml');
  });

  it('changes nothing when run again', async () => {
    await apply(options(), told().runtime);
    const before = await git.resolveRef({ fs, dir: repo, ref: (await branch())! });
    const { runtime, out: stdout } = told();
    await apply(options(), runtime);
    expect(stdout.join('')).toContain('unchanged');
    expect(await git.resolveRef({ fs, dir: repo, ref: (await branch())! })).toBe(before);
  });

  it('law 8: leaves a branch alone on which somebody committed, and says whose it is', async () => {
    await apply(options(), told().runtime);
    const name = (await branch())!;
    const tip = await git.resolveRef({ fs, dir: repo, ref: name });
    const { tree } = (await git.readCommit({ fs, dir: repo, oid: tip })).commit;
    const commit = { message: 'mine\n', tree, parent: [tip], author: HUMAN, committer: HUMAN };
    const human = await git.writeCommit({ fs, dir: repo, commit });
    await git.writeRef({ fs, dir: repo, ref: `refs/heads/${name}`, value: human, force: true });
    const { runtime, out: stdout, notes } = told();
    await apply(options(), runtime);
    expect(await git.resolveRef({ fs, dir: repo, ref: name })).toBe(human);
    expect(stdout.join('')).toContain('hands-off');
    expect(notes.join('\n')).toContain('ada@example.com');
  });

  it('refuses a dirty tree and names the files, before it reads anything else', async () => {
    writeFileSync(join(repo, 'infra/cfn/web.yaml'), `${TEMPLATE}# changed\n`);
    await expect(apply(options(), told().runtime)).rejects.toThrow(
      /not committed: infra\/cfn\/web\.yaml; commit or stash/,
    );
    expect(await branch()).toBeUndefined();
  });

  it('refuses a template that is not committed', async () => {
    rmSync(join(repo, '.git'), { recursive: true });
    await git.init({ fs, dir: repo, defaultBranch: 'main' });
    writeFileSync(join(repo, 'README.md'), 'x');
    await git.add({ fs, dir: repo, filepath: 'README.md' });
    await git.commit({ fs, dir: repo, message: 'first', author: HUMAN });
    await expect(apply(options(), told().runtime)).rejects.toThrow(
      /infra\/cfn\/web\.yaml: the file is not in the last commit/,
    );
  });

  it('says so where there is no repository', async () => {
    rmSync(join(repo, '.git'), { recursive: true });
    await expect(apply(options(), told().runtime)).rejects.toThrow(/not inside a git repository.*use pare plan/);
  });
});

describe('blobAfter', () => {
  const change = { path: 'a.tf', before: 'a\r\nb\r\n', after: 'b\r\n' };
  it('writes the bytes of the edit', () => {
    expect(Buffer.from(blobAfter(change, Buffer.from('a\r\nb\r\n'), 'a.tf')).toString()).toBe('b\r\n');
  });
  it('carries the edit over where the blob has LF and the working tree CRLF', () => {
    expect(Buffer.from(blobAfter(change, Buffer.from('a\nb\n'), 'a.tf')).toString()).toBe('b\n');
  });
  it('refuses any other difference', () => {
    expect(() => blobAfter(change, Buffer.from('version https://git-lfs'), 'a.tf')).toThrow(
      /not the one that is committed/,
    );
  });
});

describe('readSource', () => {
  it('reads sources and vendored modules, and leaves out what is none, with a note where it might matter', async () => {
    const source = join(dir, 'tree');
    const put = (path: string, data: string | Uint8Array) => {
      mkdirSync(join(source, path, '..'), { recursive: true });
      writeFileSync(join(source, path), data);
    };
    put('main.tf', '\uFEFFa\r\n');
    put('node_modules/x/main.tf', 'no');
    put('.git/x.tf', 'no');
    put('.terraform/providers/x.tf', 'no');
    put('.terraform/modules/m/main.tf', 'yes');
    put('.terraform/modules/modules.json', '{}');
    put('live.tfstate', 'no');
    put('image.png', 'no');
    put('bad.tf', Buffer.from([0x61, 0xff, 0xfe]));
    put('huge.json', Buffer.alloc(5 * 1024 * 1024, 0x20));
    writeFileSync(join(dir, 'outside.tf'), 'secret');
    symlinkSync(join(dir, 'outside.tf'), join(source, 'link.tf'));
    symlinkSync(dir, join(source, 'loop'));
    const { tree, notes } = await readSource(source);
    expect(tree.files.map((file) => file.path)).toEqual([
      '.terraform/modules/m/main.tf',
      '.terraform/modules/modules.json',
      'main.tf',
    ]);
    expect(tree.get('main.tf')!.text).toBe('\uFEFFa\r\n');
    expect(notes.map((note) => [note.code, note.place.file])).toEqual([
      ['source-not-utf8', 'bad.tf'],
      ['source-too-large', 'huge.json'],
      ['source-symlink', 'link.tf'],
      ['source-symlink', 'loop'],
    ]);
  });
});
