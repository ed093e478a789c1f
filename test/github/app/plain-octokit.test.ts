import { generateKeyPairSync } from 'node:crypto';
import { Probot } from 'probot';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createInstallations, PlainOctokit } from '../../../bot/github/app/installations.ts';

const privateKey = generateKeyPairSync('rsa', { modulusLength: 2048 })
  .privateKey.export({ type: 'pkcs1', format: 'pem' })
  .toString();
const answer: typeof fetch = async (input) =>
  String(input).endsWith('/access_tokens')
    ? Response.json({ token: 'ghs_1', expires_at: '2999-01-01T00:00:00Z', permissions: {} }, { status: 201 })
    : Response.json({ number: 1 }, { status: 201 });

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'setInterval'] });
});
afterEach(() => {
  vi.useRealTimers();
});

it('the App’s octokit waits for nothing by itself: with all clocks stopped, one write follows the other', async () => {
  const probot = new Probot({
    appId: 7,
    privateKey,
    secret: 'x'.repeat(40),
    Octokit: PlainOctokit,
    logLevel: 'fatal',
    request: { fetch: answer },
  });
  const clock = { now: () => 1000, wait: async () => undefined };
  const client = await createInstallations(probot, clock).client(1);
  for (let n = 0; n < 3; n += 1)
    expect((await client.rest.issues.create({ owner: 'a', repo: 'b', title: 'x' })).status).toBe(201);
});
