import { describe, expect, it } from 'vitest';
import type { LedgerRow } from '../../analyzer/flowlogs/ledger.ts';
import { EXPLORER_LIMITS, ExplorerLedger, type ExplorerLimits } from '../../analyzer/usage/explorer.ts';
import { FROM, flow } from '../advice/build.ts';

const DAY = 86_400;
const WINDOW = { from: FROM, to: FROM + 90 * DAY };
const LIMITS: ExplorerLimits = { flows: 100, ports: 100, interfaces: 100, held: 100 };

function explore(rows: readonly LedgerRow[], limits: Partial<ExplorerLimits> = {}, window = WINDOW) {
  const ledger = new ExplorerLedger(window, { ...LIMITS, ...limits });
  for (const row of rows) ledger.add(row);
  return ledger.finish();
}

/** `interface port peer records` */
const told = (explorer: ReturnType<typeof explore>): string[] =>
  explorer.flows.map((f) => `${f.interfaceId ?? '*'} ${f.port ?? '*'} ${f.peer ?? '*'} ${f.records}`);

const row = (
  interfaceId: string,
  port: number,
  peer: number,
  records: number,
  more: Partial<LedgerRow> = {},
): LedgerRow => flow(0, 6, port, `10.0.1.${peer}`, { interfaceId, records, bytes: records * 10, ...more });

describe('the flow explorer tells', () => {
  it('who opened, what was called, by whom, and how much, day by day', () => {
    const rows = [
      flow(8, 17, 53, '10.0.0.1', { records: 2, bytes: 50 }),
      flow(1, 17, 53, '10.0.0.1', { records: 1, bytes: 9 }),
    ];
    expect(explore(rows)).toEqual({
      firstDay: new Date(FROM * 1000).toISOString().slice(0, 10),
      periodDays: 7,
      periods: 13,
      accepted: { records: 3, bytes: 59 },
      rejected: { records: 0, bytes: 0 },
      flows: [
        {
          interfaceId: 'eni-web',
          opened: 'inbound',
          action: 'ACCEPT',
          protocol: 'udp',
          port: 53,
          peer: '10.0.0.1',
          records: 3,
          bytes: 59,
          periods: [
            [0, 1, 9],
            [1, 2, 50],
          ],
        },
      ],
      together: 0,
    });
  });

  it('accepted and rejected apart', () => {
    const explorer = explore([row('eni-1', 1, 1, 2), row('eni-1', 1, 1, 3, { action: 'REJECT' })]);
    expect([explorer.accepted, explorer.rejected]).toEqual([
      { records: 2, bytes: 20 },
      { records: 3, bytes: 30 },
    ]);
    expect(explorer.flows.map((f) => f.action)).toEqual(['REJECT', 'ACCEPT']);
  });

  it.each<[Partial<LedgerRow>, number | null]>([
    [{ opened: 'inbound', localPort: 9, peerPort: 5 }, 9],
    [{ opened: 'outbound', localPort: 5, peerPort: 9 }, 9],
    [{ opened: 'unknown', localPort: 5, peerPort: 9 }, 5],
    [{ opened: 'unknown', localPort: 9, peerPort: 5 }, 5],
    [{ opened: 'unknown', localPort: 9, peerPort: null }, 9],
    [{ opened: 'unknown', localPort: null, peerPort: 9 }, 9],
    [{ opened: 'unknown', localPort: null, peerPort: null }, null],
    [{ opened: 'inbound', localPort: null, peerPort: 9 }, null],
    [{ opened: 'inbound', localPort: 0 }, 0],
  ])('of %j port %s', (more, port) => {
    expect(explore([row('eni-1', 1, 1, 1, more)]).flows[0]!.port).toBe(port);
  });

  it('port 0 and no port apart', () => {
    expect(explore([row('eni-1', 0, 1, 1), row('eni-1', 0, 1, 1, { localPort: null })]).flows).toHaveLength(2);
  });

  it('what began before the window, or ends after it, in its first and last period', () => {
    const at = (day: number): number =>
      explore([row('eni-1', 1, 1, 1, { bucket: FROM + day * DAY })]).flows[0]!.periods[0]![0];
    expect([at(-3), at(0), at(6), at(7), at(89), at(95)]).toEqual([0, 0, 0, 1, 12, 12]);
  });

  it.each([
    [1, 1, 1],
    [31, 1, 31],
    [32, 7, 5],
    [732, 7, 105],
    [733, 30, 25],
  ])('a window of %d days in periods of %d days: %d', (days, periodDays, periods) => {
    const explorer = explore([], {}, { from: FROM, to: FROM + days * DAY });
    expect([explorer.periodDays, explorer.periods]).toEqual([periodDays, periods]);
  });

  it('a window that begins at noon from its first day on, and an empty one as one day', () => {
    const noon = explore([], {}, { from: FROM + DAY / 2, to: FROM + DAY });
    expect([noon.firstDay, noon.periods]).toEqual([new Date(FROM * 1000).toISOString().slice(0, 10), 1]);
    expect(explore([], {}, { from: FROM, to: FROM }).periods).toBe(1);
  });

  it('most records first, then most bytes, then by what they are', () => {
    const rows = [
      row('eni-1', 1, 1, 5),
      row('eni-1', 2, 1, 7),
      row('eni-1', 3, 1, 5, { bytes: 99 }),
      row('eni-1', 0, 1, 5),
    ];
    expect(told(explore(rows))).toEqual([
      'eni-1 2 10.0.1.1 7',
      'eni-1 3 10.0.1.1 5',
      'eni-1 0 10.0.1.1 5',
      'eni-1 1 10.0.1.1 5',
    ]);
  });
});

