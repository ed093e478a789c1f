import type { ApplicationFunction } from 'probot';
import type { Clock } from '../contract.ts';
import type { Inbox } from '../queue/contract.ts';
import { EVENTS, jobsOf } from './events.ts';
import type { LogEvent } from './ports.ts';

export interface AppOptions {
  inbox: Pick<Inbox, 'accept'>;
  clock: Clock;
  /** False while the server is stopping, or its workers are not up. */
  ready(): boolean;
  log(event: LogEvent): void;
}

/**
 * Pare as a Probot application: it stores what came, and answers. GitHub waits ten seconds for an answer and Probot's own answers 202 after
 * nine while the handler goes on, so no handler does any work.
 */
export function pareApp({ inbox, clock, ready, log }: AppOptions): ApplicationFunction {
  return (app, { addHandler }) => {
    addHandler((request, response) => {
      const path = (request.url ?? '').split('?')[0];
      if (path !== '/healthz' && path !== '/readyz') return false;
      const good = path === '/healthz' || ready();
      response.writeHead(good ? 200 : 503, { 'content-type': 'text/plain', 'cache-control': 'no-store' });
      response.end(good ? 'ok\n' : 'not ready\n');
      return true;
    });
    app.on([...EVENTS], async (context) => {
      const { id, name, payload } = context;
      const now = clock.now();
      const jobs = jobsOf(name, id, payload, now);
      // Those that mean nothing to us need no memory.
      if (jobs.length === 0) return;
      const state = await inbox.accept(id, jobs, now);
      const [first] = jobs;
      log({
        level: 'info',
        what: state === 'new' ? `delivery: ${jobs.map((one) => one.work.kind).join(', ')}` : 'delivery seen before',
        repository: `${first!.repository.owner}/${first!.repository.name}`,
        job: id,
      });
    });
  };
}
