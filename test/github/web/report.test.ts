import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { CORPUS } from '../hostile.ts';
import { Stage } from './stage.ts';

let stage: Stage;
beforeAll(async () => {
  stage = await new Stage().start();
});
afterAll(() => stage.stop());
afterEach(() => {
  stage.put.length = 0;
  stage.visibility = 'private';
  stage.people.set('alice', 'write');
});
const REPORT = '/report/acme/infra';
const F = 'f-0123456789ab';

describe('who sees a report', () => {
  it('nobody who is not signed in; they are shown where to', async () => {
    for (const path of ['/report', REPORT, '/report/other/secret', '/report/no/such']) {
      const answer = await stage.send(path);
      expect([path, answer.status]).toEqual([path, 401]);
      expect(await answer.text()).toContain('/report/sign-in');
    }
  });

  it('who may write or read a private repository, and after signing in they are where they wanted to be', async () => {
    for (const login of ['alice', 'bob']) {
      const { cookie, location } = await stage.signIn(login, REPORT);
      expect(location).toBe(REPORT);
      const answer = await stage.send(REPORT, { cookie });
      expect(answer.status).toBe(200);
      expect(await answer.text()).toContain(`${login} ${login === 'alice'}`);
    }
  });

  it('of a public repository only who may write: everybody in the world may read it', async () => {
    stage.visibility = 'public';
    const statuses = [];
    for (const login of ['alice', 'bob']) statuses.push((await stage.send(REPORT, await stage.signIn(login))).status);
    expect(statuses).toEqual([200, 404]);
  });

  it('who has no access gets the very answer of a repository that does not exist', async () => {
    const { cookie } = await stage.signIn('eve');
    const bodies = [];
    for (const path of [REPORT, '/report/other/secret', '/report/no/such', '/report/acme/infra/x']) {
      const answer = await stage.send(path, { cookie });
      bodies.push([answer.status, await answer.text()]);
    }
    expect(new Set(bodies.map(String)).size).toBe(1);
    expect(bodies[0]![0]).toBe(404);
  });

  it('the list names only what one may see', async () => {
    const seen = async (login: string) =>
      (await (await stage.send('/report', await stage.signIn(login))).text()).match(/\/report\/\w+\/\w+/g);
    expect(await seen('alice')).toEqual(['/report/acme/infra']);
    expect(await seen('eve')).toBeNull();
  });

  it('access that ends during a session ends there', async () => {
    const { cookie } = await stage.signIn('alice');
    stage.people.set('alice', 'none');
    expect((await stage.send(REPORT, { cookie })).status).toBe(404);
  });
});

describe('signing in', () => {
  it('ends after eight hours, and at a sign-out of this very site', async () => {
    const { cookie } = await stage.signIn('alice');
    const out = (origin: string) => stage.send('/report/sign-out', { method: 'POST', cookie, headers: { origin } });
    expect((await out('https://evil.example')).headers.getSetCookie()).toEqual([]);
    expect((await out(stage.origin)).headers.getSetCookie()[0]).toContain('__Host-pare=; Path=/; Max-Age=0');
    const before = stage.now;
    stage.now += 8 * 3600;
    expect((await stage.send(REPORT, { cookie })).status).toBe(401);
    stage.now = before;
  });

  it('needs the state of the same browser, within ten minutes, and a code that GitHub knows', async () => {
    const started = await stage.send('/report/sign-in');
    const held = started.headers.getSetCookie()[0]!.split(';')[0]!;
    const state = new URL(started.headers.get('location')!).searchParams.get('state')!;
    const finish = async (query: string, cookie: string | null = held) =>
      (await stage.send(`/report/callback?${query}`, { cookie })).status;
    expect(await finish(`code=code-alice&state=${state}`, null)).toBe(400);
    expect(await finish('code=code-alice&state=other')).toBe(400);
    expect(await finish('code=code-alice')).toBe(400);
    expect(await finish(`code=bad&state=${state}`)).toBe(400);
    expect(await finish(`code=code-al%0aice&state=${state}`)).toBe(400);
    stage.now += 601;
    expect(await finish(`code=code-alice&state=${state}`)).toBe(400);
    stage.now -= 601;
    expect(await finish(`code=code-alice&state=${state}`)).toBe(303);
  });

  it.each([
    'https://evil.example',
    '//evil.example/a/b',
    '/report/a/b/../../x',
    '/report/a/b?x',
    '/\\evil',
    'javascript:alert(1)',
    '/report/../x',
    '/report/a/..',
  ])('never leads to %s', async (to) => {
    expect((await stage.signIn('alice', to)).location).toBe('/report');
  });

  it('a session that was changed, signed for another purpose, or sent twice is none', async () => {
    const { cookie } = await stage.signIn('alice');
    const [body, signature] = cookie.slice('__Host-pare='.length).split('.') as [string, string];
    const forged = Buffer.from(Buffer.from(body, 'base64url').toString().replace('alice', 'root_')).toString(
      'base64url',
    );
    const held = (await stage.send('/report/sign-in')).headers.getSetCookie()[0]!.split(';')[0]!.split('=')[1];
    for (const value of [
      `${forged}.${signature}`,
      `${body}.`,
      body,
      '',
      `${body}.${signature}.x`,
      held,
      'a'.repeat(9000),
    ])
      expect((await stage.send(REPORT, { cookie: `__Host-pare=${value}` })).status).toBe(401);
    expect((await stage.send(REPORT, { cookie: `${cookie}; ${cookie}` })).status).toBe(401);
  });

  it('its cookies are for this host, https and no script', async () => {
    const started = await stage.send('/report/sign-in');
    for (const line of started.headers.getSetCookie())
      expect(line).toMatch(/^__Host-.*; Path=\/; Max-Age=\d+; HttpOnly; Secure; SameSite=Lax$/);
  });
});

