import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PareError } from '../../analyzer/model/problem.ts';
import { createCaller } from '../../bot/github/platform/caller.ts';
import { createPlatform } from '../../bot/github/platform/github.ts';
import { tokenClient } from '../../bot/github/platform/octokit.ts';
import { createThrottle, type Throttle } from '../../bot/github/platform/throttle.ts';
import type { Decision } from '../../bot/github/pulls/ladder.ts';
import { forecast } from '../../bot/github/run/forecast.ts';
import { runRepository } from '../../bot/github/run/run.ts';
import { fakeClock } from './fake-platform.ts';
import { createWire, wireFetch } from './wire/github.ts';
import { type World, world } from './world.ts';

interface Sent {
  at: number;
  write: boolean;
  creates: boolean;
}

/** What breaks GitHub's documented limits, by brute force over each window that begins with a request; empty: nothing. */
function broken(sent: readonly Sent[]): string[] {
  const out: string[] = [];
  const writes = sent.filter((one) => one.write);
  for (const [n, one] of writes.entries())
    if (n > 0 && one.at - writes[n - 1]!.at < 1 - 1e-6) out.push(`two writes within a second at ${one.at}`);
  for (const [n, first] of sent.entries()) {
    let points = 0;
    let minute = 0;
    let hour = 0;
    let all = 0;
    for (let m = n; m < sent.length && sent[m]!.at < first.at + 3600 - 1e-6; m += 1) {
      const one = sent[m]!;
      all += 1;
      if (one.creates) hour += 1;
      if (one.at >= first.at + 60 - 1e-6) continue;
      points += one.write ? 5 : 1;
      if (one.creates) minute += 1;
    }
    if (points > 900 || minute > 80 || hour > 500 || all > 5000)
      out.push(`${points} points, ${minute} created in a minute, ${hour} in an hour, ${all} requests from ${first.at}`);
  }
  return out;
}

describe('the throttle', () => {
  it('keeps any mix of requests within the documented limits, however they come together', async () => {
    const request = fc.record({ write: fc.boolean(), creates: fc.boolean(), pause: fc.nat({ max: 2 }) });
    await fc.assert(
      fc.asyncProperty(fc.array(request, { minLength: 50, maxLength: 1500 }), async (requests) => {
        const clock = fakeClock(0);
        const throttle = createThrottle(clock);
        const sent: Sent[] = [];
        for (const { write, creates, pause } of requests) {
          clock.at += pause / 10;
          await (write ? throttle.write(creates) : throttle.read());
          sent.push({ at: clock.at, write, creates: write && creates });
        }
        expect(broken(sent)).toEqual([]);
      }),
      { numRuns: 15 },
    );
  });

  it('keeps reads alone within 5,000 an hour', async () => {
    const clock = fakeClock(0);
    const throttle = createThrottle(clock);
    const sent: Sent[] = [];
    for (let n = 0; n < 6_000; n += 1) {
      await throttle.read();
      sent.push({ at: clock.at, write: false, creates: false });
    }
    for (const [n, one] of sent.entries())
      if (n >= 5000) expect(one.at - sent[n - 5000]!.at).toBeGreaterThanOrEqual(3600);
    expect(clock.at).toBeGreaterThan(3600);
  });

  it('sends in the order asked, also when all ask at once', async () => {
    const clock = fakeClock(0);
    const throttle = createThrottle(clock);
    const order: number[] = [];
    await Promise.all([1, 2, 3].map((n) => throttle.write(false).then(() => order.push(n))));
    expect(order).toEqual([1, 2, 3]);
    expect(clock.at).toBe(2);
  });

  it('is not stopped by a wait that was aborted', async () => {
    const clock = fakeClock(0);
    const wait = clock.wait;
    const throttle = createThrottle(clock);
    await throttle.write(false);
    clock.wait = async () => {
      throw new Error('aborted');
    };
    await expect(throttle.write(false)).rejects.toThrow('aborted');
    clock.wait = wait;
    await throttle.write(false);
    expect(clock.at).toBe(1);
  });
});

function failure(status: number, message = 'no', headers: Record<string, string> = {}): Error {
  return Object.assign(new Error(message), { status, response: { headers } });
}

function caller(clock = fakeClock(1000)) {
  return { clock, call: createCaller({ where: 'a/b', clock, throttle: createThrottle(clock) }) };
}

/** Fails with each of these in turn, then answers. */
function flaky(failures: readonly Error[]) {
  const send = async () => {
    const error = failures[send.sent];
    send.sent += 1;
    if (error !== undefined) throw error;
    return 'answer';
  };
  send.sent = 0;
  return send;
}

