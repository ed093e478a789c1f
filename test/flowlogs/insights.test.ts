import { createHash } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { CoverageRow, LedgerRow } from '../../analyzer/flowlogs/index.ts';
import { type LogGroup, missingSlices } from '../../analyzer/flowlogs/insights/days.ts';
import { byFormat, formatsOf } from '../../analyzer/flowlogs/insights/formats.ts';
import { messagesOf } from '../../analyzer/flowlogs/insights/messages.ts';
import { type InsightsStoreOptions, openInsightsStore } from '../../analyzer/flowlogs/insights/store.ts';
import { options, scanFiles, V2, V5 } from './harness.ts';
import {
  type Group,
  type InsightsEndpoint,
  type InsightsFault,
  type LogEvent,
  startInsights,
} from './insights-stage.ts';

const DAY = Date.UTC(2026, 8, 1) / 1000;
const NOW = DAY + 10 * 86_400;
const NAME = '/vpc/flow-logs';
const POLL = { first: 1, most: 2 };

let dir: string;
const open: InsightsEndpoint[] = [];
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'pare-insights-'));
});
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});
afterAll(() => rm(dir, { recursive: true, force: true }));

async function stage(groups: readonly Partial<Group>[], more?: Parameters<typeof startInsights>[1]) {
  const all = groups.map((group): Group => ({ name: NAME, creationTime: 0, storedBytes: 5_000, events: [], ...group }));
  const endpoint = await startInsights(all, more);
  open.push(endpoint);
  return endpoint;
}

/** A record of version 2 that begins at `start`, received five minutes later. */
function event(start: number, some: Partial<{ peer: string; port: number; message: string }> = {}): LogEvent {
  const { peer = '10.0.9.9', port = 40_000 } = some;
  const record = `2 111122223333 eni-0a ${peer} 10.0.0.1 ${port} 443 6 3 400 ${start} ${start + 50} ACCEPT OK`;
  return { timestamp: start * 1000, ingestionTime: (start + 300) * 1000, message: some.message ?? record };
}

function messages(
  endpoint: InsightsEndpoint,
  some: Partial<Parameters<typeof messagesOf>[0]> = {},
  signal = new AbortController().signal,
) {
  const slice = { group: NAME, from: DAY, to: DAY + 86_400, since: 0, before: NOW, ...some };
  const { client } = endpoint;
  return messagesOf(slice, { client, signal, poll: POLL, attempts: 4, atOnce: 3, scanned: () => {} });
}

function storeOf(endpoint: InsightsEndpoint, some: Partial<InsightsStoreOptions> = {}) {
  const groups = [{ name: NAME, formats: [] }];
  const { client } = endpoint;
  return openInsightsStore({
    client,
    region: 'eu-west-1',
    groups,
    now: NOW,
    tempDir: dir,
    memoryLimit: '500MB',
    poll: POLL,
    ...some,
  });
}

const sorted = (texts: readonly string[]) => [...texts].sort();

