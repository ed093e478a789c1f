import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Job, Permission } from '../../../bot/github/contract.ts';
import { type Access, accessOf } from '../../../bot/github/web/access.ts';
import { type ReportPorts, reportHandler, type Viewer } from '../../../bot/github/web/handler.ts';
import { sealing } from '../../../bot/github/web/session.ts';

export const SECRET = '0f9d8c7b6a5e4d3c2b1a0f9e8d7c6b5a';

/** /report on a real port: who is who is the test's, everything between browser and answer is the product's. */
export class Stage {
  now = 1_790_000_000;
  readonly put: Job['work'][] = [];
  readonly log: string[] = [];
  readonly people = new Map<string, Permission>([
    ['alice', 'write'],
    ['bob', 'read'],
    ['eve', 'none'],
  ]);
  visibility: 'public' | 'private' = 'private';
  html: (viewer: Viewer) => string | null = ({ login, act, token }) => `<title>report</title>${login} ${act} ${token}`;
  origin = '';
  private server: Server | null = null;

  ports(): ReportPorts {
    return {
      clock: { now: () => this.now },
      origin: this.origin,
      sealing: sealing(SECRET),
      signIn: {
        authorizeUrl: (state, back) => `https://github.test/authorize?state=${state}&back=${encodeURIComponent(back)}`,
        login: async (code) => (code.startsWith('code-') ? code.slice(5) : null),
      },
      repositories: async () => [
        { owner: 'acme', name: 'infra' },
        { owner: 'other', name: 'secret' },
      ],
      access: async ({ owner }, login): Promise<Access> =>
        owner === 'acme' ? accessOf(this.visibility, this.people.get(login) ?? 'none') : accessOf('private', 'none'),
      html: async (_, viewer) => this.html(viewer),
      tell: async (_, command) => `told: ${command.name}`,
      put: async (_, work) => {
        this.put.push(work);
      },
      log: (event) => this.log.push(`${event.what} ${event.detail ?? ''}`.trim()),
    };
  }

  async start(): Promise<this> {
    const server = createServer((request, response) => {
      void reportHandler(this.ports())(request, response).then((taken) => {
        if (!taken) response.writeHead(404).end('elsewhere');
      });
    });
    this.server = server;
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    this.origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    return this;
  }

  async stop(): Promise<void> {
    this.server?.closeAllConnections();
    await new Promise((done) => this.server?.close(done));
  }

  send(path: string, init: RequestInit & { cookie?: string | null } = {}): Promise<Response> {
    const { cookie, headers, ...rest } = init;
    return fetch(`${this.origin}${path}`, {
      redirect: 'manual',
      ...rest,
      headers: { ...(cookie ? { cookie } : {}), ...(headers as Record<string, string>) },
    });
  }

  /** Through both doors, as a browser goes; the session's cookie. */
  async signIn(login: string, to = ''): Promise<{ cookie: string; location: string | null }> {
    const started = await this.send(`/report/sign-in?to=${encodeURIComponent(to)}`);
    const state = new URL(started.headers.get('location')!).searchParams.get('state')!;
    const back = await this.send(`/report/callback?code=code-${login}&state=${state}`, {
      cookie: cookieOf(started, '__Host-pare-in'),
    });
    return { cookie: cookieOf(back, '__Host-pare') ?? '', location: back.headers.get('location') };
  }

  async tokenOf(cookie: string): Promise<string> {
    const body = await (await this.send('/report/acme/infra', { cookie })).text();
    return body.split(' ').at(-1)!;
  }

  async command(
    words: string,
    given: { cookie: string | null; token: string | null; path?: string },
  ): Promise<{ status: number; reply: string }> {
    const answer = await this.send(given.path ?? '/report/acme/infra/command', {
      method: 'POST',
      cookie: given.cookie,
      headers: given.token === null ? {} : { 'x-pare-token': given.token },
      body: words,
    });
    const { reply } = (await answer.json()) as { reply: string };
    return { status: answer.status, reply };
  }
}

function cookieOf(response: Response, name: string): string | null {
  const line = response.headers.getSetCookie().find((one) => one.startsWith(`${name}=`));
  return line === undefined ? null : line.split(';')[0]!;
}
