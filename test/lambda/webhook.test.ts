import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { runStep } from '../../bot/lambda/steps.ts';
import { messageOf, type WebhookPorts, webhookStep } from '../../bot/lambda/webhook.ts';

const ENV = { PARE_WEBHOOK_SECRET: 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:hook' };
const DIGEST = { subject: 'Pare: 1 rules can go', text: 'Window: a to b\n- remove sgr-1\n' };
const ADDRESS = 'https://hooks.example.com/services/T0/B0/sEcReT';

const open: Server[] = [];
afterEach(() => {
  for (const one of open.splice(0)) one.close();
});

/** A webhook on this machine, reached in place of the address. */
async function stage(status: number, more: Partial<WebhookPorts> = {}) {
  const got: { path: string; type: string; body: string }[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (chunk: string) => {
      body += chunk;
    });
    request.on('end', () => {
      got.push({ path: request.url ?? '', type: String(request.headers['content-type']), body });
      response.writeHead(status, status === 302 ? { Location: 'https://elsewhere.example.com/' } : {}).end('ok');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  open.push(server);
  const { port } = server.address() as AddressInfo;
  const ports: WebhookPorts = {
    secret: async () => `${ADDRESS}\n`,
    fetch: (url, init) => fetch(String(url).replace('https://hooks.example.com', `http://127.0.0.1:${port}`), init),
    signal: new AbortController().signal,
    ...more,
  };
  return { got, ports };
}

describe('the webhook of the digest', () => {
  it('gets it once, as the JSON that Slack takes', async () => {
    const { got, ports } = await stage(200);
    expect(await webhookStep(ENV, DIGEST, ports)).toEqual({ status: 200 });
    expect(got).toHaveLength(1);
    expect(got[0]).toMatchObject({ path: '/services/T0/B0/sEcReT', type: 'application/json' });
    expect(JSON.parse(got[0]!.body)).toEqual({
      text: 'Pare: 1 rules can go\n```\nWindow: a to b\n- remove sgr-1\n```',
    });
  });

  it('shows no text from outside as anything but text', () => {
    const { text } = messageOf({ subject: '<!channel> & co', text: '``` <https://evil.example.com|click>\n' });
    expect(text).toBe("&lt;!channel&gt; &amp; co\n```\n''' &lt;https://evil.example.com|click&gt;\n```");
  });

  it.each([
    [500, 'environment'],
    [429, 'environment'],
    [404, 'configuration'],
    [302, 'configuration'],
  ])('that answers %i fails the step, by whose fault it is, and without its address', async (status, fault) => {
    const { got, ports } = await stage(status);
    const error = await webhookStep(ENV, DIGEST, ports).catch((cause: unknown) => cause);
    expect(error).toMatchObject({ problem: { code: 'webhook-failed', fault } });
    expect(String(error)).not.toContain('sEcReT');
    expect(got).toHaveLength(1);
  });

  it('that does not answer is tried again later, and its address is not told', async () => {
    const down = async () => {
      throw new TypeError(`fetch failed: ${ADDRESS}`);
    };
    const { ports } = await stage(200, { fetch: down });
    const error = await webhookStep(ENV, DIGEST, ports).catch((cause: unknown) => cause);
    expect(error).toMatchObject({ problem: { fault: 'environment' } });
    expect(String(error)).not.toContain('sEcReT');
  });

  it.each(['http://hooks.example.com/x', '', 'hook', 'https://me:pass@hooks.example.com/', null])(
    'must have an https:// address: %j is none',
    async (text) => {
      const { got, ports } = await stage(200, { secret: async () => text });
      await expect(webhookStep(ENV, DIGEST, ports)).rejects.toMatchObject({
        problem: { code: 'webhook-setting-invalid', fault: 'configuration' },
      });
      expect(got).toEqual([]);
    },
  );

  it('is a step of the state machine that needs no bucket; without its secret no retry mends it', async () => {
    const event = { step: 'webhook', at: '2026-11-21T05:00:00Z', ...DIGEST };
    const options = { env: {}, signal: new AbortController().signal, left: () => 60_000 };
    await expect(runStep(event, options)).rejects.toMatchObject({ name: 'PareFinal' });
  });
});
