import { readFileSync } from 'node:fs';
import { formatAddress, parseAddress } from '../../../model/address.ts';
import type { FieldName } from '../../fields.ts';

/** What kernel/index.as exports: numbers are 32 bits, addresses are places in `memory`. */
interface Exports {
  memory: WebAssembly.Memory;
  places: WebAssembly.Global;
  alloc(size: number): number;
  free(block: number): void;
  clear(): void;
  parse(text: number, length: number, fields: number, most: number): number;
  beginColumns(rows: number): number;
  readDictionary(field: number, physical: number, page: number, size: number, entries: number): number;
  readPage(
    field: number,
    physical: number,
    page: number,
    size: number,
    row: number,
    values: number,
    optional: number,
    coded: number,
  ): number;
  addColumns(rows: number): number;
  inflate(from: number, length: number, to: number, size: number): number;
  unsnap(from: number, length: number, to: number, size: number): number;
  putOdd(text: number, length: number): number;
  setOwn(interfaceNumber: number, addresses: number, length: number): void;
  interfaceCount(): number;
  interfaceAt(n: number): number;
  interfaceLength(n: number): number;
  count(): number;
  oldest(): number;
  newest(): number;
  dayCount(): number;
  dayAt(n: number): number;
  sort(ranks: number): number;
  rollDay(day: number, hourly: number): void;
  inexact(): number;
  accepted(): number;
  rejected(): number;
  rejectFrom(): number;
  refusals(): number;
  undirected(): number;
  tallyRows(): number;
  spanRows(): number;
  flowColumn(column: number): number;
  tallyColumn(column: number): number;
  spanColumn(column: number): number;
  encodeNames(values: number, rows: number): void;
  encodeAddresses(values: number, about: number, shift: number, flag: number, rows: number): void;
  encodeWords(
    about: number,
    shift: number,
    bits: number,
    words: number,
    bytes: number,
    size: number,
    rows: number,
  ): void;
  encodeWord(word: number, bytes: number, rows: number): void;
  encodeNumbers(values: number, shift: number, bits: number, about: number, none: number, rows: number): void;
  encodeDifferences(values: number, width: number, rows: number): void;
  encodeSmall(values: number, rows: number): void;
  encodeFlags(values: number, bits: number, rows: number): void;
  /** kernel/checksum.as. */
  fold(at: number, length: number): number;
  folded(): number;
  dictionary(): number;
  dictionaryBytes(): number;
  dictionarySize(): number;
  body(): number;
  bodyBytes(): number;
  encoded(): number;
}

/** The order in which kernel/parse.as has their places. */
export const FIELDS: readonly FieldName[] = [
  'interface-id',
  'srcaddr',
  'dstaddr',
  'srcport',
  'dstport',
  'protocol',
  'packets',
  'bytes',
  'start',
  'end',
  'action',
  'log-status',
  'tcp-flags',
  'pkt-srcaddr',
  'pkt-dstaddr',
  'flow-direction',
];
/** What the kernel may read and write beyond a text. */
const SLACK = 128;
const NONE = 0xffffffff;

/** What the inventory says of an interface: its addresses, in canonical text or not. */
export type Own = (interfaceId: string) => readonly string[];

/** Compiled once; threads are given it. */
export function compileKernel(): WebAssembly.Module {
  return new WebAssembly.Module(readFileSync(new URL('./kernel/kernel.wasm', import.meta.url)));
}

/** The compiled reader (kernel/index.as) with its memory, and what it asks its host for: odd addresses, and which addresses are an interface's own. */
export class Kernel {
  readonly exports: Exports;
  /** By their numbers. */
  readonly interfaces: string[] = [];
  private readonly own: Own;
  private readonly buffers = [
    { at: 0, size: 0 },
    { at: 0, size: 0 },
  ];
  private ranks = 0;
  private ranked = 0;
  private odd = 0;

  constructor(module: WebAssembly.Module, own: Own) {
    this.own = own;
    const host = { odd: (at: number, length: number) => this.oddAddress(at, length) };
    this.exports = new WebAssembly.Instance(module, { host }).exports as unknown as Exports;
  }