describe('messages of a day', () => {
  it('are all there, each once, however many begin in one minute or one second', async () => {
    const events = [
      ...Array.from({ length: 25_000 }, (_, i) => event(DAY + 3600 + (i % 59), { port: 1024 + i })),
      ...Array.from({ length: 9_500 }, (_, i) => event(DAY + 7205, { port: 1024 + i })),
      event(DAY),
      event(DAY + 86_399),
    ];
    const outside = [event(DAY - 1), event(DAY + 86_400)];
    const endpoint = await stage([{ events: [...events, ...outside] }]);
    expect(sorted(await messages(endpoint))).toEqual(sorted(events.map(({ message }) => message)));
    expect(endpoint.most()).toBeGreaterThan(1);
    expect(endpoint.most()).toBeLessThanOrEqual(3);
  });

  it('are split in time where an answer is full after all, and never taken for all there is', async () => {
    const events = Array.from({ length: 900 }, (_, i) => event(DAY + (i % 300) * 7, { port: 1024 + i }));
    const endpoint = await stage([{ events }], { limit: 100 });
    expect(sorted(await messages(endpoint))).toEqual(sorted(events.map(({ message }) => message)));
  });

  it('are an error where one second holds more than an answer', async () => {
    const events = Array.from({ length: 10_000 }, (_, i) => event(DAY + 60, { port: i }));
    await expect(messages(await stage([{ events }]))).rejects.toThrow(
      /more than 10000 records begin in the second of 2026-09-01T00:01:00Z; let the flow logs go to S3/,
    );
  });

  it('come in pages where CloudWatch Logs says so', async () => {
    const events = Array.from({ length: 95 }, (_, i) => event(DAY + i, { port: 1024 + i }));
    const endpoint = await stage([{ events }], { page: 10 });
    expect(await messages(endpoint)).toHaveLength(95);
  });

  it('must be as many as were counted', async () => {
    const events = Array.from({ length: 20 }, (_, i) => event(DAY + i));
    const shrink = (text: string): InsightsFault | null => (text.startsWith('fields') ? { lose: 1 } : null);
    const endpoint = await stage([{ events }], { fault: shrink });
    await expect(messages(endpoint)).rejects.toThrow(
      /20 records were counted around 2026-09-01T00:00:00Z, but 19 were read; run again: nothing/,
    );
  });

  it('are those that were received in the slice, so that what comes late is another slice', async () => {
    const late = { ...event(DAY + 9), ingestionTime: (DAY + 90_000) * 1000 };
    const endpoint = await stage([{ events: [event(DAY + 5), late] }]);
    const cut = DAY + 88_000;
    expect(await messages(endpoint, { before: cut })).toEqual([event(DAY + 5).message]);
    expect(await messages(endpoint, { since: cut })).toEqual([late.message]);
  });

  it('are whole for any times and any limit of an answer', async () => {
    const times = fc.array(
      fc.integer({ min: -2, max: 86_402 }).map((at) => (at % 7 === 0 ? at : at % 50)),
      { maxLength: 60 },
    );
    await fc.assert(
      fc.asyncProperty(times, fc.integer({ min: 2, max: 40 }), async (starts, limit) => {
        const events = starts.map((at, i) => event(DAY + at, { port: 1024 + i }));
        const inside = events.filter((_, i) => starts[i]! >= 0 && starts[i]! < 86_400);
        const endpoint = await stage([{ events }], { limit });
        const busiest = Math.max(0, ...starts.map((at) => starts.filter((other) => other === at).length));
        const got = await messages(endpoint).catch((error: Error) => error.message);
        if (typeof got === 'string') {
          expect(got).toContain('records begin in the second');
          expect(busiest).toBeGreaterThan(limit);
        } else expect(sorted(got)).toEqual(sorted(inside.map(({ message }) => message)));
      }),
      { numRuns: 30 },
    );
  });
});

describe('a query', () => {
  it('is tried again while CloudWatch Logs is busy, at its start and while it is looked at', async () => {
    const endpoint = await stage([{ events: [event(DAY)] }], {
      fault: (_, n) => (n < 2 ? { start: { type: 'LimitExceededException' } } : { look: 'ThrottlingException' }),
    });
    expect(await messages(endpoint)).toHaveLength(1);
    expect(endpoint.queries).toHaveLength(4);
  });

  it.each<[string, InsightsFault, RegExp]>([
    ['is always held back', { start: { type: 'LimitExceededException' } }, /busy for 4 attempts.*run again later/],
    ['fails', { status: 'Failed' }, /the query ended as Failed \(query query-0\); run again/],
    ['is cancelled by somebody', { status: 'Cancelled' }, /the query ended as Cancelled/],
    [
      'is not allowed',
      { start: { type: 'AccessDeniedException', message: 'no' } },
      /AccessDeniedException: no\).*docs\/permissions\.md/,
    ],
    [
      'asks for more than the group keeps',
      { start: { type: 'MalformedQueryException', message: "exceeds the log group's log retention settings" } },
      /begin later: the log group does not hold these days/,
    ],
  ])('that %s ends the run, by name', async (_, fault, message) => {
    const endpoint = await stage([{ events: [event(DAY)] }], { fault: () => fault });
    await expect(messages(endpoint)).rejects.toThrow(message);
  });

  it('that runs out of time is asked for in halves', async () => {
    const events = Array.from({ length: 8 }, (_, i) => event(DAY + i * 10_000, { port: 1024 + i }));
    let timeouts = 0;
    const endpoint = await stage([{ events }], {
      fault: (text) => (text.startsWith('fields') && timeouts++ < 3 ? { status: 'Timeout' } : null),
    });
    expect(await messages(endpoint)).toHaveLength(8);
    expect(endpoint.stopped).toEqual([]);
  });

  it('is stopped by Ctrl-C', async () => {
    const endpoint = await stage([{ events: [event(DAY)] }], { fault: () => ({ status: 'Running' }) });
    const control = new AbortController();
    setTimeout(() => control.abort(new Error('stopped by hand')), 60);
    await expect(messages(endpoint, {}, control.signal)).rejects.toThrow('stopped by hand');
    expect(endpoint.stopped).toEqual(['query-0']);
  });
});

