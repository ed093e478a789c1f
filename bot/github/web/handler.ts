import { randomBytes, randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { LogEvent } from '../app/ports.ts';
import { formatCommand, parseCommand } from '../chatops/parse.ts';
import type { Clock, Command, Job, RepositoryRef } from '../contract.ts';
import type { Access } from './access.ts';
import { readCookie, setCookie } from './cookies.ts';
import type { SignIn } from './github-sign-in.ts';
import { HEADERS, listPage, plainPage, signInPage } from './pages.ts';
import { same, type sealing } from './session.ts';

export interface Viewer {
  login: string;
  /** May give commands. */
  act: boolean;
  /** Sent back with each command. */
  token: string;
}

export interface ReportPorts {
  clock: Pick<Clock, 'now'>;
  signIn: SignIn;
  sealing: ReturnType<typeof sealing>;
  /** `https://pare.example.com`, as browsers reach this server; no final slash. */
  origin: string;
  /** Repositories that have findings. */
  repositories(): Promise<readonly RepositoryRef[]>;
  /** Asked at every request; no access for what is not installed. */
  access(repository: RepositoryRef, login: string): Promise<Access>;
  /** The report as it is now; null where there are no findings. */
  html(repository: RepositoryRef, viewer: Viewer): Promise<string | null>;
  /** The answer of a command that only tells something. */
  tell(repository: RepositoryRef, command: Command, login: string): Promise<string>;
  put(repository: RepositoryRef, work: Job['work']): Promise<void>;
  log(event: LogEvent): void;
}

const SIGN_IN_SECONDS = 600;
const SESSION_SECONDS = 8 * 3600;
const MOST_BYTES = 4096;
/** What the page has buttons for, and `unkeep`, which takes one back. */
const COMMANDS: readonly Command['name'][] = ['open', 'keep', 'unkeep', 'explain'];

/** Serves /report and everything below it. False: the path is somebody else's. */
export function reportHandler(ports: ReportPorts) {
  return async (request: IncomingMessage, response: ServerResponse): Promise<boolean> => {
    const url = new URL(request.url ?? '/', 'http://here');
    if (url.pathname !== '/report' && !url.pathname.startsWith('/report/')) return false;
    try {
      await route(request, response, url, ports);
    } catch (error) {
      ports.log({
        level: 'error',
        what: 'report failed',
        detail: error instanceof Error ? error.message : String(error),
      });
      if (!response.headersSent)
        show(response, 502, plainPage('Not now', 'GitHub or the findings could not be asked. Try again in a minute.'));
    }
    return true;
  };
}

async function route(request: IncomingMessage, response: ServerResponse, url: URL, ports: ReportPorts): Promise<void> {
  const parts = url.pathname
    .split('/')
    .slice(2)
    .filter((part) => part !== '');
  const [first = '', second = '', third] = parts;
  const read = request.method === 'GET' || request.method === 'HEAD';
  if (parts.length === 1 && first === 'sign-in' && read) return startSignIn(response, url, ports);
  if (parts.length === 1 && first === 'callback' && read) return finishSignIn(request, response, url, ports);
  if (parts.length === 1 && first === 'sign-out' && request.method === 'POST') {
    // Another site's form must not sign anybody out.
    if (request.headers.origin !== ports.origin) return missing(response, true);
    response.writeHead(303, { ...HEADERS, location: '/report', 'set-cookie': setCookie('__Host-pare', '', 0) }).end();
    return;
  }
  const cookie = readCookie(request.headers.cookie, '__Host-pare');
  const session = cookie === null ? null : ports.sealing.unseal('session', cookie, ports.clock.now());
  const login = session?.login;
  if (login === undefined || cookie === null) {
    if (read) return show(response, 401, signInPage(backTo(url.pathname)));
    return json(response, 401, { reply: 'Sign in again: the session is over.' });
  }
  if (parts.length === 0 && read) return list(response, login, ports);
  const repository = repositoryOf(first, second);
  if (repository === null || parts.length > 3) return missing(response, read);
  const access = await ports.access(repository, login);
  // The same answer as for what does not exist: a name is a secret too.
  if (!access.look) return missing(response, read);
  const token = ports.sealing.tokenOf(cookie);
  if (third === undefined && read) {
    const html = await ports.html(repository, { login, act: access.act, token });
    if (html === null) return missing(response, true);
    // The page's own policy stands in it, by hash; framing can only be forbidden by a header.
    response.writeHead(200, {
      ...HEADERS,
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': "frame-ancestors 'none'",
    });
    response.end(request.method === 'HEAD' ? undefined : html);
    return;
  }
  if (third === 'command' && request.method === 'POST')
    return command(request, response, { repository, login, access, token }, ports);
  return missing(response, read);
}

function startSignIn(response: ServerResponse, url: URL, { clock, sealing, signIn, origin }: ReportPorts): void {
  const state = randomBytes(24).toString('base64url');
  const to = backTo(url.searchParams.get('to') ?? '');
  const held = sealing.seal('sign-in', { state, to }, clock.now() + SIGN_IN_SECONDS);
  response
    .writeHead(303, {
      ...HEADERS,
      location: signIn.authorizeUrl(state, `${origin}/report/callback`),
      'set-cookie': setCookie('__Host-pare-in', held, SIGN_IN_SECONDS),
    })
    .end();
}

async function finishSignIn(
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
  ports: ReportPorts,
): Promise<void> {
  const { clock, sealing, signIn, origin } = ports;
  const held = readCookie(request.headers.cookie, '__Host-pare-in');
  const began = held === null ? null : sealing.unseal('sign-in', held, clock.now());
  const code = url.searchParams.get('code') ?? '';
  // Without the state of this very browser, somebody could sign a person in as another.
  const ok =
    began?.state !== undefined && same(began.state, url.searchParams.get('state') ?? '') && /^[\w-]{1,200}$/.test(code);
  const login = ok ? await signIn.login(code, `${origin}/report/callback`) : null;
  if (login === null) {
    ports.log({ level: 'warning', what: 'sign-in refused' });
    return show(
      response,
      400,
      plainPage('Not signed in', 'The sign-in was not completed, or took longer than ten minutes. Begin again.'),
    );
  }
  const session = sealing.seal('session', { login, of: randomUUID() }, clock.now() + SESSION_SECONDS);
  ports.log({ level: 'info', what: 'signed in', detail: login });
  response
    .writeHead(303, {
      ...HEADERS,
      location: backTo(began?.to ?? ''),
      'set-cookie': [setCookie('__Host-pare', session, SESSION_SECONDS), setCookie('__Host-pare-in', '', 0)],
    })
    .end();
}

async function list(response: ServerResponse, login: string, ports: ReportPorts): Promise<void> {
  const names: string[] = [];
  for (const one of await ports.repositories())
    if ((await ports.access(one, login)).look) names.push(`${one.owner}/${one.name}`);
  show(response, 200, listPage(login, names.sort()));
}

interface Asking {
  repository: RepositoryRef;
  login: string;
  access: Access;
  token: string;
}

async function command(
  request: IncomingMessage,
  response: ServerResponse,
  asking: Asking,
  ports: ReportPorts,
): Promise<void> {
  const { repository, login, access, token } = asking;
  const sent = request.headers['x-pare-token'];
  if (typeof sent !== 'string' || !same(sent, token))
    return json(response, 403, { reply: 'Load the page again: it is of another session.' });
  if (!access.act) return json(response, 403, { reply: 'This needs write access to the repository.' });
  const text = await bodyOf(request);
  if (text === null) return json(response, 413, { reply: 'That is too long.' });
  const at = ports.clock.now();
  const parsed = parseCommand(`/pare ${text}`, at);
  if (parsed.kind !== 'command')
    return json(response, 400, { reply: parsed.kind === 'answer' ? parsed.reply : 'That is no command.' });
  if (!COMMANDS.includes(parsed.command.name))
    return json(response, 400, { reply: `The report takes ${COMMANDS.join(', ')}.` });
  if (parsed.command.name === 'explain')
    return json(response, 200, { reply: await ports.tell(repository, parsed.command, login) });
  await ports.put(repository, { kind: 'asked', id: randomUUID(), text: `/pare ${text}`, by: login, at });
  ports.log({
    level: 'info',
    what: 'command taken',
    repository: `${repository.owner}/${repository.name}`,
    detail: `${login}: ${formatCommand(parsed.command)}`,
  });
  return json(response, 202, { reply: 'Taken. The dashboard issue says when it is done.' });
}

async function bodyOf(request: IncomingMessage): Promise<string | null> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request) {
    parts.push(part as Buffer);
    size += (part as Buffer).length;
    if (size > MOST_BYTES) return null;
  }
  return Buffer.concat(parts).toString('utf8');
}

