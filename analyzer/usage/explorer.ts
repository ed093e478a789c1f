import type { LedgerRow, Window } from '../flowlogs/ledger.ts';
import type { Explorer, ExplorerFlow } from '../model/explorer.ts';
import { formatProtocol } from '../model/protocol.ts';
import { FlowTable, flowKind, kindOf } from './flow-table.ts';

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

/** The share of what may be held at which it is asked what is small before another interface begins; half is kept then. */
const CROWDED = 0.75;

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

/** The kind without its port. */
function anyPort(kind: number): number {
  const { interfaceId, opened, action, protocol } = kindOf(kind);
  return flowKind(interfaceId, opened, action, protocol, -1);
}

/** The kind without its interface. */
function anyInterface(kind: number): number {
  const { opened, action, protocol, port } = kindOf(kind);
  return flowKind(-1, opened, action, protocol, port);
}

/** Which of the numbers are among the `count` largest by `size`, which are of the size of the last of them, and how many of these have room. */
function largestBy(all: readonly number[], count: number, size: (flow: number) => number) {
  // Loops: the methods of typed arrays that take a function are several times slower, and this is half of the explorer's time.
  const sizes = new Float64Array(all.length);
  for (let i = 0; i < all.length; i += 1) sizes[i] = size(all[i]!);
  const least = count === 0 ? Infinity : sizes.slice().sort()[sizes.length - count]!;
  const most: number[] = [];
  const equal: number[] = [];
  const rest: number[] = [];
  for (let i = 0; i < all.length; i += 1) {
    const own = sizes[i]!;
    (own > least ? most : own < least ? rest : equal).push(all[i]!);
  }
  return { most, equal, rest, room: count - most.length };
}

function upTo(count: number): number[] {
  const out: number[] = [];
  for (let i = 0; i < count; i += 1) out.push(i);
  return out;
}

/**
 * Sums ledger rows by what the flow explorer shows. Every record stays in exactly one flow: what is beyond the limits loses first its
 * peer, then its port, then its interface. The rows come by interface, so the same logs give the same flows,
 * in whatever order those of one interface are.
 */
