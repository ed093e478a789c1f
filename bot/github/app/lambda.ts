import type { EmitterWebhookEventName } from '@octokit/webhooks';
import type { Probot } from 'probot';

export interface FunctionRequest {
  headers: Readonly<Record<string, string | undefined>>;
  body?: string | null;
  isBase64Encoded?: boolean;
}
export interface FunctionResponse {
  statusCode: number;
  body: string;
}

/**
 * A function URL or API gateway in front of Probot. What the handlers store is stored when this resolves; nothing goes on afterwards, since
 * Lambda would freeze it.
 */
export function lambdaHandler(probot: Probot): (event: FunctionRequest) => Promise<FunctionResponse> {
  return async (event) => {
    await probot.ready();
    const headers = new Map(Object.entries(event.headers).map(([name, value]) => [name.toLowerCase(), value ?? '']));
    const id = headers.get('x-github-delivery') ?? '';
    const name = headers.get('x-github-event') ?? '';
    const signature = headers.get('x-hub-signature-256') ?? '';
    if (id === '' || name === '' || signature === '') return { statusCode: 400, body: 'missing headers\n' };
    const payload = Buffer.from(event.body ?? '', event.isBase64Encoded === true ? 'base64' : 'utf8').toString('utf8');
    // Verified apart from receiving: a failure of ours must be a 500 that shows in GitHub's list of deliveries.
    if (!(await probot.webhooks.verify(payload, signature))) return { statusCode: 401, body: 'bad signature\n' };
    try {
      await probot.webhooks.verifyAndReceive({ id, name: name as EmitterWebhookEventName, payload, signature });
      return { statusCode: 202, body: 'stored\n' };
    } catch {
      return { statusCode: 500, body: 'not stored; deliver again\n' };
    }
  };
}
