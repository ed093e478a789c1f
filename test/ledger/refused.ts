import { join } from 'node:path';
import * as fc from 'fast-check';
import { expect } from 'vitest';
import {
  type CoverageRow,
  type FlowStore,
  ingestFlowLogs,
  type LedgerRow,
  openDuckDbStore,
  openLedgerStore,
} from '../../analyzer/flowlogs/index.ts';
import { type Manifest, readManifest } from '../../analyzer/flowlogs/stored/manifest.ts';
import { options, V2, V5, withFiles } from '../flowlogs/harness.ts';

export const DAY = 86_400;
export const FIRST = Date.UTC(2024, 7, 1) / 1000;
export const DAYS = 20;
export const REFUSED_DAYS = 5;
export const WINDOW = { from: FIRST, to: FIRST + DAYS * DAY };
const KNOWN = [{ interfaceId: 'eni-0a', addresses: ['10.0.0.1'] }];

export interface Line {
  day: number;
  /** Seconds into the day. */
  at: number;
  eni: string;
  peer: string;
  own: string;
  inbound: boolean;
  port: number;
  action: 'ACCEPT' | 'REJECT';
  directed: boolean;
}

/** A file a day and format, by AWS's names. */
function filesOf(lines: readonly Line[]): Record<string, string> {
  const out: Record<string, string> = {};
  for (const { day, at, eni, peer, own, inbound, port, action, directed } of lines) {
    const start = FIRST + day * DAY + at;
    const stamp = new Date(start * 1000).toISOString().slice(0, 10).replaceAll('-', '');
    const name = `111122223333_vpcflowlogs_eu-west-1_fl-0${directed ? 'd' : 'b'}_${stamp}T0000Z_${directed ? 'd' : 'b'}.log`;
    const ends = inbound ? `${peer} ${own} 40000 ${port}` : `${own} ${peer} ${port} 40000`;
    const line = `111122223333 ${eni} ${ends} 6 3 400 ${start} ${start + 50} ${action} OK`;
    out[name] ??= `${directed ? V5 : V2}\n`;
    out[name] += directed ? `5 ${line} ${inbound ? 2 : 18} - - ${inbound ? 'ingress' : 'egress'}\n` : `2 ${line}\n`;
  }
  return out;
}

async function scanned(store: FlowStore) {
  const scan = await store.scan(options({ window: WINDOW, interfaces: KNOWN, refusedDays: REFUSED_DAYS }));
  try {
    const [ledger, coverage]: [LedgerRow[], CoverageRow[]] = [[], []];
    for await (const rows of scan.ledger()) ledger.push(...rows);
    for await (const rows of scan.coverage()) coverage.push(...rows);
    const { accepted, rejected, outsideWindow, skipped, records } = scan.summary;
    // Each store has an order of its own.
    ledger.sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
    return { ledger, coverage, window: scan.window, counts: { accepted, rejected, outsideWindow, skipped, records } };
  } finally {
    await scan.close();
  }
}

/** What a scan of the files says, what their ledger says, and the ledger's manifest. `spoil` sees the ledger before it is read. */
export async function both(
  lines: readonly Line[],
  spoil: (ledger: string, manifest: Manifest) => Promise<void> = async () => {},
) {
  return withFiles(filesOf(lines), async (logs, temp) => {
    const ledger = join(temp, 'ledger');
    const { window: _, ...rest } = options({ interfaces: KNOWN });
    await ingestFlowLogs({ ...rest, paths: [logs], dir: ledger, tempDir: temp, memoryLimit: '500MB', now: 0 });
    const manifest = await readManifest(ledger);
    await spoil(ledger, manifest);
    const stored = await scanned(openLedgerStore({ dir: ledger, tempDir: temp, memoryLimit: '500MB' }));
    const direct = await scanned(openDuckDbStore({ paths: [logs], tempDir: temp, memoryLimit: '500MB' }));
    return { stored, direct, manifest };
  });
}

const drawn = fc.record({
  day: fc.integer({ min: -1, max: DAYS - 1 }),
  at: fc.constantFrom(0, 7200, DAY - 20),
  eni: fc.constantFrom('eni-0a', 'eni-0b'),
  peer: fc.constantFrom('198.51.100.7', '10.0.9.9', '203.0.113.5'),
  own: fc.constantFrom('10.0.0.1', '10.0.0.2'),
  inbound: fc.boolean(),
  port: fc.constantFrom(22, 443, 45_000),
  action: fc.constantFrom<Line['action']>('ACCEPT', 'REJECT', 'REJECT'),
});

/** Any records, with and without their packet's direction. */
export async function anyRecordsAgree(runs: number): Promise<void> {
  const records = fc.boolean().chain((all) =>
    fc.uniqueArray(
      fc.tuple(drawn, fc.boolean()).map(([some, directed]) => ({ ...some, directed: all || directed })),
      { minLength: 1, maxLength: 16 },
    ),
  );
  await fc.assert(
    fc.asyncProperty(records, async (lines) => {
      const { stored, direct } = await both(lines);
      expect(stored).toEqual(direct);
    }),
    { numRuns: runs },
  );
}
