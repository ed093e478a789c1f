/** A value of Thrift's compact protocol: structs by field id, whole numbers as numbers (NaN beyond 2^53), binaries as bytes. */
export type ThriftValue = number | boolean | Uint8Array | ThriftValue[] | Map<number, ThriftValue>;

/**
 * Reads one struct from `from` on. Throws RangeError for what is none, which damaged files are. Source: Apache Thrift,
 * thrift-compact-protocol.md.
 */
export function readStruct(bytes: Uint8Array, from: number): { value: Map<number, ThriftValue>; end: number } {
  const reader = new Reader(bytes, from);
  const value = reader.struct(0);
  return { value, end: reader.at };
}

const MOST_DEPTH = 16;

class Reader {
  at: number;
  private readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array, at: number) {
    this.bytes = bytes;
    this.at = at;
  }

  struct(depth: number): Map<number, ThriftValue> {
    if (depth > MOST_DEPTH) throw new RangeError('too deep');
    const out = new Map<number, ThriftValue>();
    let id = 0;
    for (;;) {
      const head = this.byte();
      const type = head & 15;
      if (type === 0) return out;
      id = head >> 4 === 0 ? this.zigzag() : id + (head >> 4);
      // A boolean field has its value in its type.
      out.set(id, type === 1 || type === 2 ? type === 1 : this.value(type, depth));
    }
  }

  private value(type: number, depth: number): ThriftValue {
    switch (type) {
      case 1:
      case 2:
        return this.byte() === 1;
      case 3:
        return (this.byte() << 24) >> 24;
      case 4:
      case 5:
      case 6:
        return this.zigzag();
      case 7:
        this.skip(8);
        return Number.NaN;
      case 8: {
        const length = this.varint();
        const from = this.at;
        this.skip(length);
        return this.bytes.subarray(from, this.at);
      }
      case 9:
      case 10: {
        const head = this.byte();
        const size = head >> 4 === 15 ? this.varint() : head >> 4;
        if (!(size <= this.bytes.length)) throw new RangeError('too long');
        return Array.from({ length: size }, () => this.value(head & 15, depth + 1));
      }
      case 12:
        return this.struct(depth + 1);
      default:
        throw new RangeError(`no type ${type}`);
    }
  }

  private zigzag(): number {
    const value = this.varint();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  private varint(): number {
    let value = 0;
    for (let scale = 1; scale < 2 ** 70; scale *= 128) {
      const byte = this.byte();
      value += (byte & 127) * scale;
      if (byte < 128) return value <= Number.MAX_SAFE_INTEGER ? value : Number.NaN;
    }
    throw new RangeError('no number');
  }

  private skip(length: number): void {
    if (!(length <= this.bytes.length - this.at)) throw new RangeError('cut');
    this.at += length;
  }

  private byte(): number {
    const byte = this.bytes[this.at];
    if (byte === undefined) throw new RangeError('cut');
    this.at += 1;
    return byte;
  }
}
