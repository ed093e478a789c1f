import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { classifyFirstLine } from './classify.ts';

/** A text file that is a whole, readable flow log. */
export interface TextFile {
  kind: 'text';
  compression: 'gzip' | 'none';
  fields: readonly string[];
  header: boolean;
  leadingTime: boolean;
  /** Lines that hold something, the header not counted. */
  records: number;
}

export type Inspection =
  | TextFile
  | { kind: 'parquet' }
  | { kind: 'transit-gateway' }
  | { kind: 'empty' }
  | { kind: 'foreign'; looksLike: string }
  | { kind: 'unreadable'; code: string; why: string; next: string; at?: number };

const TRUNCATED = {
  kind: 'unreadable',
  code: 'flow-log-truncated',
  next: 'fetch the file again, or pass --skip-unreadable to count its time as not covered',
} as const;

/** Nothing of a flow log's first line is longer; the newest formats have some 50 names. */
const LONGEST_FIRST_LINE = 64 * 1024;

/**
 * Says what a file is by its content, and reads it to the end: DuckDB takes a gzip that ends in the middle, or whose checksum is
 * wrong, without a word (seen with 1.5.5), so that the missing half would pass for an hour without traffic. zlib does not.
 */
export async function inspect(path: string, signal: AbortSignal): Promise<Inspection> {
  const inLogFolder = /vpcflowlogs|[/\\]aws-service=vpcflowlogs/i.test(path);
  const { head, tail, size } = await ends(path);
  if (size === 0) {
    return inLogFolder ? { ...TRUNCATED, why: 'the file is empty' } : { kind: 'empty' };
  }
  if (head.subarray(0, 4).toString('latin1') === 'PAR1') {
    if (size >= 12 && tail.toString('latin1') === 'PAR1') return { kind: 'parquet' };
    return { ...TRUNCATED, why: 'the Parquet file has no end' };
  }
  const gzip = head[0] === 0x1f && head[1] === 0x8b;
  if (!gzip && /\.gz$/i.test(path)) return { ...TRUNCATED, why: 'the file is named .gz and is not gzip' };
  return inspectText(path, gzip, inLogFolder, signal);
}

async function ends(path: string): Promise<{ head: Buffer; tail: Buffer; size: number }> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    const head = Buffer.alloc(Math.min(4, size));
    const tail = Buffer.alloc(Math.min(4, size));
    await file.read(head, 0, head.length, 0);
    await file.read(tail, 0, tail.length, size - tail.length);
    return { head, tail, size };
  } finally {
    await file.close();
  }
}

async function inspectText(
  path: string,
  gzip: boolean,
  inLogFolder: boolean,
  signal: AbortSignal,
): Promise<Inspection> {
  const scan = new LineScan(inLogFolder);
  const source = createReadStream(path, { highWaterMark: 1 << 20 });
  const consume = async (chunks: AsyncIterable<Buffer>) => {
    for await (const chunk of chunks) if (!scan.take(chunk)) return;
  };
  try {
    if (gzip) await pipeline(source, createGunzip({ chunkSize: 1 << 20 }), consume, { signal });
    else await pipeline(source, consume, { signal });
  } catch (cause) {
    signal.throwIfAborted();
    // A reader that has seen enough closes the pipe early; anything else is a file that does not unpack.
    if (!scan.done) {
      const code = (cause as NodeJS.ErrnoException).code ?? '';
      return { ...TRUNCATED, why: `the file cannot be read to its end (${code || (cause as Error).message})` };
    }
  }
  return scan.result(gzip ? 'gzip' : 'none');
}

/** Looks at the inflated bytes as they pass: the first line, how many lines hold something, and a header further down. */
class LineScan {
  done = false;
  private first: Buffer = Buffer.alloc(0);
  private verdict: Inspection | null = null;
  private text: { fields: readonly string[]; header: boolean; leadingTime: boolean; line: string } | null = null;
  private lines = 0;
  private newlines = 0;
  private rest: Buffer = Buffer.alloc(0);
  private readonly inLogFolder: boolean;

  constructor(inLogFolder: boolean) {
    this.inLogFolder = inLogFolder;
  }

  /** False when the rest of the file need not be read. */
  take(chunk: Buffer): boolean {
    if (this.text === null) {
      this.first = Buffer.concat([this.first, chunk]);
      const end = this.first.indexOf(0x0a);
      if (end < 0 && this.first.length < LONGEST_FIRST_LINE) return true;
      this.classify(end < 0 ? this.first.length : end);
      if (this.verdict !== null) return false;
      return this.body(this.first);
    }
    return this.body(chunk);
  }

  result(compression: 'gzip' | 'none'): Inspection {
    if (this.text === null && this.verdict === null) {
      if (this.first.length === 0) return { kind: 'empty' };
      this.classify(this.first.length);
      if (this.verdict === null) this.body(this.first);
    }
    if (this.verdict === null && this.rest.length > 0) this.line(this.rest);
    if (this.verdict !== null) return this.verdict;
    const { fields, header, leadingTime } = this.text!;
    return { kind: 'text', compression, fields, header, leadingTime, records: this.lines - (header ? 1 : 0) };
  }

  private classify(end: number): void {
    const line = this.first.subarray(0, end).toString('utf8');
    const kind = classifyFirstLine(line, this.inLogFolder);
    if (kind.kind === 'flow-log') {
      this.text = { ...kind, line: line.replace(/\r$/, '') };
      return;
    }
    this.verdict = kind.kind === 'refused' ? { ...kind, kind: 'unreadable', at: 1 } : kind;
    this.done = true;
  }

  private body(chunk: Buffer): boolean {
    const data = this.rest.length === 0 ? chunk : Buffer.concat([this.rest, chunk]);
    let from = 0;
    for (let end = data.indexOf(0x0a); end >= 0; end = data.indexOf(0x0a, from)) {
      this.newlines++;
      if (!this.line(data.subarray(from, end))) return false;
      from = end + 1;
    }
    this.rest = data.subarray(from);
    return true;
  }

  private line(line: Buffer): boolean {
    if (line.length === 0 || (line.length === 1 && line[0] === 0x0d)) return true;
    this.lines++;
    // Files joined by hand repeat their header: the same one says nothing new, another one changes what the columns mean. Only a header begins with a lower-case word: records begin with a number or a dash in every sensible format.
    const byte = line[0]!;
    if (this.lines === 1 || byte < 0x61 || byte > 0x7a || !line.includes('log-status')) return true;
    if (line.toString('utf8').replace(/\r$/, '') === this.text!.line) {
      this.lines--;
      return true;
    }
    this.verdict = {
      kind: 'unreadable',
      code: 'flow-log-with-second-header',
      why: 'a different header line stands in the middle of the file',
      next: 'split the file at its header lines',
      at: this.newlines,
    };
    this.done = true;
    return false;
  }
}
