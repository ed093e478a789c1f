import type { LedgerRow, Window } from '../flowlogs/ledger.ts';
import type { Explorer, ExplorerFlow } from '../model/explorer.ts';
import { formatProtocol } from '../model/protocol.ts';
import { compareText } from './timeline.ts';

const DAY = 86_400;

export interface ExplorerLimits {
  /** Flows told one by one. */
  flows: number;
  /** Flows told with their peers together. */
  ports: number;
  /** Interfaces told one by one; the rest together. */
  interfaces: number;
  /** Flows held in memory; beyond, the smaller half is told together at once. */
  held: number;
}

export const EXPLORER_LIMITS: ExplorerLimits = { flows: 1_500, ports: 1_500, interfaces: 250, held: 200_000 };

interface Sum extends Omit<ExplorerFlow, 'periods'> {
  key: string;
  periods: Map<number, [records: number, bytes: number]>;
}

/**
 * Sums ledger rows by what the flow explorer shows. Every record stays in exactly one flow: what is beyond the limits loses first its
 * peer, then its port, then its interface. The rows come in a fixed order, so the same logs give the same flows.
 */
export class ExplorerLedger {
  readonly #limits: ExplorerLimits;
  readonly #start: number;
  readonly #periodDays: number;
  readonly #periods: number;
  readonly #flows = new Map<string, Sum>();
  /** Told together while reading, for want of room. */
  readonly #early = new Map<string, Sum>();
  #together = 0;

