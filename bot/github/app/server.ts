import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PareError } from '@pare/analyzer/model/problem.ts';
import { createNodeMiddleware, type Probot } from 'probot';
import { type AppOptions, pareApp } from './probot.ts';

export const WEBHOOK_PATH = '/api/github/webhooks';
/** GitHub's largest payload is 25 MB. */
const MOST_BYTES = 26 * 1024 * 1024;

export interface Serving {
  port: number;
  /** Takes no new connection, lets those under way come to their end. */
  stop(): Promise<void>;
}

export async function serveApp(
  probot: Probot,
  options: AppOptions,
  listen: { host: string; port: number },
  /** Pages beside the webhooks; false for a path that is not theirs. */
  pages: (request: IncomingMessage, response: ServerResponse) => Promise<boolean> = async () => false,
): Promise<Serving> {
  await probot.ready();
  const middleware = await createNodeMiddleware(pareApp(options), { probot, webhooksPath: WEBHOOK_PATH });
  const server = createServer((request, response) => {
    if (Number(request.headers['content-length'] ?? 0) > MOST_BYTES) {
      response.writeHead(413).end();
      return;
    }
    void pages(request, response).then((taken) => {
      if (taken) return;
      return middleware(request, response, () => {
        response.writeHead(404, { 'content-type': 'text/plain' }).end('not found\n');
      });
    });
  });
  // A slow client must not hold a connection for good.
  server.requestTimeout = 30_000;
  server.headersTimeout = 10_000;
  await listening(server, listen);
  return {
    port: (server.address() as AddressInfo).port,
    stop: () =>
      new Promise((resolve, reject) => {
        server.close((error) => (error === undefined ? resolve() : reject(error)));
        server.closeIdleConnections();
      }),
  };
}

function listening(server: Server, { host, port }: { host: string; port: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        new PareError(
          {
            code: 'cannot-listen',
            message: `cannot listen on ${host}:${port} (${error.code ?? error.message})`,
            next: 'choose another --port',
            fault: 'environment',
          },
          { cause: error },
        ),
      ),
    );
    server.listen(port, host, resolve);
  });
}