export class ExplorerLedger {
  readonly #limits: ExplorerLimits;
  readonly #start: number;
  readonly #periodDays: number;
  readonly #periods: number;
  readonly #interfaces = new Texts();
  readonly #peers = new Texts();
  #flows = new FlowTable();
  /** Told together while reading, for want of room. */
  #early = new FlowTable();
  #together = 0;
  #lastId: string | null = null;
  #last = -1;

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
    if (row.interfaceId !== this.#lastId) {
      // An interface's rows come together. What is small is mostly asked between two of them, so that the order within one leaves no trace.
      if (this.#flows.count > this.#limits.held * CROWDED) this.#prune();
      this.#lastId = row.interfaceId;
      this.#last = this.#interfaces.id(row.interfaceId);
    }
    const kind = flowKind(this.#last, row.opened, row.action, row.protocol, portOf(row) ?? -1);
    this.#flows.add(this.#flows.of(kind, this.#peers.id(row.peerAddress)), at, row.records, row.bytes);
    if (this.#flows.count > this.#limits.held) this.#prune();
  }

  #prune(): void {
    const kept = Math.floor(this.#limits.held / 2);
    const all = this.#flows;
    const { most, rest } = this.#largest(all, kept);
    this.#together += rest.length;
    for (const flow of rest) this.#early.merge(all, flow, all.kind(flow), -1);
    this.#flows = FlowTable.from(all, most);
    if (this.#early.count <= this.#limits.held) return;
    const early = this.#early;
    const ofEarly = this.#largest(early, kept);
    this.#early = FlowTable.from(early, ofEarly.most);
    for (const flow of ofEarly.rest) this.#early.merge(early, flow, anyPort(early.kind(flow)));
  }

  finish(): Explorer {
    const all = this.#flows;
    const { most: one, rest } = this.#largest(all, this.#limits.flows);
    const merged = new FlowTable();
    for (let flow = 0; flow < this.#early.count; flow += 1) merged.merge(this.#early, flow);
    for (const flow of rest) merged.merge(all, flow, all.kind(flow), -1);
    const byPort = this.#largest(merged, this.#limits.ports);
    const out = FlowTable.from(all, one);
    for (const flow of byPort.most) out.merge(merged, flow);
    for (const flow of byPort.rest) out.merge(merged, flow, anyPort(merged.kind(flow)), -1);
    const few = this.#fewInterfaces(out);
    const flows = this.#bySize(few, upTo(few.count)).map((flow) => this.#told(few, flow));
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

  #fewInterfaces(table: FlowTable): FlowTable {
    const records = new Map<number, number>();
    for (let flow = 0; flow < table.count; flow += 1) {
      const { interfaceId } = kindOf(table.kind(flow));
      records.set(interfaceId, (records.get(interfaceId) ?? 0) + table.records(flow));
    }
    const top = new Set(
      [...records]
        .sort(([a, m], [b, n]) => n - m || compareText(this.#interfaces.values[a]!, this.#interfaces.values[b]!))
        .slice(0, this.#limits.interfaces)
        .map(([id]) => id),
    );
    const out = new FlowTable();
    for (let flow = 0; flow < table.count; flow += 1) {
      const kind = table.kind(flow);
      if (top.has(kindOf(kind).interfaceId)) out.merge(table, flow);
      else out.merge(table, flow, anyInterface(kind), -1);
    }
    return out;
  }

  /** The first `count` by size and the others, neither sorted: only those that records and bytes do not tell apart are compared by their texts. */
  #largest(table: FlowTable, count: number): { most: readonly number[]; rest: readonly number[] } {
    const all = upTo(table.count);
    if (all.length <= count) return { most: all, rest: [] };
    const { most, equal, rest, room } = largestBy(all, count, (flow) => table.records(flow));
    const even = largestBy(equal, room, (flow) => table.bytes(flow));
    const last = this.#bySize(table, even.equal);
    return {
      most: [...most, ...even.most, ...last.slice(0, even.room)],
      rest: [...rest, ...even.rest, ...last.slice(even.room)],
    };
  }

  #bySize(table: FlowTable, flows: readonly number[]): number[] {
    const texts = new Map<number, string>();
    const textOf = (flow: number): string => {
      const text = texts.get(flow) ?? this.#text(table, flow);
      texts.set(flow, text);
      return text;
    };
    return [...flows].sort(
      (a, b) =>
        table.records(b) - table.records(a) || table.bytes(b) - table.bytes(a) || compareText(textOf(a), textOf(b)),
    );
  }

  #text(table: FlowTable, flow: number): string {
    const { interfaceId, opened, action, protocol, port } = kindOf(table.kind(flow));
    const peer = this.#peers.values[table.peer(flow)] ?? '';
    return `${this.#interfaces.values[interfaceId] ?? ''}|${opened}|${action}|${formatProtocol(protocol)}|${port < 0 ? '' : port}|${peer}`;
  }

  #told(table: FlowTable, flow: number): ExplorerFlow {
    const { interfaceId, opened, action, protocol, port } = kindOf(table.kind(flow));
    return {
      interfaceId: this.#interfaces.values[interfaceId] ?? null,
      opened,
      action,
      protocol: formatProtocol(protocol),
      port: port < 0 ? null : port,
      peer: this.#peers.values[table.peer(flow)] ?? null,
      records: table.records(flow),
      bytes: table.bytes(flow),
      periods: table.periods(flow),
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

function totalOf(flows: readonly ExplorerFlow[], action: ExplorerFlow['action']): { records: number; bytes: number } {
  const own = flows.filter((flow) => flow.action === action);
  return {
    records: own.reduce((sum, flow) => sum + flow.records, 0),
    bytes: own.reduce((sum, flow) => sum + flow.bytes, 0),
  };
}
