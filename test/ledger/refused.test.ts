import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { neededFiles } from '../../analyzer/flowlogs/stored/needed.ts';
import { anyRecordsAgree, both, DAY, DAYS, FIRST, type Line, REFUSED_DAYS, WINDOW } from './refused.ts';

const SINCE = WINDOW.to - REFUSED_DAYS * DAY;

const line = (some: Partial<Line>): Line => ({
  ...{ day: 1, at: 3600, eni: 'eni-0a', peer: '198.51.100.7', own: '10.0.0.1', inbound: true, port: 22 },
  ...{ action: 'REJECT', directed: true },
  ...some,
});
const OLD = line({ day: 3 });
const LATE = line({ day: DAYS - 1 });
const USED = line({ day: 4, action: 'ACCEPT', peer: '10.0.9.9', port: 443 });

describe('law 9: a ledger whose old refused records stay closed says what a scan says', () => {
  it('without opening their files: they may even be gone', async () => {
    const closed: string[] = [];
    const { stored, direct } = await both(
      [OLD, OLD, LATE, USED, line({ day: 9, eni: 'eni-0b' })],
      async (ledger, manifest) => {
        const needed = neededFiles(manifest, { window: WINDOW, refusedDays: REFUSED_DAYS })!;
        const read = new Set(needed.read.map(({ path }) => path));
        for (const { path } of manifest.segments.flatMap(({ data }) => data)) {
          if (read.has(path)) continue;
          closed.push(path.replace(/run=.*/, ''));
          await rm(join(ledger, path));
        }
        expect(needed.refused).toBe(3);
      },
    );
    expect(closed).toEqual(['flow/day=2024-08-04/action=REJECT/', 'flow/day=2024-08-10/action=REJECT/']);
    expect(stored).toEqual(direct);
    expect(stored.counts).toMatchObject({ accepted: 1, rejected: 4 });
    expect(stored.ledger.map(({ action, bucket }) => [action, bucket])).toEqual([
      ['ACCEPT', FIRST + 4 * DAY],
      ['REJECT', FIRST + (DAYS - 1) * DAY],
    ]);
  });

  it('opens them all where one record of the window has no direction, for it may be what tells an address', async () => {
    // Accepted records alone leave two addresses for eni-0b, the refused one only its own.
    const lines = [
      line({ eni: 'eni-0b', own: '10.0.0.2', peer: '10.0.0.9', port: 443, action: 'ACCEPT', directed: false, day: 18 }),
      line({ eni: 'eni-0b', own: '10.0.0.2', peer: '203.0.113.5', day: 2 }),
    ];
    const { stored, direct, manifest } = await both(lines);
    expect(neededFiles(manifest, { window: WINDOW, refusedDays: REFUSED_DAYS })!.refused).toBe(0);
    expect(stored).toEqual(direct);
    expect(stored.ledger).toMatchObject([{ action: 'ACCEPT', localAddress: '10.0.0.2', peerAddress: '10.0.0.9' }]);
    const without = await both(lines.slice(0, 1));
    expect(without.direct.ledger).toHaveLength(2);
  });

  it('opens them all in a ledger whose manifest does not tell', async () => {
    const { stored, direct, manifest } = await both([OLD, LATE, USED]);
    for (const { data } of manifest.segments)
      for (const file of data) for (const key of ['action', 'records', 'directed'] as const) delete file[key];
    expect(neededFiles(manifest, { window: WINDOW, refusedDays: REFUSED_DAYS })).toMatchObject({ refused: 0 });
    expect(stored).toEqual(direct);
  });

  it('keeps the day on which the last days begin whole, and what reaches into the window from the day before', async () => {
    const day = (SINCE - FIRST) / DAY;
    const lines = [
      line({ day, at: 0 }),
      line({ day: day - 1, at: DAY - 20 }),
      line({ day: -1, at: DAY - 20 }),
      line({ day: 0, at: 5 }),
    ];
    const { stored, direct } = await both(lines);
    expect(stored).toEqual(direct);
    expect(stored.counts.rejected).toBe(4);
    expect(stored.ledger).toMatchObject([{ action: 'REJECT', bucket: SINCE }]);
  });

  it('whatever the records', async () => {
    await anyRecordsAgree(2);
  });
});