  constructor(window: Window, limits: ExplorerLimits = EXPLORER_LIMITS) {
    this.#limits = limits;
    this.#start = Math.floor(window.from / DAY) * DAY;
    const days = Math.max(1, Math.ceil((window.to - this.#start) / DAY));
    this.#periodDays = days <= 31 ? 1 : days <= 2 * 366 ? 7 : 30;
    this.#periods = Math.ceil(days / this.#periodDays);
  }

  add(row: LedgerRow): void {
    const port = portOf(row);
    // A record that began before the window belongs to it all the same.
    const period = Math.floor((row.bucket - this.#start) / DAY / this.#periodDays);
    const at = Math.min(this.#periods - 1, Math.max(0, period));
    const flow = {
      interfaceId: row.interfaceId,
      opened: row.opened,
      action: row.action,
      protocol: formatProtocol(row.protocol),
      port,
      peer: row.peerAddress,
      records: row.records,
      bytes: row.bytes,
    };
    const key = keyOf(flow);
    const known = this.#flows.get(key);
    if (known === undefined) this.#flows.set(key, { ...flow, key, periods: new Map([[at, [row.records, row.bytes]]]) });
    else addTo(known, at, row.records, row.bytes);
    if (this.#flows.size > this.#limits.held) this.#prune();
  }

  #prune(): void {
    const sorted = [...this.#flows.values()].sort(bySize);
    for (const flow of sorted.slice(Math.floor(this.#limits.held / 2))) {
      this.#flows.delete(flow.key);
      this.#together += 1;
      merge(this.#early, without(flow, { peer: null }));
    }
    if (this.#early.size <= this.#limits.held) return;
    const early = [...this.#early.values()].sort(bySize);
    for (const flow of early.slice(Math.floor(this.#limits.held / 2))) {
      this.#early.delete(flow.key);
      merge(this.#early, without(flow, { port: null }));
    }
  }

  finish(): Explorer {
    const sorted = [...this.#flows.values()].sort(bySize);
    const one = sorted.slice(0, this.#limits.flows);
    const rest = sorted.slice(this.#limits.flows);
    const merged = new Map(this.#early);
    for (const flow of rest) merge(merged, without(flow, { peer: null }));
    const byPort = [...merged.values()].sort(bySize);
    const protocols = new Map<string, Sum>();
    for (const flow of byPort.slice(this.#limits.ports)) merge(protocols, without(flow, { port: null }));
    const out = new Map<string, Sum>();
    for (const flow of [...one, ...byPort.slice(0, this.#limits.ports), ...protocols.values()]) merge(out, flow);
    const flows = this.#fewInterfaces([...out.values()])
      .sort(bySize)
      .map(flowOf);
    return {
      firstDay: new Date(this.#start * 1000).toISOString().slice(0, 10),
      periodDays: this.#periodDays,
      periods: this.#periods,
      accepted: totalOf(flows, 'ACCEPT'),
      rejected: totalOf(flows, 'REJECT'),
      flows,
      together: this.#together + rest.length,
    };
  }

  #fewInterfaces(flows: readonly Sum[]): Sum[] {
    const records = new Map<string, number>();
    for (const { interfaceId, records: n } of flows)
      records.set(interfaceId ?? '', (records.get(interfaceId ?? '') ?? 0) + n);
    const top = new Set(
      [...records]
        .sort(([a, m], [b, n]) => n - m || compareText(a, b))
        .slice(0, this.#limits.interfaces)
        .map(([id]) => id),
    );
    const out = new Map<string, Sum>();
    for (const flow of flows)
      merge(out, top.has(flow.interfaceId ?? '') ? flow : without(flow, { interfaceId: null, peer: null }));
    return [...out.values()];
  }
}

/** Passes rows on unchanged while the explorer sums them. */
export async function* withExplorer(
  rows: AsyncIterable<readonly LedgerRow[]>,
  explorer: ExplorerLedger,
): AsyncIterable<readonly LedgerRow[]> {
  for await (const batch of rows) {
    for (const row of batch) explorer.add(row);
    yield batch;
  }
}

/** The called port; where nobody knows which end was called, the lower one. */
function portOf({ opened, localPort, peerPort }: LedgerRow): number | null {
  if (opened === 'inbound') return localPort;
  if (opened === 'outbound') return peerPort;
  return localPort === null || peerPort === null ? (localPort ?? peerPort) : Math.min(localPort, peerPort);
}

function keyOf(flow: Omit<Sum, 'key' | 'periods' | 'records' | 'bytes'>): string {
  return `${flow.interfaceId ?? ''}|${flow.opened}|${flow.action}|${flow.protocol}|${flow.port ?? ''}|${flow.peer ?? ''}`;
}

function without(flow: Sum, less: Partial<Pick<Sum, 'interfaceId' | 'port' | 'peer'>>): Sum {
  const next = { ...flow, ...less };
  return { ...next, key: keyOf(next) };
}

/** The first of a key is copied, so that no map shares its sums with another. */
function merge(into: Map<string, Sum>, flow: Sum): void {
  const known = into.get(flow.key);
  if (known === undefined) {
    into.set(flow.key, { ...flow, periods: new Map([...flow.periods].map(([at, pair]) => [at, [...pair]])) });
    return;
  }
  for (const [at, [records, bytes]] of flow.periods) addTo(known, at, records, bytes);
}

function addTo(sum: Sum, at: number, records: number, bytes: number): void {
  sum.records += records;
  sum.bytes += bytes;
  const pair = sum.periods.get(at);
  if (pair === undefined) {
    sum.periods.set(at, [records, bytes]);
  } else {
    pair[0] += records;
    pair[1] += bytes;
  }
}

function bySize(a: Sum, b: Sum): number {
  return b.records - a.records || b.bytes - a.bytes || compareText(a.key, b.key);
}

function flowOf({ interfaceId, opened, action, protocol, port, peer, records, bytes, periods }: Sum): ExplorerFlow {
  const sorted = [...periods].sort(([a], [b]) => a - b);
  return {
    ...{ interfaceId, opened, action, protocol, port, peer, records, bytes },
    periods: sorted.map(([at, [n, size]]): [number, number, number] => [at, n, size]),
  };
}

function totalOf(flows: readonly ExplorerFlow[], action: ExplorerFlow['action']): { records: number; bytes: number } {
  const own = flows.filter((flow) => flow.action === action);
  return {
    records: own.reduce((sum, flow) => sum + flow.records, 0),
    bytes: own.reduce((sum, flow) => sum + flow.bytes, 0),
  };
}
