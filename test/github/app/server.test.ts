import { createHmac, generateKeyPairSync } from 'node:crypto';
import { Probot } from 'probot';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lambdaHandler } from '../../../bot/github/app/lambda.ts';
import { pareApp } from '../../../bot/github/app/probot.ts';
import { type Serving, serveApp, WEBHOOK_PATH } from '../../../bot/github/app/server.ts';
import type { Inbox } from '../../../bot/github/queue/contract.ts';
import { openLocalQueue } from '../../../bot/github/queue/local.ts';

const SECRET = '0f9d8c7b6a5e4d3c2b1a0f9e8d7c6b5a';
const KEY = generateKeyPairSync('rsa', { modulusLength: 2048 })
  .privateKey.export({ type: 'pkcs1', format: 'pem' })
  .toString();
const clock = { now: () => 1000, wait: async () => undefined };
const PAYLOAD = JSON.stringify({
  action: 'created',
  repository: { full_name: 'acme/infra', name: 'infra', owner: { login: 'acme' } },
  sender: { login: 'alice', type: 'User' },
  installation: { id: 1 },
  issue: { number: 7 },
  comment: { id: 9, body: '/pare help' },
});

let queue: Inbox;
let serving: Serving;
let ready = true;
const probot = () => new Probot({ appId: 7, privateKey: KEY, secret: SECRET, logLevel: 'fatal' });
const options = () => ({ inbox: queue, clock, ready: () => ready, log: () => undefined });

beforeAll(async () => {
  queue = openLocalQueue({ file: ':memory:', clock });
  serving = await serveApp(probot(), options(), { host: '127.0.0.1', port: 0 });
});
afterAll(async () => {
  await serving.stop();
  await queue.close();
});

function sign(body: string, secret = SECRET): string {
  return `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;
}

function send(id: string, signature: string | null, body = PAYLOAD): Promise<Response> {
  return fetch(`http://127.0.0.1:${serving.port}${WEBHOOK_PATH}`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'x-github-event': 'issue_comment',
      'x-github-delivery': id,
      ...(signature === null ? {} : { 'x-hub-signature-256': signature }),
    },
    body,
  });
}

describe('the server', () => {
  it('says that it lives, and whether it is ready', async () => {
    const get = async (path: string) => (await fetch(`http://127.0.0.1:${serving.port}${path}`)).status;
    expect([await get('/healthz'), await get('/readyz'), await get('/elsewhere')]).toEqual([200, 200, 404]);
    ready = false;
    expect([await get('/healthz'), await get('/readyz')]).toEqual([200, 503]);
    ready = true;
  });

  it('stores a signed delivery once, however often it comes', async () => {
    expect((await send('one', sign(PAYLOAD))).status).toBe(200);
    expect((await send('one', sign(PAYLOAD))).status).toBe(200);
    expect(await queue.depth()).toBe(1);
  });

  it('stores nothing that is not signed, or signed with another secret or for another body', async () => {
    const before = await queue.depth();
    for (const signature of [null, '', sign(PAYLOAD, 'development'), sign(`${PAYLOAD} `), 'sha1=00'])
      expect((await send('two', signature)).status).toBeGreaterThanOrEqual(400);
    expect(await queue.depth()).toBe(before);
  });

  it('refuses to listen where it cannot, in one line', async () => {
    await expect(serveApp(probot(), options(), { host: '127.0.0.1', port: serving.port })).rejects.toThrow(
      /cannot listen on .*; choose another/,
    );
  });
});

describe('the function', () => {
  it('has stored what came when it answers, and refuses the rest', async () => {
    const app = probot();
    await app.ready();
    await app.load(pareApp(options()), { cwd: '.', addHandler: () => undefined });
    const handler = lambdaHandler(app);
    const headers = {
      'X-GitHub-Event': 'issue_comment',
      'X-GitHub-Delivery': 'three',
      'X-Hub-Signature-256': sign(PAYLOAD),
    };
    const before = await queue.depth();
    expect(
      (await handler({ headers, body: Buffer.from(PAYLOAD).toString('base64'), isBase64Encoded: true })).statusCode,
    ).toBe(202);
    expect(await queue.depth()).toBe(before + 1);
    expect(
      (await handler({ headers: { ...headers, 'X-Hub-Signature-256': 'sha256=00' }, body: PAYLOAD })).statusCode,
    ).toBe(401);
    expect((await handler({ headers: {}, body: PAYLOAD })).statusCode).toBe(400);
  });
});
