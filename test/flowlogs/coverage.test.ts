import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { holeOf, mergeHoles } from '../../analyzer/flowlogs/holes.ts';
import { scanFiles, V2 } from './harness.ts';

const HOUR = 3600 * 490_000;

interface Line {
  eni: string;
  start: number;
  end: number;
  status: 'OK' | 'NODATA' | 'SKIPDATA' | 'BAD';
}

function logs(lines: readonly Line[]): string {
  const text = lines.map(({ eni, start, end, status }) => {
    if (status === 'OK') return `2 1 ${eni} 192.0.2.7 10.0.0.1 40000 22 6 1 40 ${start} ${end} ACCEPT OK`;
    if (status === 'BAD') return `2 1 ${eni} 192.0.2.7 10.0.0.1 40000 x 6 1 40 ${start} ${end} ACCEPT OK`;
    return `2 1 ${eni} - - - - - - - ${start} ${end} - ${status}`;
  });
  return [V2, ...text, ''].join('\n');
}

async function observed(
  lines: readonly Line[],
  window = { from: HOUR, to: HOUR + 4 * 3600 },
): Promise<Record<string, number>> {
  const { coverage } = await scanFiles({ 'x.log': logs(lines) }, { window });
  return Object.fromEntries(coverage.map((row) => [(row.hour - HOUR) / 3600, row.observedSeconds]));
}

/** NODATA of each minute, 58 s long, as AWS writes it. */
function minutes(from: number, to: number, status: Line['status'] = 'NODATA'): Line[] {
  const lines: Line[] = [];
  for (let start = from; start < to; start += 60) lines.push({ eni: 'eni-0a', start, end: start + 58, status });
  return lines;
}

describe('law 1: no data is not no traffic, and NODATA is data', () => {
  it('counts an hour of NODATA as watched whole', async () => {
    expect(await observed(minutes(HOUR, HOUR + 3600))).toEqual({ 0: 3600 });
  });

  it('counts an hour with one short packet in each interval as watched whole', async () => {
    const sparse = minutes(HOUR, HOUR + 3600).map((line, i) => ({
      ...line,
      start: line.start + ((i * 37) % 59),
      end: line.start + ((i * 37) % 59),
    }));
    expect((await observed(sparse))[0]).toBe(3600);
  });

  it('counts a hole where silence cannot be explained, up to one interval on either side', async () => {
    const hole = [...minutes(HOUR, HOUR + 1200), ...minutes(HOUR + 2400, HOUR + 3600)];
    // Last before: 1140 to 1198, speaks to 1200; first after: 2400 to 2458, speaks from 2398.
    expect(await observed(hole)).toEqual({ 0: 3600 - (2398 - 1200) });
  });

  it('learns ten-minute intervals from the length of records, for each interface by itself', async () => {
    const slow: Line[] = [0, 600, 1200, 1800, 2400, 3000].map((at) => ({
      eni: 'eni-0a',
      start: HOUR + at,
      end: HOUR + at + (at === 0 ? 598 : 5),
      status: 'OK',
    }));
    expect(await observed(slow)).toEqual({ 0: 3600 });
    expect((await observed(slow.slice(1)))[0]).toBeLessThan(1000);
  });

  it('counts SKIPDATA apart and covers nothing with it', async () => {
    const { coverage } = await scanFiles(
      { 'x.log': logs([...minutes(HOUR, HOUR + 600, 'SKIPDATA'), ...minutes(HOUR + 1800, HOUR + 1860)]) },
      {},
    );
    expect(coverage).toEqual([{ interfaceId: 'eni-0a', hour: HOUR, observedSeconds: 62, records: 1, skipData: 10 }]);
  });

  it('counts nothing outside the window', async () => {
    const window = { from: HOUR + 600, to: HOUR + 3600 + 300 };
    expect(await observed(minutes(HOUR, HOUR + 7200), window)).toEqual({ 0: 3000, 1: 300 });
  });

  it('agrees with asking every second', async () => {
    const line = fc.record({
      eni: fc.constantFrom('eni-0a', 'eni-0b'),
      at: fc.integer({ min: -700, max: 9000 }),
      length: fc.constantFrom(0, 1, 30, 58, 90, 91, 600),
      status: fc.constantFrom<Line['status']>('OK', 'NODATA', 'SKIPDATA', 'BAD'),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(line, { minLength: 1, maxLength: 25 }), async (drawn) => {
        const lines = [
          ...drawn.map(({ eni, at, length, status }) => ({ eni, start: HOUR + at, end: HOUR + at + length, status })),
          { eni: 'eni-0c', start: HOUR, end: HOUR, status: 'NODATA' as const },
        ];
        const window = { from: HOUR, to: HOUR + 8000 };
        const { coverage } = await scanFiles({ 'x.log': logs(lines) }, { window });
        expect(coverage).toEqual(slowly(lines, window));
      }),
      { numRuns: 25, seed: 7 },
    );
  }, 120_000);
});

