import { EVIDENCE_CLASSES, type EvidenceClass, type LedgerRow } from '../../analyzer/flowlogs/ledger.ts';
import type { LogFormat, TrueConnection, World, WorldOptions } from '../generator/index.ts';
import { score } from './truth.ts';

/** Records of TCP or UDP by what decided who opened, and how many of them were decided against the truth. */
export type OpenerCounts = Record<EvidenceClass, { records: number; wrong: number }>;

export interface OpenerRow {
  format: LogFormat;
  protocol: 'TCP' | 'UDP';
  counts: OpenerCounts;
}

export async function measureOpeners(
  seeds: readonly number[],
  format: LogFormat,
  options: WorldOptions,
): Promise<OpenerRow[]> {
  const rows: Record<OpenerRow['protocol'], OpenerCounts>[] = [];
  for (const seed of seeds) {
    const { world, judged } = await score(seed, format, options);
    rows.push(countOpeners(world, judged.ledger));
  }
  return (['TCP', 'UDP'] as const).map((protocol) => {
    const counts = noCounts();
    for (const some of rows) {
      for (const name of EVIDENCE_CLASSES) {
        counts[name].records += some[protocol][name].records;
        counts[name].wrong += some[protocol][name].wrong;
      }
    }
    return { format, protocol, counts };
  });
}

export function countOpeners(world: World, ledger: readonly LedgerRow[]): Record<OpenerRow['protocol'], OpenerCounts> {
  const out = { TCP: noCounts(), UDP: noCounts() };
  const truly = openedAt(world);
  for (const row of ledger) {
    if (row.action !== 'ACCEPT' || (row.protocol !== 6 && row.protocol !== 17)) continue;
    const mine = truly.get(row.interfaceId);
    // NAT gateways pass connections on: no end of theirs was opened or called.
    if (mine === undefined) continue;
    const count = out[row.protocol === 6 ? 'TCP' : 'UDP'][row.evidence];
    count.records += row.records;
    if (row.opened !== 'unknown' && !mine.some((c) => isMeant(c, row))) count.wrong += row.records;
  }
  return out;
}

function noCounts(): OpenerCounts {
  return Object.fromEntries(EVIDENCE_CLASSES.map((name) => [name, { records: 0, wrong: 0 }])) as OpenerCounts;
}

interface Opened {
  connection: TrueConnection;
  inbound: boolean;
  peer: string;
}

function openedAt(world: World): Map<string, Opened[]> {
  const out = new Map<string, Opened[]>();
  for (const connection of world.connections) {
    for (const end of connection.ends) {
      const list = out.get(end.interfaceId) ?? [];
      list.push({ connection, inbound: end.direction === 'ingress', peer: end.peer });
      out.set(end.interfaceId, list);
    }
  }
  return out;
}

/** Whether this connection was opened the way that the row says, between its two ends, on its port, within its time. */
function isMeant({ connection, inbound, peer }: Opened, row: LedgerRow): boolean {
  const { protocol, port, start, end } = connection;
  return (
    protocol === row.protocol &&
    inbound === (row.opened === 'inbound') &&
    port === (inbound ? row.localPort : row.peerPort) &&
    (peer === row.peerAddress || peer === row.peerPacketAddress) &&
    start <= row.last &&
    end >= row.first
  );
}

/** The table of docs/attribution.md. */
export function openerTable(rows: readonly OpenerRow[]): string {
  const share = (part: number, all: number): string => (part === 0 ? '' : `${((100 * part) / all).toFixed(1)} %`);
  const lines = rows.map(({ format, protocol, counts }) => {
    const all = Object.values(counts).reduce((sum, c) => sum + c.records, 0);
    const wrong = Object.values(counts).reduce((sum, c) => sum + c.wrong, 0);
    const cells = EVIDENCE_CLASSES.map((name) => share(counts[name].records, all));
    return `| ${format} | ${protocol} | ${cells.join(' | ')} | ${wrong} of ${all} |`;
  });
  return [
    `| format | protocol | ${EVIDENCE_CLASSES.join(' | ')} | wrong |`,
    `|---|---|${EVIDENCE_CLASSES.map(() => '---').join('|')}|---|`,
    ...lines,
  ].join('\n');
}
