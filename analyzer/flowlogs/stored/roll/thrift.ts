/**
 * Thrift's compact protocol, as far as Parquet's metadata need it to be written. Source: Apache Thrift, thrift-compact-protocol.md;
 * Apache Parquet, parquet.thrift.
 */
export class ThriftWriter {
  private bytes: number[] = [];
  private readonly ids: number[] = [];
  private last = 0;

  i32(id: number, value: number): this {
    this.header(id, 5);
    this.zigzag(value);
    return this;
  }

  i64(id: number, value: number): this {
    this.header(id, 6);
    this.zigzag(value);
    return this;
  }

  text(id: number, value: string): this {
    this.header(id, 8);
    this.rawText(value);
    return this;
  }

  struct(id: number, write: (inner: ThriftWriter) => void): this {
    this.header(id, 12);
    this.element(write);
    return this;
  }

  structs<T>(id: number, items: readonly T[], write: (inner: ThriftWriter, item: T) => void): this {
    this.list(id, 12, items.length);
    for (const item of items) this.element((inner) => write(inner, item));
    return this;
  }

  i32s(id: number, items: readonly number[]): this {
    this.list(id, 5, items.length);
    for (const item of items) this.zigzag(item);
    return this;
  }

  texts(id: number, items: readonly string[]): this {
    this.list(id, 8, items.length);
    for (const item of items) this.rawText(item);
    return this;
  }

  /** Ends the outermost struct. */
  finish(): Uint8Array {
    this.bytes.push(0);
    return Uint8Array.from(this.bytes);
  }

  private element(write: (inner: ThriftWriter) => void): void {
    this.ids.push(this.last);
    this.last = 0;
    write(this);
    this.bytes.push(0);
    this.last = this.ids.pop() ?? 0;
  }

  private header(id: number, type: number): void {
    this.bytes.push(((id - this.last) << 4) | type);
    this.last = id;
  }

  private list(id: number, type: number, length: number): void {
    this.header(id, 9);
    if (length < 15) this.bytes.push((length << 4) | type);
    else {
      this.bytes.push(0xf0 | type);
      this.varint(length);
    }
  }

  private rawText(value: string): void {
    const bytes = Buffer.from(value, 'utf8');
    this.varint(bytes.length);
    for (const byte of bytes) this.bytes.push(byte);
  }

  private zigzag(value: number): void {
    this.varint(value < 0 ? -2 * value - 1 : 2 * value);
  }

  /** Up to 53 bits. */
  private varint(value: number): void {
    let rest = value;
    while (rest >= 0x80) {
      this.bytes.push((rest % 0x80) | 0x80);
      rest = Math.floor(rest / 0x80);
    }
    this.bytes.push(rest);
  }
}