describe('commands from the page', () => {
  it('go to the command bus with the words and the name of who gave them', async () => {
    const { cookie } = await stage.signIn('alice');
    const token = await stage.tokenOf(cookie);
    const { status, reply } = await stage.command(`keep ${F} until 2027-01-31 because DR`, { cookie, token });
    expect([status, reply]).toEqual([202, 'Taken. The dashboard issue says when it is done.']);
    expect(stage.put).toEqual([
      {
        kind: 'asked',
        id: expect.any(String),
        text: `/pare keep ${F} until 2027-01-31 because DR`,
        by: 'alice',
        at: stage.now,
      },
    ]);
  });

  it('explain is answered at once and does nothing', async () => {
    const { cookie } = await stage.signIn('alice');
    expect(await stage.command(`explain ${F}`, { cookie, token: await stage.tokenOf(cookie) })).toEqual({
      status: 200,
      reply: 'told: explain',
    });
    expect(stage.put).toEqual([]);
  });

  it('are refused without a session, without the page’s token, with another session’s, and without write access', async () => {
    const alice = await stage.signIn('alice');
    const bob = await stage.signIn('bob');
    const token = await stage.tokenOf(alice.cookie);
    const ofBob = await stage.tokenOf(bob.cookie);
    const statuses = [];
    for (const given of [
      { cookie: null, token },
      { cookie: alice.cookie, token: null },
      { cookie: alice.cookie, token: ofBob },
      { cookie: alice.cookie, token: '' },
      { cookie: bob.cookie, token: ofBob },
      { cookie: alice.cookie, token, path: '/report/other/secret/command' },
    ])
      statuses.push((await stage.command(`open ${F}`, given)).status);
    expect(statuses).toEqual([401, 403, 403, 403, 403, 404]);
    expect(stage.put).toEqual([]);
  });

  it.each([
    'pause',
    'revert',
    'narrow f-0123456789ab to 443',
    'opne f-0123456789ab',
    '',
    'open',
    `open ${F}\n/pare pause`,
  ])('%j is none of its buttons', async (words) => {
    const { cookie } = await stage.signIn('alice');
    expect((await stage.command(words, { cookie, token: await stage.tokenOf(cookie) })).status).toBe(400);
    expect(stage.put).toEqual([]);
  });

  it('what is too long is not read to its end', async () => {
    const { cookie } = await stage.signIn('alice');
    expect(
      (await stage.command(`keep ${F} ${'x'.repeat(5000)}`, { cookie, token: await stage.tokenOf(cookie) })).status,
    ).toBe(413);
  });

  it('hostile words become at most a reason', async () => {
    const { cookie } = await stage.signIn('alice');
    const token = await stage.tokenOf(cookie);
    for (const text of CORPUS) await stage.command(`keep ${F} because ${text}`.slice(0, 1000), { cookie, token });
    for (const work of stage.put) expect(work.kind === 'asked' && work.text.startsWith(`/pare keep ${F} `)).toBe(true);
  });
});

describe('every answer', () => {
  it('is kept nowhere, shown in no frame, and allows no script but the report’s own', async () => {
    const { cookie } = await stage.signIn('alice');
    for (const path of ['/report', REPORT, '/report/no/such', '/report/callback']) {
      const { headers } = await stage.send(path, { cookie });
      expect(headers.get('cache-control')).toBe('no-store');
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
      expect(headers.get('content-security-policy')).not.toContain('unsafe');
    }
  });

  it('tells nothing of what failed inside', async () => {
    const { cookie } = await stage.signIn('alice');
    stage.html = () => {
      throw new Error('token ghs_secret in /var/x');
    };
    const answer = await stage.send(REPORT, { cookie });
    expect(answer.status).toBe(502);
    expect(await answer.text()).not.toContain('ghs_secret');
    expect(stage.log.at(-1)).toContain('ghs_secret');
    stage.html = () => null;
    expect((await stage.send(REPORT, { cookie })).status).toBe(404);
  });

  it('leaves other paths to others', async () => {
    expect(await (await stage.send('/reporting')).text()).toBe('elsewhere');
  });
});