describe('formats of a log group', () => {
  const written = (fields: string) =>
    fields
      .split(' ')
      .map((field) => `\${${field}}`)
      .join(' ');

  it('are those of its flow logs, each once, and the default one where nothing is known', () => {
    expect(formatsOf(NAME, [])).toEqual([V2.split(' ')]);
    expect(formatsOf(NAME, [written(V5), written(V2), written(V5)])).toEqual([V2.split(' '), V5.split(' ')]);
    expect(formatsOf(NAME, [`${written('version resource-type tgw-id')}`])).toEqual([V2.split(' ')]);
  });

  it.each([
    ['version account-id', /no format of flow logs/],
    [`${written(V2)} \${start}`, /no format of flow logs/],
    [written('version interface-id'), /lacks srcaddr, dstaddr/],
  ])('%j is refused', (format, message) => {
    expect(() => formatsOf(NAME, [format])).toThrow(message);
  });

  it('are refused where their records could not be told apart', () => {
    const other = V2.replace('packets bytes', 'bytes packets');
    expect(() => formatsOf(NAME, [written(V2), written(other)])).toThrow(/do not tell apart; give the format/);
  });

  it('are told by the number of fields; what has none of them stays one record, and counts as damaged', () => {
    const long = V5.replace(/[a-z-]+/g, 'x');
    const split = byFormat(['a b\nc', long, event(DAY).message], [V2.split(' '), V5.split(' ')]);
    expect(split).toEqual([[event(DAY).message, 'a b c'].sort(), [long]]);
  });
});

