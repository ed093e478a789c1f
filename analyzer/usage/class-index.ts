import { hash } from './intern.ts';
import { grown } from './tally.ts';

// One class is eight numbers side by side, the size of a cache line; the last one is free.
const WIDTH = 8;
const SERVICE = 0;
const PEER = 1;
const PEER_SET = 2;
const MATCH = 3;
/** Whoever asks from this VPC about a time from FROM to TO means this class: its peer's groups need not be looked up. */
const VPC = 4;
const FROM = 5;
const TO = 6;

const PORTS = 65_537;

/** What a class is but for its peer, in one number. Groups by their number. */
export function serviceKey(
  groupSet: number,
  egress: boolean,
  certain: boolean,
  protocol: number,
  port: number | null,
): number {
  const ends = groupSet * 4 + (egress ? 2 : 0) + (certain ? 1 : 0);
  return (ends * 256 + protocol) * PORTS + (port === null ? 0 : port + 1);
}

export function serviceOf(key: number) {
  const port = key % PORTS;
  const kind = Math.floor(key / PORTS);
  const ends = Math.floor(kind / 256);
  return {
    groupSet: Math.floor(ends / 4),
    egress: (ends & 2) !== 0,
    certain: (ends & 1) !== 0,
    protocol: kind % 256,
    port: port === 0 ? null : port - 1,
  };
}

/**
 * Classes by what makes them, as numbers from 0: the service, the number of the peer's address and that of the peer's groups. Which groups a
 * peer has depends on the VPC that asks and on the time, so a class also remembers for whom and when it was found last. Open addressing over flat
 * arrays: there may be millions.
 */
export class ClassIndex {
  #keys = new Float64Array(64 * WIDTH);
  #slots = new Int32Array(128).fill(-1);
  #count = 0;

  /** The class of `first..last` seen from the VPC, if it is known from before; `from` and `to` are these moments with slack. -1: ask `find`. */
  recall(service: number, peer: number, vpc: number, from: number, to: number): number {
    const keys = this.#keys;
    const slots = this.#slots;
    const mask = slots.length - 1;
    let slot = hash(service, peer) & mask;
    for (let id = slots[slot]!; id >= 0; id = slots[slot]!) {
      const at = id * WIDTH;
      if (
        keys[at + PEER] === peer &&
        keys[at + SERVICE] === service &&
        keys[at + VPC] === vpc &&
        from >= keys[at + FROM]! &&
        to < keys[at + TO]!
      ) {
        return id;
      }
      slot = (slot + 1) & mask;
    }
    return -1;
  }

  /** The class with these groups of the peer; -1: none yet. */
  find(service: number, peer: number, peerSet: number): number {
    const keys = this.#keys;
    const slots = this.#slots;
    const mask = slots.length - 1;
    let slot = hash(service, peer) & mask;
    for (let id = slots[slot]!; id >= 0; id = slots[slot]!) {
      const at = id * WIDTH;
      if (keys[at + PEER] === peer && keys[at + SERVICE] === service && keys[at + PEER_SET] === peerSet) return id;
      slot = (slot + 1) & mask;
    }
    return -1;
  }

  /** The class must be new. */
  create(service: number, peer: number, peerSet: number, match: number): number {
    const id = this.#count;
    const at = id * WIDTH;
    if (at === this.#keys.length) this.#keys = grown(this.#keys);
    const keys = this.#keys;
    keys[at + SERVICE] = service;
    keys[at + PEER] = peer;
    keys[at + PEER_SET] = peerSet;
    keys[at + MATCH] = match;
    keys[at + VPC] = -1;
    this.#count += 1;
    if (this.#count * 2 > this.#slots.length) this.#rehash();
    else this.#place(id);
    return id;
  }

  /** From now on `recall` answers with this class, for that VPC and rows with `from <= first - slack` and `last + slack < to`. */
  remember(id: number, vpc: number, from: number, to: number): void {
    const at = id * WIDTH;
    this.#keys[at + VPC] = vpc;
    this.#keys[at + FROM] = from;
    this.#keys[at + TO] = to;
  }

  get count(): number {
    return this.#count;
  }

  service(id: number): number {
    return this.#keys[id * WIDTH + SERVICE]!;
  }

  peer(id: number): number {
    return this.#keys[id * WIDTH + PEER]!;
  }

  peerSet(id: number): number {
    return this.#keys[id * WIDTH + PEER_SET]!;
  }

  match(id: number): number {
    return this.#keys[id * WIDTH + MATCH]!;
  }

  #place(id: number): void {
    const mask = this.#slots.length - 1;
    let slot = hash(this.service(id), this.peer(id)) & mask;
    while (this.#slots[slot]! >= 0) slot = (slot + 1) & mask;
    this.#slots[slot] = id;
  }

  #rehash(): void {
    this.#slots = new Int32Array(this.#slots.length * 2).fill(-1);
    for (let id = 0; id < this.#count; id += 1) this.#place(id);
  }
}
