import { formatAddress, parseAddress } from '../../../model/address.ts';

const decoder = new TextDecoder('latin1');

/** Interface ids numbered by their bytes. */
export class InterfaceNames {
  readonly names: string[] = [];
  private bytes = new Uint8Array(1 << 16);
  private used = 0;
  private starts = new Int32Array(1 << 12);
  private hashes = new Int32Array(1 << 12);
  private slots = new Int32Array(1 << 13);
  private latest = -1;

  /** The number of the id in these bytes. */
  put(buffer: Uint8Array, from: number, to: number): number {
    // The two directions of a connection often stand one after the other.
    if (this.latest >= 0 && this.same(this.latest, buffer, from, to)) return this.latest;
    this.latest = this.find(buffer, from, to);
    return this.latest;
  }

  private find(buffer: Uint8Array, from: number, to: number): number {
    let hash = to - from;
    for (let i = from; i < to; i += 1) hash = Math.imul(hash ^ buffer[i]!, 0x01000193);
    hash ^= hash >>> 15;
    const mask = this.slots.length - 1;
    let slot = hash & mask;
    for (let found = this.slots[slot]!; found !== 0; found = this.slots[slot]!) {
      if (this.hashes[found - 1] === hash && this.same(found - 1, buffer, from, to)) return found - 1;
      slot = (slot + 1) & mask;
    }
    return this.add(slot, hash, buffer, from, to);
  }

  private same(n: number, buffer: Uint8Array, from: number, to: number): boolean {
    const start = this.starts[n]!;
    if (this.starts[n + 1]! - start !== to - from) return false;
    const { bytes } = this;
    // From behind: ids differ there more often than in `eni-0`.
    for (let i = to - 1, at = start + to - from - 1; i >= from; i -= 1, at -= 1)
      if (bytes[at] !== buffer[i]) return false;
    return true;
  }

  private add(slot: number, hash: number, buffer: Uint8Array, from: number, to: number): number {
    const n = this.names.length;
    if ((n + 2) * 2 > this.slots.length) {
      this.grow();
      return this.find(buffer, from, to);
    }
    const end = this.used + to - from;
    if (end > this.bytes.length) {
      const next = new Uint8Array(Math.max(end, this.bytes.length * 2));
      next.set(this.bytes);
      this.bytes = next;
    }
    this.bytes.set(buffer.subarray(from, to), this.used);
    this.used = end;
    this.starts[n + 1] = end;
    this.hashes[n] = hash;
    this.slots[slot] = n + 1;
    this.names.push(decoder.decode(buffer.subarray(from, to)));
    return n;
  }

  private grow(): void {
    const starts = new Int32Array(this.starts.length * 2);
    starts.set(this.starts);
    const hashes = new Int32Array(starts.length);
    hashes.set(this.hashes);
    const slots = new Int32Array(starts.length * 2);
    for (let n = 0; n < this.names.length; n += 1) {
      let slot = hashes[n]! & (slots.length - 1);
      while (slots[slot] !== 0) slot = (slot + 1) & (slots.length - 1);
      slots[slot] = n + 1;
    }
    this.starts = starts;
    this.hashes = hashes;
    this.slots = slots;
  }
}

/** What a canonical dotted quad is as a number, else null. */
export function quadOf(text: string): number | null {
  const address = text.includes(':') ? null : parseAddress(text);
  return address?.family === 4 ? address.value | 0 : null;
}

/** Addresses that are no dotted quads: canonical text by number. */
export class OddAddresses {
  readonly texts: string[] = [];
  private readonly byRaw = new Map<string, number | null>();
  private readonly byText = new Map<string, number>();

  /** Null for what is no address. */
  put(raw: string): number | null {
    const known = this.byRaw.get(raw);
    if (known !== undefined) return known;
    const address = parseAddress(raw);
    const number = address === null || address.family === 4 ? null : this.ofText(formatAddress(address));
    this.byRaw.set(raw, number);
    return number;
  }

  private ofText(text: string): number {
    const known = this.byText.get(text);
    if (known !== undefined) return known;
    this.byText.set(text, this.texts.length);
    this.texts.push(text);
    return this.texts.length - 1;
  }
}