function slowly(lines: readonly Line[], window: { from: number; to: number }) {
  const rows = new Map<
    string,
    { interfaceId: string; hour: number; observedSeconds: number; records: number; skipData: number }
  >();
  const row = (interfaceId: string, time: number) => {
    const hour = time - (time % 3600);
    const known = rows.get(`${interfaceId} ${hour}`) ?? {
      interfaceId,
      hour,
      observedSeconds: 0,
      records: 0,
      skipData: 0,
    };
    rows.set(`${interfaceId} ${hour}`, known);
    return known;
  };
  const inside = lines.filter((line) => line.end >= window.from && line.start < window.to);
  for (const line of inside) {
    if (line.status === 'OK' || line.status === 'NODATA') row(line.eni, line.start).records++;
    else row(line.eni, line.start).skipData++;
  }
  for (const eni of new Set(inside.map((line) => line.eni))) {
    const watched = inside.filter((line) => line.eni === eni && (line.status === 'OK' || line.status === 'NODATA'));
    const width = watched.some((line) => line.end - line.start > 90) ? 600 : 60;
    for (let second = window.from; second < window.to; second++) {
      const spoken = (line: Line) =>
        second >= Math.min(line.start, line.end - width) && second < Math.max(line.end, line.start + width);
      if (watched.some(spoken)) row(eni, second).observedSeconds++;
    }
  }
  const order = (a: { interfaceId: string; hour: number }) => `${a.interfaceId} ${String(a.hour).padStart(12, '0')}`;
  return [...rows.values()].sort((a, b) => (order(a) < order(b) ? -1 : 1));
}

describe('what an unreadable file may have held', () => {
  it('is told by its stamp, else by its folders, else is any time', () => {
    const day = Date.UTC(2026, 6, 1) / 1000;
    const cases: [string, { from: number; to: number }][] = [
      [
        'a/1_vpcflowlogs_eu-west-1_fl-0_20260701T0605Z_ab.log.gz',
        { from: day + 6 * 3600 + 300 - 1800, to: day + 6 * 3600 + 300 + 1800 },
      ],
      ['AWSLogs/1/vpcflowlogs/eu-west-1/2026/07/01/x.gz', { from: day - 1800, to: day + 86400 + 1800 }],
      [
        'AWSLogs/1/vpcflowlogs/eu-west-1/2026/07/01/06/x.gz',
        { from: day + 6 * 3600 - 1800, to: day + 7 * 3600 + 1800 },
      ],
      ['x/year=2026/month=07/day=01/hour=06/x.gz', { from: day + 6 * 3600 - 1800, to: day + 7 * 3600 + 1800 }],
      ['x/year=2026/month=07/day=01/x.gz', { from: day - 1800, to: day + 86400 + 1800 }],
      ['flows.gz', { from: 0, to: 1e11 }],
    ];
    for (const [path, hole] of cases) expect({ path, hole: holeOf(path) }).toEqual({ path, hole });
  });

  it('is merged where it overlaps, so that nothing is taken off twice', () => {
    const holes = [
      { from: 5, to: 9 },
      { from: 1, to: 3 },
      { from: 2, to: 4 },
      { from: 9, to: 10 },
    ];
    expect(mergeHoles(holes)).toEqual([
      { from: 1, to: 4 },
      { from: 5, to: 10 },
    ]);
  });

  it('takes off only what was counted', async () => {
    const files = { 'x.log': logs(minutes(HOUR, HOUR + 7200)) };
    const stamp = new Date((HOUR + 1800) * 1000).toISOString().replace(/[-:]/g, '').slice(0, 13);
    const broken = `1_vpcflowlogs_eu-west-1_fl-0_${stamp}Z_ab.log.gz`;
    const { coverage } = await scanFiles(
      { ...files, [broken]: 'broken' },
      { skipUnreadable: true, window: { from: HOUR, to: HOUR + 7200 } },
    );
    expect(coverage.map((row) => row.observedSeconds)).toEqual([0, 3600]);
  });
});
