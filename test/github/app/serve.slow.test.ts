import { type ChildProcess, spawn } from 'node:child_process';
import { createHmac, generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { FakeRepository, fakeClock } from '../fake-platform.ts';
import { type Host, startHost } from '../kill/host.ts';

const PARE = fileURLToPath(new URL('../../../bot/cli/pare.mjs', import.meta.url));
const SECRET = '0f9d8c7b6a5e4d3c2b1a0f9e8d7c6b5a';
const KEY = generateKeyPairSync('rsa', { modulusLength: 2048 })
  .privateKey.export({ type: 'pkcs1', format: 'pem' })
  .toString();

let dir = '';
let host: Host;
let repository: FakeRepository;
beforeAll(async () => {
  host = await startHost();
});
afterAll(() => host.close());
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'pare-serve-'));
  mkdirSync(join(dir, 'findings'));
  writeFileSync(join(dir, 'key.pem'), KEY);
  repository = new FakeRepository({ 'README.md': 'x' }, fakeClock());
  repository.permissions.set('alice', 'write');
  host.load(repository);
  return () => rmSync(dir, { recursive: true, force: true });
});

interface Started {
  child: ChildProcess;
  url: string;
  said(): string;
  /** Exit code, or the signal that ended it. */
  ended: Promise<number | NodeJS.Signals>;
}

/** The command as somebody would start it; resolves when it listens or has ended. */
async function start(more: Record<string, string> = {}): Promise<Started> {
  const options = ['--findings', join(dir, 'findings'), '--state', join(dir, 'state'), '--port', '0'];
  const child = spawn(process.execPath, [PARE, 'serve', ...options, '--github-url', host.url], {
    env: {
      PATH: process.env.PATH,
      HOME: dir,
      APP_ID: '7',
      PRIVATE_KEY_FILE: join(dir, 'key.pem'),
      WEBHOOK_SECRET: SECRET,
      ...more,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  const ended = once(child, 'exit').then(([code, signal]) => (signal ?? code) as number | NodeJS.Signals);
  const listening = new Promise<string>((resolve) => {
    child.stderr!.on('data', (part: Buffer) => {
      said += String(part);
      const found = /listening on 127\.0\.0\.1:(\d+)/.exec(said);
      if (found !== null) resolve(`http://127.0.0.1:${found[1]}`);
    });
  });
  const url = await Promise.race([listening, ended.then(() => '')]);
  return { child, url, said: () => said, ended };
}

function comment(body: string): string {
  repository.commentsOf(7).push({ id: 9, body, author: 'alice', own: false, createdAt: 1_790_000_000 });
  return JSON.stringify({
    action: 'created',
    repository: { full_name: 'acme/infra', name: 'infra', owner: { login: 'acme' } },
    sender: { login: 'alice', type: 'User' },
    installation: { id: 1 },
    issue: { number: 7 },
    comment: { id: 9, body },
  });
}

async function deliver(url: string, body: string, id: string, secret: string | null = SECRET): Promise<number> {
  const signature = secret === null ? null : `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;
  const answer = await fetch(`${url}/api/github/webhooks`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'x-github-event': 'issue_comment',
      'x-github-delivery': id,
      ...(signature === null ? {} : { 'x-hub-signature-256': signature }),
    },
    body,
  });
  return answer.status;
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 50));
}

const replies = () => repository.commentsOf(7).filter((one) => one.own);

describe('pare serve, as a process', () => {
  it('listens, says that it lives, obeys a signed comment, stops on SIGTERM, and takes no delivery twice', async () => {
    repository.issues.push({
      number: 7,
      url: 'u',
      title: 't',
      body: 'b',
      state: 'open',
      labels: [],
      author: repository.viewer,
      comments: [],
    });
    const first = await start();
    const get = async (path: string) => (await fetch(`${first.url}${path}`)).status;
    expect([await get('/healthz'), await get('/readyz'), await get('/nothing')]).toEqual([200, 200, 404]);

    const body = comment('/pare help');
    expect(await deliver(first.url, body, 'one', null)).toBe(400);
    expect(await deliver(first.url, body, 'one', 'development')).toBe(400);
    expect(await deliver(first.url, body, 'one', '')).toBe(400);
    expect(await deliver(first.url, body, 'one')).toBe(200);
    await until(() => replies().length > 0);
    expect(replies()[0]!.body).toContain('`/pare keep RULE');

    first.child.kill('SIGTERM');
    expect(await first.ended).toBe(0);
    await expect(fetch(`${first.url}/healthz`)).rejects.toThrow();
    expect(first.said()).not.toMatch(/error/i);

    const second = await start();
    const asked = host.asked.length;
    expect(await deliver(second.url, body, 'one')).toBe(200);
    await until(() => second.said().includes('delivery seen before'));
    second.child.kill('SIGTERM');
    expect(await second.ended).toBe(0);
    expect(replies()).toHaveLength(1);
    expect(host.asked.slice(asked).filter((one) => one.startsWith('POST') && !one.includes('/access_tokens'))).toEqual(
      [],
    );
  });

  it('takes up after kill -9 what it had stored', async () => {
    repository.issues.push({
      number: 7,
      url: 'u',
      title: 't',
      body: 'b',
      state: 'open',
      labels: [],
      author: repository.viewer,
      comments: [],
    });
    const first = await start();
    // Ended at the first question about the comment: stored, and nothing of it done.
    host.before = () => host.asked.at(-1)!.endsWith('/issues/7/comments') && first.child.kill('SIGKILL');
    expect(await deliver(first.url, comment('/pare help'), 'two')).toBe(200);
    expect(await first.ended).toBe('SIGKILL');
    host.before = () => false;
    expect(replies()).toHaveLength(0);
    const second = await start();
    await until(() => replies().length > 0);
    second.child.kill('SIGTERM');
    expect(await second.ended).toBe(0);
    expect(replies()).toHaveLength(1);
  });

  it.each([
    [
      'a webhook secret that Probot would take for none',
      { WEBHOOK_SECRET: 'development' },
      'WEBHOOK_SECRET is too weak',
    ],
    ['none at all', { WEBHOOK_SECRET: '' }, 'WEBHOOK_SECRET is not set'],
    ['a key that is none', { PRIVATE_KEY_FILE: '', PRIVATE_KEY: 'x' }, 'PRIVATE_KEY is no private key'],
    ['a secret given twice', { PRIVATE_KEY: 'x' }, 'PRIVATE_KEY and PRIVATE_KEY_FILE are both set'],
  ])('never listens with %s', async (_, more, message) => {
    const { url, ended, said } = await start(more);
    expect([url, await ended]).toEqual(['', 3]);
    expect(said()).toContain(message);
    expect(said().trim().split('\n')).toHaveLength(1);
  });

  it('refuses a second server on the same state', async () => {
    const first = await start();
    const second = await start();
    expect(second.url).toBe('');
    expect(await second.ended).toBe(1);
    expect(second.said()).toContain('another pare serve works on this queue');
    first.child.kill('SIGTERM');
    expect(await first.ended).toBe(0);
  });
});
