import type { LedgerRow } from '../flowlogs/ledger.ts';
import { hash } from './intern.ts';
import { grown } from './tally.ts';

// One flow is eight numbers side by side, the size of a cache line; the last two are free.
const WIDTH = 8;
const KIND = 0;
const PEER = 1;
const RECORDS = 2;
const BYTES = 3;
/** The entry of the period met last; -1: none yet. */
const ENTRY = 4;
const LAST_PERIOD = 5;

const OPENED = ['inbound', 'outbound', 'unknown'] as const;
const ACTIONS = ['ACCEPT', 'REJECT'] as const;
const PORTS = 65_537;

/** What makes a flow but for its peer. */
interface FlowKind {
  /** By number; -1: several together. */
  interfaceId: number;
  opened: LedgerRow['opened'];
  action: LedgerRow['action'];
  protocol: number;
  /** -1: null. */
  port: number;
}

export function flowKind(
  interfaceId: number,
  opened: LedgerRow['opened'],
  action: LedgerRow['action'],
  protocol: number,
  port: number,
): number {
  const way = OPENED.indexOf(opened) * 2 + ACTIONS.indexOf(action);
  return (((interfaceId + 1) * 6 + way) * 256 + protocol) * PORTS + port + 1;
}

export function kindOf(key: number): FlowKind {
  const service = Math.floor(key / PORTS);
  const ends = Math.floor(service / 256);
  const way = ends % 6;
  return {
    interfaceId: Math.floor(ends / 6) - 1,
    opened: OPENED[way >> 1]!,
    action: ACTIONS[way & 1]!,
    protocol: service % 256,
    port: (key % PORTS) - 1,
  };
}

/** Flows and their sums by period, in flat arrays: hundreds of thousands are held, and every row adds to one. A flow is a number from 0. */
export class FlowTable {
  #flows = new Float64Array(64 * WIDTH);
  #count = 0;
  #slots = new Int32Array(128).fill(-1);
  /** Periods of one flow are a chain, the one met last first. */
  #periods = new Int32Array(64);
  #records = new Float64Array(64);
  #bytes = new Float64Array(64);
  #before = new Int32Array(64);
  #entries = 0;

  get count(): number {
    return this.#count;
  }

  kind(flow: number): number {
    return this.#flows[flow * WIDTH + KIND]!;
  }

  peer(flow: number): number {
    return this.#flows[flow * WIDTH + PEER]!;
  }

  records(flow: number): number {
    return this.#flows[flow * WIDTH + RECORDS]!;
  }

  bytes(flow: number): number {
    return this.#flows[flow * WIDTH + BYTES]!;
  }

  /** The flow of this kind and peer, a new one where there is none. */
  of(kind: number, peer: number): number {
    const flows = this.#flows;
    const slots = this.#slots;
    const mask = slots.length - 1;
    let slot = hash(kind, peer) & mask;
    for (let flow = slots[slot]!; flow >= 0; flow = slots[slot]!) {
      if (flows[flow * WIDTH + KIND] === kind && flows[flow * WIDTH + PEER] === peer) return flow;
      slot = (slot + 1) & mask;
    }
    return this.#create(kind, peer, slot);
  }

  #create(kind: number, peer: number, slot: number): number {
    const made = this.#count;
    const at = made * WIDTH;
    this.#count += 1;
    if (at === this.#flows.length) this.#flows = grown(this.#flows);
    this.#flows[at + KIND] = kind;
    this.#flows[at + PEER] = peer;
    this.#flows[at + ENTRY] = -1;
    this.#slots[slot] = made;
    if (this.#count * 2 > this.#slots.length) this.#rehash();
    return made;
  }

  #rehash(): void {
    const slots = new Int32Array(this.#slots.length * 2).fill(-1);
    const mask = slots.length - 1;
    for (let flow = 0; flow < this.#count; flow += 1) {
      let slot = hash(this.kind(flow), this.peer(flow)) & mask;
      while (slots[slot]! >= 0) slot = (slot + 1) & mask;
      slots[slot] = flow;
    }
    this.#slots = slots;
  }

  add(flow: number, period: number, records: number, bytes: number): void {
    const flows = this.#flows;
    const at = flow * WIDTH;
    flows[at + RECORDS]! += records;
    flows[at + BYTES]! += bytes;
    let entry = flows[at + ENTRY]!;
    // The rows of a flow come in the order of their days, nearly: the period is mostly the last one or a new one.
    if (entry < 0 || flows[at + LAST_PERIOD] !== period) {
      while (entry >= 0 && this.#periods[entry] !== period) entry = this.#before[entry]!;
      if (entry < 0) {
        this.#insert(at, period, records, bytes);
        return;
      }
    }
    this.#records[entry]! += records;
    this.#bytes[entry]! += bytes;
  }

  #insert(at: number, period: number, records: number, bytes: number): void {
    const made = this.#entries;
    this.#entries += 1;
    if (made === this.#periods.length) {
      this.#periods = grown(this.#periods);
      this.#records = grown(this.#records);
      this.#bytes = grown(this.#bytes);
      this.#before = grown(this.#before);
    }
    this.#periods[made] = period;
    this.#records[made] = records;
    this.#bytes[made] = bytes;
    this.#before[made] = this.#flows[at + ENTRY]!;
    this.#flows[at + ENTRY] = made;
    this.#flows[at + LAST_PERIOD] = period;
  }

  /** Period, records and bytes of each period, sorted. */
  periods(flow: number): [number, number, number][] {
    const out: [number, number, number][] = [];
    for (let entry = this.#flows[flow * WIDTH + ENTRY]!; entry >= 0; entry = this.#before[entry]!)
      out.push([this.#periods[entry]!, this.#records[entry]!, this.#bytes[entry]!]);
    return out.sort(([a], [b]) => a - b);
  }

  /** Adds a flow of another table to the one of this kind and peer. */
  merge(from: FlowTable, flow: number, kind = from.kind(flow), peer = from.peer(flow)): void {
    const into = this.of(kind, peer);
    for (let entry = from.#flows[flow * WIDTH + ENTRY]!; entry >= 0; entry = from.#before[entry]!)
      this.add(into, from.#periods[entry]!, from.#records[entry]!, from.#bytes[entry]!);
  }

  static from(table: FlowTable, flows: Iterable<number>): FlowTable {
    const out = new FlowTable();
    for (const flow of flows) out.merge(table, flow);
    return out;
  }
}
