import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Relay {
  url: string;
  /** Where deliveries go; they wait until it is set. */
  target: string | null;
  deliveries: { event: string; status: number }[];
  /** Resolves when nothing came for a while. */
  idle(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Between the emulator and the App: the emulator numbers deliveries by the millisecond, so that two can share an id, and GitHub never does
 * that. Body and signature go through as they are.
 */
export async function startRelay(): Promise<Relay> {
  let last = 0;
  let under = 0;
  const server = createServer((request, response) => {
    under += 1;
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', async () => {
      const event = String(request.headers['x-github-event']);
      try {
        if (relay.target === null) return;
        const answer = await fetch(relay.target, {
          method: 'POST',
          headers: {
            'content-type': 'application/json',
            'x-github-event': event,
            'x-github-delivery': randomUUID(),
            'x-hub-signature-256': String(request.headers['x-hub-signature-256'] ?? ''),
          },
          body: Buffer.concat(parts),
        });
        relay.deliveries.push({ event, status: answer.status });
      } finally {
        under -= 1;
        last = performance.now();
        response.writeHead(202).end();
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const relay: Relay = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    target: null,
    deliveries: [],
    async idle() {
      last = performance.now();
      while (under > 0 || performance.now() - last < 150) await new Promise((resolve) => setTimeout(resolve, 20));
    },
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
  return relay;
}
