import * as fs from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as git from 'isomorphic-git';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { PareError } from '../../analyzer/model/problem.ts';
import { EXIT, type Runtime } from '../../bot/cli/runtime.ts';
import { applyToGitHub } from '../../bot/cli/work/apply-github.ts';
import { createPlatform } from '../../bot/github/platform/github.ts';
import { isOwnCommit } from '../../bot/github/pulls/own.ts';
import { document, finding } from '../change/fake.ts';
import { type Emulated, emulated } from './emulated.ts';
import { fakeClock } from './fake-platform.ts';

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
const SSH = '        - IpProtocol: tcp\n          FromPort: 22\n          ToPort: 22\n          CidrIp: 10.0.0.0/8\n';
const repository = { owner: 'pare', name: 'infra' };
const RULES = [finding('sg-1', '22', '10.0.0.0/8', 'remove'), finding('sg-1', '443', '10.0.0.0/8', 'keep')];

let github: Emulated;
let proxy: Server;
let url = '';
let dir = '';

beforeAll(async () => {
  github = await emulated();
  // The command speaks HTTP by itself; in between every exchange is held against GitHub's description.
  proxy = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString();
    const headers = { authorization: request.headers.authorization ?? '', 'content-type': 'application/json' };
    try {
      const path = (request.url ?? '').replace(/^\/api(?:\/v3)?/, '');
      const method = request.method ?? 'GET';
      const answer = await github.fetch(`${github.emulator.url}${path}`, {
        method,
        headers,
        ...(body === '' ? {} : { body }),
      });
      response.writeHead(answer.status, Object.fromEntries(answer.headers)).end(await answer.text());
    } catch (error) {
      response.writeHead(418).end(JSON.stringify({ message: String(error) }));
    }
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}/api/v3`;
});
afterAll(async () => {
  proxy.close();
  await github.close();
});

beforeEach(() => {
  dir = fs.realpathSync(fs.mkdtempSync(join(tmpdir(), 'pare-github-')));
  fs.mkdirSync(join(dir, 'inventory'));
  const group = {
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
  };
  const write = (name: string, value: unknown) => fs.writeFileSync(join(dir, name), JSON.stringify(value));
  write('inventory/security-groups.json', { SecurityGroups: [group] });
  write('inventory/security-group-rules.json', { SecurityGroupRules: [] });
  write('inventory/network-interfaces.json', { NetworkInterfaces: [] });
  write('findings.json', document(RULES));
});
afterEach(() => fs.rmSync(dir, { recursive: true, force: true }));

function platform() {
  return createPlatform({ client: github.client('token-pare'), repository, clock: fakeClock() });
}

async function api<T>(path: string): Promise<T> {
  const answer = await fetch(`${github.emulator.url}/repos/pare/infra${path}`, {
    headers: { authorization: 'token token-pare' },
  });
  return (await answer.json()) as T;
}

interface GitCommit {
  sha: string;
  message: string;
  tree: { sha: string };
  parents: { sha: string }[];
  author: { name: string; email: string; date: string };
}

/** A clone of the default branch: the same objects with the same ids, so that the checkout is at the very tip. */
async function clone(): Promise<string> {
  const repo = join(dir, 'repo');
  await git.init({ fs, dir: repo, defaultBranch: 'main' });
  const copyTree = async (sha: string): Promise<void> => {
    const { tree } = await api<{ tree: { path: string; mode: string; type: 'blob' | 'tree'; sha: string }[] }>(
      `/git/trees/${sha}`,
    );
    for (const one of tree) {
      if (one.type === 'tree') await copyTree(one.sha);
      else {
        const { content } = await api<{ content: string }>(`/git/blobs/${one.sha}`);
        await git.writeBlob({ fs, dir: repo, blob: Buffer.from(content, 'base64') });
      }
    }
    const entries = tree.map(({ path, mode, type, sha: oid }) => ({ path, mode: mode.padStart(6, '0'), type, oid }));
    expect(await git.writeTree({ fs, dir: repo, tree: entries })).toBe(sha);
  };
  const copyCommit = async (sha: string): Promise<void> => {
    const one = await api<GitCommit>(`/git/commits/${sha}`);
    for (const parent of one.parents) await copyCommit(parent.sha);
    await copyTree(one.tree.sha);
    const person = { ...one.author, timestamp: Math.floor(Date.parse(one.author.date) / 1000), timezoneOffset: 0 };
    const commit = {
      tree: one.tree.sha,
      parent: one.parents.map((parent) => parent.sha),
      author: person,
      committer: person,
      message: `${one.message}\n`,
    };
    expect(await git.writeCommit({ fs, dir: repo, commit })).toBe(sha);
  };
  const { head } = await platform().facts();
  await copyCommit(head);
  await git.writeRef({ fs, dir: repo, ref: 'refs/heads/main', value: head, force: true });
  await git.checkout({ fs, dir: repo, ref: 'main', force: true });
  return repo;
}

interface Told {
  runtime: Runtime;
  out: string[];
  notes: string[];
}

function told(): Told {
  const out: string[] = [];
  const notes: string[] = [];
  const runtime: Runtime = {
    write: async (text) => void out.push(text),
    note: (_, text) => void notes.push(text),
    progress: { report: () => {}, clear: () => {} },
    signal: new AbortController().signal,
    color: false,
    width: 120,
  };
  return { runtime, out, notes };
}

function options(source: string) {
  return {
    findings: join(dir, 'findings.json'),
    inventory: join(dir, 'inventory'),
    source,
    github: 'pare/infra',
    githubUrl: url,
  };
}

const WITH_TOKEN = { GITHUB_TOKEN: 'token-pare' };

describe('pare apply --github', () => {
  it('opens the pull request with a commit on the tip, and writes nothing when run again', async () => {
    const p = platform();
    const { head } = await p.facts();
    const files = [{ path: 'infra/cfn/web.yaml', before: null, after: TEMPLATE }];
    const made = await p.makeCommit({ parent: head, files, message: 'add the template\n' });
    if (made.state !== 'made') throw new Error('stale');
    await fetch(`${github.emulator.url}/repos/pare/infra/git/refs/heads/main`, {
      method: 'PATCH',
      headers: { authorization: 'token token-pare', 'content-type': 'application/json' },
      body: JSON.stringify({ sha: made.commit }),
    });
    const repo = await clone();
    const first = told();
    const code = await applyToGitHub(options(join(repo, 'infra')), first.runtime, WITH_TOKEN);
    expect([code, first.notes.filter((one) => !one.includes('dashboard'))]).toEqual([EXIT.clean, []]);
    expect(first.out.join('')).toContain('fix(cfn/web.yaml): remove 1 unused rule');

    const [pull] = await p.pulls();
    expect(pull).toMatchObject({ state: 'open', draft: false, labels: ['pare'], base: 'main' });
    expect(pull!.commits.map(isOwnCommit)).toEqual([true]);
    expect(pull!.commits[0]!.parents).toEqual([made.commit]);
    expect(await p.readFile(pull!.head, 'infra/cfn/web.yaml')).toBe(TEMPLATE.replace(SSH, ''));
    expect(await p.readFile(pull!.head, 'README.md')).toContain('infra');

    const before = github.exchanges.length;
    const second = told();
    await applyToGitHub(options(join(repo, 'infra')), second.runtime, WITH_TOKEN);
    expect(second.out.join('')).toContain('nothing changed');
    expect(github.exchanges.slice(before).filter((one) => one.method !== 'GET')).toEqual([]);

    // Somebody else's commit on main: edits proved on another tree must not be put on it.
    fs.writeFileSync(join(repo, 'other.txt'), 'x');
    await git.add({ fs, dir: repo, filepath: 'other.txt' });
    await git.commit({ fs, dir: repo, message: 'ahead', author: { name: 'Ada', email: 'ada@example.com' } });
    await expect(applyToGitHub(options(join(repo, 'infra')), told().runtime, WITH_TOKEN)).rejects.toMatchObject({
      problem: { code: 'git-not-at-head' },
    });
    fs.writeFileSync(join(repo, 'infra/cfn/web.yaml'), '# edited\n');
    await expect(applyToGitHub(options(join(repo, 'infra')), told().runtime, WITH_TOKEN)).rejects.toMatchObject({
      problem: { code: 'git-dirty' },
    });
  });

  it.each([
    ['pare/infra', {}, 'GITHUB_TOKEN is empty'],
    ['infra', WITH_TOKEN, '"infra" names no repository'],
    ['a/b/c', WITH_TOKEN, 'names no repository'],
    ['../..', WITH_TOKEN, 'names no repository'],
    ['a/..', WITH_TOKEN, 'names no repository'],
  ])('says of %s with %j what is wrong', async (name, environment, message) => {
    const error = (await applyToGitHub({ ...options(dir), github: name }, told().runtime, environment).catch(
      (one: unknown) => one,
    )) as PareError;
    expect(error.message).toContain(message);
  });
});
