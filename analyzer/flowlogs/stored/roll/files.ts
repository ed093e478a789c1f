import type { Kernel } from './kernel.ts';
import { Output, type ParquetColumn, parquetFile } from './parquet.ts';

/** A data file of the ledger, by table, UTC day and, for `flow`, action. */
export interface RolledFile {
  table: 'flow' | 'tally' | 'span';
  day: number;
  action: 'ACCEPT' | 'REJECT' | null;
  /** Until the next file is written. */
  content: Uint8Array;
  /** What the manifest tells of a flow file. */
  said?: { action: 'ACCEPT' | 'REJECT'; records: number; directed: boolean };
}

// Bits of `about`: kernel/words.as.
const ALL = 0xffffffff;
const PROTOCOL = 0xff;
const FLAGS_SHIFT = 8;
const DIRECTION_SHIFT = 11;
const CROSSES = 1 << 13;
const SRC_ODD_SHIFT = 14;
const DST_ODD_SHIFT = 15;
const PKT_SRC_SHIFT = 16;
const PKT_DST_SHIFT = 18;
const NO_SRCPORT = 1 << 20;
const NO_DSTPORT = 1 << 21;

/** Writes the files of days that the kernel has rolled, with the columns that docs/ledger.md gives. */
export class LedgerFiles {
  private readonly kernel: Kernel;
  private readonly out = new Output();
  private readonly words = new Map<string, { at: number; bytes: number }>();
  private readonly flags: number;

  constructor(kernel: Kernel) {
    this.kernel = kernel;
    this.flags = kernel.exports.alloc(16);
    new BigUint64Array(kernel.exports.memory.buffer, this.flags, 2).set([2n, 18n]);
  }

  /** Of the day that was rolled last. */
  *ofDay(day: number): Generator<RolledFile> {
    const { exports } = this.kernel;
    for (const action of ['ACCEPT', 'REJECT'] as const) {
      const refused = action === 'REJECT';
      const rows = refused ? exports.rejected() : exports.accepted();
      if (rows === 0) continue;
      const records = refused ? exports.refusals() : exports.rejectFrom();
      const directed = (exports.undirected() & (refused ? 2 : 1)) === 0;
      const content = this.flow(action, refused ? exports.rejectFrom() : 0, rows);
      yield { table: 'flow', day, action, content, said: { action, records, directed } };
    }
    yield { table: 'tally', day, action: null, content: this.tally(exports.tallyRows()) };
    yield { table: 'span', day, action: null, content: this.span(exports.spanRows()) };
  }

  private flow(action: 'ACCEPT' | 'REJECT', first: number, rows: number): Uint8Array {
    const { exports } = this.kernel;
    const column = (n: number, from: number) => exports.flowColumn(n) + (first + from) * (n < 2 ? 8 : 4);
    const about = (from: number) => column(9, from);
    const address = (name: string, n: number, shift: number, odd: boolean): ParquetColumn => ({
      name,
      as: 'text',
      optional: true,
      write: (from, size) => exports.encodeAddresses(column(n, from), about(from), shift, odd ? 1 : 0, size),
    });
    const number = (name: string, n: number, shift: number, bits: number, none: number): ParquetColumn => ({
      name,
      as: 'whole',
      optional: true,
      write: (from, size) => exports.encodeNumbers(column(n, from), shift, bits, about(from), none, size),
    });
    const words = (name: string, as: 'text' | 'whole', shift: number, dictionary: { at: number; bytes: number }) => ({
      name,
      as,
      optional: true,
      write: (from: number, size: number) =>
        exports.encodeWords(about(from), shift, 3, dictionary.at, dictionary.bytes, 2, size),
    });
    const wide = (name: string, n: number): ParquetColumn => ({
      name,
      as: 'whole',
      optional: false,
      write: (from, size) => exports.encodeDifferences(column(n, from), n < 2 ? 8 : 4, size),
    });
    const actions = this.wordsOf([action]);
    return parquetFile(
      this.kernel,
      [
        this.interfaceColumn((from) => column(2, from)),
        number('bucket', 3, 0, ALL, 0),
        address('src', 4, SRC_ODD_SHIFT, true),
        address('dst', 5, DST_ODD_SHIFT, true),
        number('srcport', 8, 16, 0xffff, NO_SRCPORT),
        number('dstport', 8, 0, 0xffff, NO_DSTPORT),
        number('protocol', 9, 0, PROTOCOL, 0),
        words('flags', 'whole', FLAGS_SHIFT, { at: this.flags, bytes: 16 }),
        address('pkt_src', 6, PKT_SRC_SHIFT, false),
        address('pkt_dst', 7, PKT_DST_SHIFT, false),
        words('direction', 'text', DIRECTION_SHIFT, this.wordsOf(['ingress', 'egress'])),
        {
          name: 'action',
          as: 'text',
          optional: true,
          write: (_from, size) => exports.encodeWord(actions.at, actions.bytes, size),
        },
        {
          name: 'crosses',
          as: 'flag',
          optional: false,
          write: (from, size) => exports.encodeFlags(about(from), CROSSES, size),
        },
        number('records', 10, 0, ALL, 0),
        wide('packets', 0),
        wide('bytes', 1),
        wide('first_start', 11),
        wide('last_end', 12),
      ],
      rows,
      this.out,
    );
  }

