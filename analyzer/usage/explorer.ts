import type { LedgerRow, Window } from '../flowlogs/ledger.ts';
import type { Explorer, ExplorerFlow } from '../model/explorer.ts';
import { formatProtocol } from '../model/protocol.ts';
import { PairTable } from './intern.ts';
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

const OPENED = ['inbound', 'outbound', 'unknown'] as const;

/** What makes a flow, and its sums. Numbers stand for interfaces and peers; -1: several together. Port -1: null. */
interface Sum {
  interfaceId: number;
  opened: LedgerRow['opened'];
  action: LedgerRow['action'];
  protocol: number;
  port: number;
  peer: number;
  records: number;
  bytes: number;
  /** Three numbers for each period: which it is, records, bytes. */
  periods: number[];
  /** Made where two flows are of one size. */
  text: string | null;
}

/** Texts by number. */
class Texts {
  readonly values: string[] = [];
  readonly #ids = new Map<string, number>();

  id(text: string): number {
    const found = this.#ids.get(text);
    if (found !== undefined) return found;
    this.#ids.set(text, this.values.length);
    this.values.push(text);
    return this.values.length - 1;
  }
}

/** Flows by what makes them: no text is put together for a row. */
class Flows {
  readonly all: Sum[] = [];
  readonly #index = new PairTable();

  of(interfaceId: number, opened: Sum['opened'], action: Sum['action'], protocol: number, port: number, peer: number) {
    const kind = OPENED.indexOf(opened) * 2 + (action === 'ACCEPT' ? 0 : 1);
    const outer = (((interfaceId + 1) * 6 + kind) * 256 + protocol) * 65_537 + port + 1;
    const found = this.#index.get(outer, peer);
    if (found >= 0) return this.all[found]!;
    const made: Sum = {
      ...{ interfaceId, opened, action, protocol, port, peer },
      ...{ records: 0, bytes: 0, periods: [], text: null },
    };
    this.#index.add(outer, peer, this.all.length);
    this.all.push(made);
    return made;
  }

  merge(flow: Sum, { interfaceId, port, peer }: Pick<Sum, 'interfaceId' | 'port' | 'peer'> = flow): void {
    const into = this.of(interfaceId, flow.opened, flow.action, flow.protocol, port, peer);
    const { periods } = flow;
    for (let i = 0; i < periods.length; i += 3) addTo(into, periods[i]!, periods[i + 1]!, periods[i + 2]!);
  }

  static from(flows: readonly Sum[]): Flows {
    const out = new Flows();
    for (const flow of flows) out.merge(flow);
    return out;
  }
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
  readonly #interfaces = new Texts();
  readonly #peers = new Texts();
  #flows = new Flows();
  /** Told together while reading, for want of room. */
  #early = new Flows();
  #together = 0;