describe('a request', () => {
  it.each([
    ['Retry-After', failure(403, 'x', { 'retry-after': '30' }), 30],
    ['the time of its reset', failure(403, 'x', { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '1100' }), 101],
    ['a minute, where a secondary limit says nothing', failure(403, 'You have exceeded a secondary rate limit'), 60],
    ['a minute after 429', failure(429), 60],
  ])('waits for %s, although it is a write', async (_, error, seconds) => {
    const { clock, call } = caller();
    const send = flaky([error]);
    expect(await call.write('x', send)).toBe('answer');
    expect([send.sent, clock.at - 1000]).toEqual([2, seconds]);
  });

  it('holds back every other request while it waits', async () => {
    const clock = fakeClock(1000);
    const throttle = createThrottle(clock);
    throttle.holdUntil(1050);
    await throttle.read();
    expect(clock.at).toBe(1050);
  });

  it('gives up where the wait is longer than a run, and says when to come back', async () => {
    const { clock, call } = caller();
    const error = await call
      .read('reading', flaky([failure(403, 'x', { 'retry-after': '3600' })]))
      .catch((e: unknown) => e);
    expect((error as PareError).problem).toMatchObject({
      code: 'github-limited',
      next: 'run again after 1970-01-01T01:16:40.000Z',
    });
    expect(clock.at).toBe(1000);
  });

  it('gives up after a bounded number of attempts', async () => {
    const { call } = caller();
    const send = flaky(Array.from({ length: 99 }, () => failure(429)));
    await expect(call.read('reading', send)).rejects.toThrow('too many requests');
    expect(send.sent).toBe(4);
  });

  it.each([
    ['a read', true, [500, 502, 503], 4],
    ['a write that may be repeated', true, [500], 2],
    ['a write that may not', false, [500], 1],
  ])(
    'is sent again after a failure of the server only where that does no harm: %s',
    async (name, ok, statuses, sent) => {
      const { call } = caller();
      const send = flaky(statuses.map((one) => failure(one)));
      const result = name === 'a read' ? call.read('x', send) : call.write('x', send, { repeat: ok });
      if (ok) expect(await result).toBe('answer');
      else await expect(result).rejects.toMatchObject({ problem: { code: 'github-unavailable' } });
      expect(send.sent).toBe(sent);
    },
  );

  it.each([
    [401, 'github-forbidden', 'check the token'],
    [403, 'github-forbidden', 'permissions'],
    [404, 'github-not-found', 'check the name'],
    [422, 'github-refused', 'read what GitHub says'],
  ])('says after %i in one line what to do', async (status, code, next) => {
    const { call } = caller();
    const send = flaky([failure(status, 'Bad\n\u001b[31m thing - https://docs.github.com/x')]);
    const error = (await call.read('opening', send).catch((e: unknown) => e)) as PareError;
    expect(error.problem.code).toBe(code);
    expect(error.message).toContain(`a/b: opening failed: ${status} Bad [31m thing; `);
    expect(error.problem.next).toContain(next);
    expect(send.sent).toBe(1);
  });
});

/** The first time, and the second without any news. */
async function everywhere(repositories: readonly World[], clock: ReturnType<typeof fakeClock>, throttle: Throttle) {
  const sent: Sent[] = [];
  const decisions: Decision[] = [];
  const foretold: number[] = [];
  for (const { repository, source } of repositories) {
    const wire = wireFetch(createWire(repository));
    const counted: typeof fetch = (input, init) => {
      const method = init?.method ?? 'GET';
      const path = new URL(String(input)).pathname;
      // What people are told of: https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api
      const creates =
        method === 'POST' && /\/(?:pulls|issues|comments|requested_reviewers|check-runs|reactions)$/.test(path);
      // A question in GraphQL is a POST and no write.
      const asks = method === 'GET' || (path === '/graphql' && !/mutation/.test(String(init?.body)));
      sent.push({ at: clock.at, write: !asks, creates });
      return wire(input, init);
    };
    const platform = createPlatform({
      client: tokenClient({ token: 't', baseUrl: 'https://github.test', fetch: counted }),
      repository: { owner: 'acme', name: 'infra' },
      clock,
      throttle,
      viewer: repository.viewer,
    });
    const report = await runRepository({
      platform,
      source,
      clock,
      onboarding: true,
      foretold: (done) => foretold.push(done - clock.at),
    });
    decisions.push(...report.decisions);
  }
  return { sent, decisions, foretold };
}

describe('1,000 findings in 50 repositories', () => {
  it('are done within the documented limits of one installation, say when, and once more write nothing', async () => {
    const clock = fakeClock(1_790_000_000);
    const throttle = createThrottle(clock);
    const repositories = Array.from({ length: 50 }, () => {
      const w = world(
        { a: 5, b: 5, c: 5, d: 5 },
        { config: 'brake: {atLeast: 1000}\nlimits: {new: 10, open: 10}\n', more: { CODEOWNERS: '* @alice\n' } },
      );
      return { ...w, repository: Object.assign(w.repository, { clock }) };
    });
    const start = clock.at;
    const { sent, decisions, foretold } = await everywhere(repositories, clock, throttle);
    for (const { repository } of repositories) expect(repository.pulls).toHaveLength(4);
    expect(decisions.reduce((sum, one) => sum + one.rules, 0)).toBe(1000);
    expect(sent.length).toBeGreaterThan(2000);
    expect(broken(sent)).toEqual([]);
    // Each run said when it would be done, and so does the forecast of all of them.
    expect(foretold).toHaveLength(50);
    const taken = clock.at - start;
    expect(taken / foretold.reduce((sum, one) => sum + one, 0)).toBeGreaterThan(0.9);
    const whole = (await forecast(decisions, start)) - start;
    // It does not know the dashboards of the other 49 repositories.
    expect(taken / whole).toBeGreaterThan(0.9);
    expect(taken / whole).toBeLessThan(1.2);

    const again = await everywhere(repositories, clock, throttle);
    expect(again.sent.filter((one) => one.write)).toEqual([]);
    expect(again.foretold).toEqual([]);
    expect(broken([...sent, ...again.sent])).toEqual([]);
  });
});
