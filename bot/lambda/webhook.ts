import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { PareError } from '@pare/analyzer/model/problem.ts';
import type { Digest } from './digest.ts';
import type { Environment } from './settings.ts';

export interface WebhookPorts {
  /** The text of a secret; null where it has none. */
  secret(id: string, signal: AbortSignal): Promise<string | null>;
  fetch: typeof fetch;
  signal: AbortSignal;
}

const TIMEOUT_MS = 15_000;

/**
 * Gives the digest to the webhook whose address the secret holds, in the JSON that Slack, Mattermost and others take. The address is a secret
 * itself (who knows it may post), so nothing that is said of a failure holds it.
 */
export async function webhookStep(env: Environment, digest: Digest, ports: WebhookPorts): Promise<{ status: number }> {
  const id = env.PARE_WEBHOOK_SECRET ?? '';
  if (id === '')
    throw wrong('the environment variable PARE_WEBHOOK_SECRET is not set', 'deploy again with the Pulumi program');
  const url = addressOf(await ports.secret(id, ports.signal));
  let status: number;
  try {
    const answer = await ports.fetch(url, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(messageOf(digest)),
      // A redirect would carry the digest to who was not named.
      redirect: 'manual',
      signal: AbortSignal.any([ports.signal, AbortSignal.timeout(TIMEOUT_MS)]),
    });
    status = answer.status;
    await answer.body?.cancel();
  } catch (cause) {
    ports.signal.throwIfAborted();
    // Node's own message may name the address.
    throw failed(`the webhook does not answer (${(cause as Error).name})`, 'environment');
  }
  if (status >= 200 && status < 300) return { status };
  throw failed(`the webhook answers ${status}`, status === 429 || status >= 500 ? 'environment' : 'configuration');
}

/** One text, escaped as Slack asks for; what stands between the quotes keeps its lines. */
export function messageOf({ subject, text }: Digest): { text: string } {
  const inText = (raw: string) => raw.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  // Three of them would end the block.
  const inert = inText(text).replaceAll('`', "'").trimEnd();
  return { text: `${inText(subject)}\n\`\`\`\n${inert}\n\`\`\`` };
}

export async function secretText(id: string, signal: AbortSignal): Promise<string | null> {
  const client = new SecretsManagerClient({});
  try {
    const { SecretString: text } = await client.send(new GetSecretValueCommand({ SecretId: id }), {
      abortSignal: signal,
    });
    return text ?? null;
  } finally {
    client.destroy();
  }
}

function addressOf(text: string | null): URL {
  const url = URL.parse(text?.trim() ?? '');
  if (url !== null && url.protocol === 'https:' && url.username === '' && url.password === '') return url;
  throw wrong(
    'the secret of the webhook holds no https:// address',
    'store the address of the webhook in it, and nothing else',
  );
}

function wrong(message: string, next: string): PareError {
  return new PareError({ code: 'webhook-setting-invalid', message, next, fault: 'configuration' });
}

function failed(message: string, fault: 'environment' | 'configuration'): PareError {
  const next = 'look whether the webhook is still there; its address lies in the secret';
  return new PareError({ code: 'webhook-failed', message, next, fault });
}