describe('law 9: log groups say what the same records in files say', () => {
  it('with both formats in one group, a damaged message, and another group besides', async () => {
    const v5 = (at: number) =>
      `5 111122223333 eni-0a 10.0.9.8 10.0.0.1 51000 8443 6 3 400 ${at} ${at + 50} ACCEPT OK 2 - - ingress`;
    const first = [
      event(DAY),
      event(DAY + 60, { message: v5(DAY + 60) }),
      event(DAY + 90, { message: 'what is this' }),
    ];
    const second = [event(DAY + 500, { peer: '10.0.9.7' }), event(DAY - 30, { peer: '10.0.9.6' })];
    const endpoint = await stage([{ events: first }, { name: 'other', events: second }]);
    const formats = [V2, V5].map((fields) => fields.replace(/\S+/g, '${$&}'));
    const store = storeOf(endpoint, {
      groups: [
        { name: NAME, formats },
        { name: 'other', formats: [] },
      ],
    });
    const some = {
      window: { from: DAY, to: DAY + 86_400 },
      interfaces: [{ interfaceId: 'eni-0a', addresses: ['10.0.0.1'] }],
    };
    const scan = await store.scan(options(some));
    const [ledger, coverage]: [LedgerRow[], CoverageRow[]] = [[], []];
    for await (const rows of scan.ledger()) ledger.push(...rows);
    for await (const rows of scan.coverage()) coverage.push(...rows);
    await scan.close();
    const text = (events: readonly LogEvent[]) => events.map(({ message }) => `${message}\n`).join('');
    const files = await scanFiles(
      {
        'a.log': `${V2}\n${text([first[0]!, first[2]!, ...second])}`,
        'b.log': `${V5}\n${text([first[1]!])}`,
      },
      some,
    );
    expect({ ledger, coverage }).toEqual({ ledger: files.ledger, coverage: files.coverage });
    expect(ledger).toHaveLength(4);
    const { accepted, records, skipped } = scan.summary;
    expect({ accepted, records }).toEqual({ accepted: 4, records: 5 });
    expect(skipped.map(({ reason, count }) => [reason, count])).toEqual([['record-with-wrong-number-of-fields', 1]]);
    expect((await readdir(dir)).filter((name) => name.startsWith('insights-'))).toEqual([]);
  });

  it('tells the estimate before it asks for anything, and ends where it is more than allowed', async () => {
    const endpoint = await stage([{ events: [event(DAY)], creationTime: DAY * 1000, storedBytes: 10_000 }]);
    const told: [number, string][] = [];
    const store = storeOf(endpoint, {
      maxScanBytes: 100,
      spent: (bytes, what) => told.push([Math.round(bytes), what]),
    });
    await expect(store.scan(options({ window: { lastDays: 5, to: null } }))).rejects.toThrow(
      /more than the limit of 100; raise --max-scan-bytes/,
    );
    // Two passes over half of what ten days hold.
    expect(told).toEqual([[expect.closeTo(10_000, -3), 'estimate']]);
    expect(endpoint.queries).toEqual([]);
  });

  it('does not ask for days that a group does not hold', async () => {
    const events = [event(NOW - 3 * 86_400), event(NOW - 6 * 86_400)];
    const endpoint = await stage([{ events, retentionInDays: 5 }]);
    const scan = await storeOf(endpoint).scan(options({ window: { lastDays: 30, to: NOW } }));
    await scan.close();
    expect(Math.min(...endpoint.queries.map(({ first }) => first))).toBe(NOW - 5 * 86_400 + 12 * 3600);
    expect(scan.summary.records).toBe(1);
  });

  it('says which log group is not there', async () => {
    const endpoint = await stage([{ name: `${NAME}-a` }, { name: `${NAME}-b` }]);
    await expect(storeOf(endpoint).scan(options())).rejects.toThrow(
      `${NAME}: there is no log group of this name in eu-west-1`,
    );
  });
});

describe('days that are to be fetched', () => {
  const group: LogGroup = { region: 'eu-west-1', name: NAME, formats: [], heldSince: 0, storedBytes: 0 };
  const span = { from: DAY, to: DAY + 3 * 86_400, now: DAY + 3 * 86_400 - 3600 };

  it('are the missing ones, and of those that were not settled what came since', () => {
    const all = missingSlices([group], span, []);
    expect(all.map(({ day, since }) => [day, since])).toEqual([0, 1, 2].map((n) => [DAY + n * 86_400, 0]));
  });

  it('are not those whose file says that they were settled', () => {
    const key = createHash('sha256').update(`eu-west-1 ${NAME}`).digest('hex').slice(0, 12);
    const names = [
      `cwl-${key}-20260901-${DAY + 86_400 + 6 * 3600}-0.log.gz`,
      `cwl-${key}-20260902-${DAY + 86_400 + 600}-0.log.gz`,
      `cwl-${key}-20260902-${DAY + 2 * 86_400 + 600}-1.log.gz`,
      `cwl-000000000000-20260903-${NOW}-0.log.gz`,
    ];
    const left = missingSlices([group], span, names).map(({ day, since, before }) => [day, since, before]);
    expect(left).toEqual([
      [DAY + 86_400, DAY + 2 * 86_400 + 600, span.now - 900],
      [DAY + 2 * 86_400, 0, span.now - 900],
    ]);
  });
});