describe('what is beyond the limits', () => {
  const rows = [
    row('eni-1', 1, 1, 90),
    row('eni-1', 2, 1, 50),
    row('eni-1', 2, 2, 40),
    row('eni-1', 3, 1, 3),
    row('eni-1', 4, 2, 2),
    row('eni-2', 4, 2, 1),
  ];

  it('loses first its peers, with the largest flows told one by one', () => {
    const explorer = explore(rows, { flows: 1 });
    expect(told(explorer)).toEqual([
      'eni-1 1 10.0.1.1 90',
      'eni-1 2 * 90',
      'eni-1 3 * 3',
      'eni-1 4 * 2',
      'eni-2 4 * 1',
    ]);
    expect(explorer.together).toBe(5);
  });

  it('then its ports, the largest staying', () => {
    expect(told(explore(rows, { flows: 1, ports: 1 }))).toEqual([
      'eni-1 1 10.0.1.1 90',
      'eni-1 2 * 90',
      'eni-1 * * 5',
      'eni-2 * * 1',
    ]);
  });

  it('then its interfaces, peers and all, but not its ports', () => {
    expect(told(explore(rows, { interfaces: 1 })).at(-1)).toBe('* 4 * 1');
    const many = [
      row('eni-1', 1, 1, 3),
      row('eni-1', 2, 1, 3),
      row('eni-2', 1, 1, 5),
      row('eni-3', 1, 1, 5),
      row('eni-4', 1, 2, 1),
    ];
    // eni-1 has most, though no flow of it has; of the next two the first by its id.
    expect(told(explore(many, { interfaces: 2 }))).toEqual([
      '* 1 * 6',
      'eni-2 1 10.0.1.1 5',
      'eni-1 1 10.0.1.1 3',
      'eni-1 2 10.0.1.1 3',
    ]);
  });

  it('keeps the days of all that is told together', () => {
    const days = [
      row('eni-1', 1, 1, 1),
      row('eni-1', 1, 2, 2, { bucket: FROM + 8 * DAY }),
      row('eni-1', 1, 3, 4, { bucket: FROM + 8 * DAY }),
    ];
    expect(explore(days, { flows: 0 }).flows[0]!.periods).toEqual([
      [0, 1, 10],
      [1, 6, 60],
    ]);
  });
});

describe('when the memory is full', () => {
  const peers = (n: number, port = 1): LedgerRow[] =>
    Array.from({ length: n }, (_, i) => row('eni-1', port, i + 1, n - i));

  it('the smaller half is told together at once, and not before', () => {
    expect(explore(peers(4), { held: 4 }).together).toBe(0);
    const explorer = explore(peers(5), { held: 4 });
    expect(explorer.together).toBe(3);
    expect(told(explorer)).toEqual(['eni-1 1 * 6', 'eni-1 1 10.0.1.1 5', 'eni-1 1 10.0.1.2 4']);
  });

  it('a flow met again after it was told together begins anew', () => {
    const again = explore([...peers(5), row('eni-1', 1, 5, 100)], { held: 4 });
    expect(told(again)).toEqual(['eni-1 1 10.0.1.5 100', 'eni-1 1 * 6', 'eni-1 1 10.0.1.1 5', 'eni-1 1 10.0.1.2 4']);
  });

  it('ports go too, where there are too many of them', () => {
    // Each row has a port of its own: what is told early is by port, until that is too much as well.
    const ports = Array.from({ length: 7 }, (_, i) => row('eni-1', i + 1, 1, 10 - i));
    const explorer = explore(ports, { held: 2 });
    expect(explorer.together).toBe(6);
    // Four: two are told early, each by its port. Five: four are, and only the largest keeps its port.
    expect(told(explore(ports.slice(0, 4), { held: 2 }))).toEqual([
      'eni-1 1 10.0.1.1 10',
      'eni-1 2 * 9',
      'eni-1 3 * 8',
      'eni-1 4 10.0.1.1 7',
    ]);
    expect(told(explore(ports.slice(0, 5), { held: 2 }))).toEqual([
      'eni-1 * * 21',
      'eni-1 1 10.0.1.1 10',
      'eni-1 2 * 9',
    ]);
    expect(told(explorer)).toEqual(['eni-1 * * 39', 'eni-1 1 10.0.1.1 10']);
  });

  it('holds a great many', () => {
    expect(EXPLORER_LIMITS).toEqual({ flows: 1_500, ports: 1_500, interfaces: 250, held: 200_000 });
  });
});