  constructor(window: Window, limits: ExplorerLimits = EXPLORER_LIMITS) {
    this.#limits = limits;
    this.#start = Math.floor(window.from / DAY) * DAY;
    const days = Math.max(1, Math.ceil((window.to - this.#start) / DAY));
    this.#periodDays = days <= 31 ? 1 : days <= 2 * 366 ? 7 : 30;
    this.#periods = Math.ceil(days / this.#periodDays);
  }

  add(row: LedgerRow): void {
    // A record that began before the window belongs to it all the same.
    const period = Math.floor((row.bucket - this.#start) / DAY / this.#periodDays);
    const at = Math.min(this.#periods - 1, Math.max(0, period));
    const flow = this.#flows.of(
      this.#interfaces.id(row.interfaceId),
      row.opened,
      row.action,
      row.protocol,
      portOf(row) ?? -1,
      this.#peers.id(row.peerAddress),
    );
    addTo(flow, at, row.records, row.bytes);
    if (this.#flows.all.length > this.#limits.held) this.#prune();
  }

  #prune(): void {
    const kept = Math.floor(this.#limits.held / 2);
    const { most, rest } = this.#largest(this.#flows.all, kept);
    this.#together += rest.length;
    for (const flow of rest) this.#early.merge(flow, { ...flow, peer: -1 });
    this.#flows = Flows.from(most);
    if (this.#early.all.length <= this.#limits.held) return;
    const early = this.#largest(this.#early.all, kept);
    this.#early = Flows.from(early.most);
    for (const flow of early.rest) this.#early.merge(flow, { ...flow, port: -1 });
  }

  finish(): Explorer {
    const { most: one, rest } = this.#largest(this.#flows.all, this.#limits.flows);
    const merged = Flows.from(this.#early.all);
    for (const flow of rest) merged.merge(flow, { ...flow, peer: -1 });
    const byPort = this.#largest(merged.all, this.#limits.ports);
    const out = Flows.from([...one, ...byPort.most]);
    for (const flow of byPort.rest) out.merge(flow, { ...flow, port: -1, peer: -1 });
    const flows = this.#fewInterfaces(out.all)
      .sort((a, b) => this.#bySize(a, b))
      .map((flow) => this.#told(flow));
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
    const records = new Map<number, number>();
    for (const { interfaceId, records: n } of flows) records.set(interfaceId, (records.get(interfaceId) ?? 0) + n);
    const top = new Set(
      [...records]
        .sort(([a, m], [b, n]) => n - m || compareText(this.#interfaces.values[a]!, this.#interfaces.values[b]!))
        .slice(0, this.#limits.interfaces)
        .map(([id]) => id),
    );
    const out = new Flows();
    for (const flow of flows)
      out.merge(flow, top.has(flow.interfaceId) ? flow : { interfaceId: -1, port: flow.port, peer: -1 });
    return out.all;
  }

  /** The first `count` by size and the others, neither sorted: to sort hundreds of thousands by their texts takes longer than to sum them. */
  #largest(flows: readonly Sum[], count: number): { most: readonly Sum[]; rest: readonly Sum[] } {
    if (flows.length <= count) return { most: flows, rest: [] };
    const sizes = Float64Array.from(flows, (flow) => flow.records).sort();
    const least = count === 0 ? Infinity : sizes[flows.length - count]!;
    const most = flows.filter((flow) => flow.records > least);
    const rest = flows.filter((flow) => flow.records < least);
    const equal = flows.filter((flow) => flow.records === least).sort((a, b) => this.#bySize(a, b));
    const room = count - most.length;
    return { most: [...most, ...equal.slice(0, room)], rest: [...rest, ...equal.slice(room)] };
  }

  #bySize(a: Sum, b: Sum): number {
    return b.records - a.records || b.bytes - a.bytes || compareText(this.#text(a), this.#text(b));
  }

  #text(flow: Sum): string {
    flow.text ??= `${this.#interfaces.values[flow.interfaceId] ?? ''}|${flow.opened}|${flow.action}|${formatProtocol(flow.protocol)}|${flow.port < 0 ? '' : flow.port}|${this.#peers.values[flow.peer] ?? ''}`;
    return flow.text;
  }

  #told({ interfaceId, opened, action, protocol, port, peer, records, bytes, periods }: Sum): ExplorerFlow {
    const each = Array.from({ length: periods.length / 3 }, (_, i): [number, number, number] => [
      periods[3 * i]!,
      periods[3 * i + 1]!,
      periods[3 * i + 2]!,
    ]);
    return {
      interfaceId: this.#interfaces.values[interfaceId] ?? null,
      opened,
      action,
      protocol: formatProtocol(protocol),
      port: port < 0 ? null : port,
      peer: this.#peers.values[peer] ?? null,
      records,
      bytes,
      periods: each.sort(([a], [b]) => a - b),
    };
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

/** The rows of a flow come in the order of their days, nearly: the period is mostly the last one. */
function addTo(sum: Sum, at: number, records: number, bytes: number): void {
  sum.records += records;
  sum.bytes += bytes;
  const { periods } = sum;
  for (let i = periods.length - 3; i >= 0; i -= 3) {
    if (periods[i] !== at) continue;
    periods[i + 1]! += records;
    periods[i + 2]! += bytes;
    return;
  }
  periods.push(at, records, bytes);
}

function totalOf(flows: readonly ExplorerFlow[], action: ExplorerFlow['action']): { records: number; bytes: number } {
  const own = flows.filter((flow) => flow.action === action);
  return {
    records: own.reduce((sum, flow) => sum + flow.records, 0),
    bytes: own.reduce((sum, flow) => sum + flow.bytes, 0),
  };
}