  /** Names that are kept between batches. */
  get names(): number {
    return this.interfaces.length + this.odd;
  }

  bytes(at: number, length: number): Uint8Array {
    return new Uint8Array(this.exports.memory.buffer, at, length);
  }

  /** Reads lines that are in memory, with room behind them. False: not for this reader; what was read before must not be used then. */
  parse(at: number, length: number, fields: readonly string[], most: number): boolean {
    const { exports } = this;
    const places = new Int32Array(exports.memory.buffer, exports.places.value, FIELDS.length);
    for (const [n, field] of FIELDS.entries()) places[n] = fields.indexOf(field);
    if (exports.parse(at, length, fields.length, Math.min(most, NONE)) === 0) return false;
    this.learn();
    return true;
  }

  /** The row group that was read as columns becomes records. */
  addColumns(rows: number): boolean {
    if (this.exports.addColumns(rows) === 0) return false;
    this.learn();
    return true;
  }

  /** Puts bytes into one of two buffers, where they are until the next. */
  hold(bytes: Uint8Array, buffer: 0 | 1): number {
    const at = this.room(buffer, bytes.length);
    this.bytes(at, bytes.length).set(bytes);
    return at;
  }

  room(buffer: 0 | 1, size: number): number {
    const { exports } = this;
    const held = this.buffers[buffer]!;
    if (held.size < size + SLACK) {
      if (held.at !== 0) exports.free(held.at);
      held.size = Math.max(size + SLACK, held.size * 2, 1 << 18);
      held.at = exports.alloc(held.size);
    }
    return held.at;
  }

  /** Puts all records in order of day and interface id. False: too many of both. */
  sort(): boolean {
    const { exports, interfaces } = this;
    if (this.ranked < interfaces.length) {
      if (this.ranks !== 0) exports.free(this.ranks);
      this.ranks = exports.alloc(interfaces.length * 4);
      const order = interfaces.map((_, n) => n).sort((a, b) => (interfaces[a]! < interfaces[b]! ? -1 : 1));
      const ranks = new Uint32Array(exports.memory.buffer, this.ranks, order.length);
      for (const [at, n] of order.entries()) ranks[n] = at;
      this.ranked = interfaces.length;
    }
    return exports.sort(this.ranks) !== 0;
  }

  private learn(): void {
    const { exports, interfaces } = this;
    const first = interfaces.length;
    const count = exports.interfaceCount();
    if (count === first) return;
    // All names by one view, all addresses into one block: the first batch meets most interfaces there are.
    const memory = Buffer.from(exports.memory.buffer);
    for (let n = first; n < count; n += 1) {
      const at = exports.interfaceAt(n);
      interfaces.push(memory.toString('latin1', at, at + exports.interfaceLength(n)));
    }
    const own = interfaces.slice(first).map((id) => this.own(id).flatMap((text) => this.wordsOf(text)));
    const words = Uint32Array.from(own.flat());
    let at = exports.alloc(words.byteLength + 8);
    new Uint32Array(exports.memory.buffer, at, words.length).set(words);
    for (const [n, { length }] of own.entries()) {
      exports.setOwn(first + n, at, length / 2);
      at += length * 4;
    }
  }

  /** An address as the kernel compares it, in two words, the lower one first; none where it is no address. */
  private wordsOf(text: string): number[] {
    const address = parseAddress(text);
    if (!text.includes(':')) return address?.family === 4 ? [address.value, 0] : [];
    return [this.putOdd(address === null ? text : formatAddress(address)), 1];
  }

  private oddAddress(at: number, length: number): number {
    const address = parseAddress(latin1(this.bytes(at, length)));
    return address === null || address.family === 4 ? NONE : this.putOdd(formatAddress(address));
  }

  private putOdd(text: string): number {
    const { exports } = this;
    const at = exports.alloc(text.length + 16);
    this.bytes(at, text.length).set(Buffer.from(text, 'latin1'));
    const number = exports.putOdd(at, text.length) >>> 0;
    exports.free(at);
    this.odd = Math.max(this.odd, number + 1);
    return number;
  }
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}