  private tally(rows: number): Uint8Array {
    const { exports } = this.kernel;
    const column = (n: number, from: number) => exports.tallyColumn(n) + from * 4;
    const number = (name: string, n: number): ParquetColumn => ({
      name,
      as: 'whole',
      optional: true,
      write: (from, size) => exports.encodeNumbers(column(n, from), 0, ALL, 0, 0, size),
    });
    const zeros: ParquetColumn = {
      name: 'damaged',
      as: 'whole',
      optional: true,
      write: (from, size) => exports.encodeNumbers(column(2, from), 0, 0, 0, 0, size),
    };
    return parquetFile(
      this.kernel,
      [
        this.interfaceColumn((from) => column(0, from)),
        number('hour', 1),
        this.flagColumn('crosses', (from) => column(2, from)),
        number('watched', 3),
        number('no_data', 4),
        number('skip_data', 5),
        zeros,
        number('longest', 6),
        number('first_start', 7),
      ],
      rows,
      this.out,
    );
  }

  private span(rows: number): Uint8Array {
    const { exports } = this.kernel;
    const column = (n: number, from: number) => exports.spanColumn(n) + from * (n < 2 ? 8 : 4);
    const differences = (name: string, n: number): ParquetColumn => ({
      name,
      as: 'whole',
      optional: false,
      write: (from, size) => exports.encodeDifferences(column(n, from), 8, size),
    });
    return parquetFile(
      this.kernel,
      [
        this.interfaceColumn((from) => column(2, from)),
        this.flagColumn('crosses', (from) => column(3, from)),
        {
          name: 'width',
          as: 'small',
          optional: false,
          write: (from, size) => exports.encodeSmall(column(4, from), size),
        },
        differences('from_time', 0),
        differences('to_time', 1),
      ],
      rows,
      this.out,
    );
  }

  private interfaceColumn(at: (from: number) => number): ParquetColumn {
    const { exports } = this.kernel;
    const write = (from: number, size: number) => exports.encodeNames(at(from), size);
    return { name: 'interface_id', as: 'text', optional: true, repeats: true, write };
  }

  private flagColumn(name: string, at: (from: number) => number): ParquetColumn {
    const { exports } = this.kernel;
    return { name, as: 'flag', optional: false, write: (from, size) => exports.encodeFlags(at(from), 1, size) };
  }

  /** Words as a dictionary has them, in the kernel's memory. */
  private wordsOf(words: readonly string[]): { at: number; bytes: number } {
    const key = words.join(' ');
    const known = this.words.get(key);
    if (known !== undefined) return known;
    const parts = words.flatMap((word) => {
      const length = Buffer.alloc(4);
      length.writeUInt32LE(word.length);
      return [length, Buffer.from(word, 'latin1')];
    });
    const plain = Buffer.concat(parts);
    const made = { at: this.kernel.exports.alloc(plain.length), bytes: plain.length };
    this.kernel.bytes(made.at, made.bytes).set(plain);
    this.words.set(key, made);
    return made;
  }
}