/** GitHub's names; anything else is no path of ours. */
function repositoryOf(owner: string, name: string): RepositoryRef | null {
  const fits = (part: string) => /^[A-Za-z0-9._-]{1,100}$/.test(part) && !/^\.+$/.test(part);
  return fits(owner) && fits(name) ? { owner, name } : null;
}

/** Only ever a report of ours: a link must not lead elsewhere after signing in. */
function backTo(path: string): string {
  const found = /^\/report\/([A-Za-z0-9._-]{1,100})\/([A-Za-z0-9._-]{1,100})$/.exec(path);
  return found === null || repositoryOf(found[1]!, found[2]!) === null ? '/report' : path;
}

function missing(response: ServerResponse, read: boolean): void {
  if (read) show(response, 404, plainPage('No such report', 'There is no report here, or you may not see it.'));
  else json(response, 404, { reply: 'There is no report here, or you may not see it.' });
}

function show(response: ServerResponse, status: number, { html, policy }: ReturnType<typeof plainPage>): void {
  response
    .writeHead(status, { ...HEADERS, 'content-type': 'text/html; charset=utf-8', 'content-security-policy': policy })
    .end(html);
}

function json(response: ServerResponse, status: number, value: { reply: string }): void {
  response
    .writeHead(status, { ...HEADERS, 'content-type': 'application/json; charset=utf-8' })
    .end(JSON.stringify(value));
}
