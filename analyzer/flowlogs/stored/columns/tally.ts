import type { Window } from '../../ledger.ts';
import { Gathered } from './gathered.ts';
import { Interfaces } from './interfaces.ts';
import { type Column, type RowGroup, readColumns } from './read.ts';

/** A data file of `tally` or `span`. `inside` is false for the day before the window, of which only rows that cross midnight count. */
export interface WatchedFile {
  path: string;
  inside: boolean;
}

export type ReadFile = (path: string) => Uint8Array;

/** What the window's `tally` rows say. */
export interface Tally {
  interfaces: Interfaces;
  /** By an interface's number: the seconds of its longest record and the least start of one; NaN where none was usable. */
  longest: Float64Array;
  firstStart: Float64Array;
  noData: number;
  skipData: number;
  /** By interface: the hour, counted from `base`; records watched; SKIPDATA lines and damaged records. */
  hours: Gathered;
  /** The start of an hour, a day before the window. */
  base: number;
  /** How many hours there can be. */
  span: number;
}

/** Rows that are held, some 12 bytes each, beside one file's columns. More are DuckDB's, which spills. */
export const MOST_ROWS = 1 << 24;
/** Thirty years. */
const MOST_HOURS = 1 << 18;
const DAY = 86_400;
const HOUR = 3600;

const TALLY = ['interface_id', 'hour', 'watched', 'no_data', 'skip_data', 'damaged', 'longest', 'first_start'] as const;
type TallyGroup = RowGroup<(typeof TALLY)[number] | 'crosses'>;

/** Reads the window's `tally` files. Null where one is not as readColumns knows them, or where there are too many rows: DuckDB then reads them. */
export function readTally(
  files: readonly WatchedFile[],
  window: Window,
  read: ReadFile,
  mostRows: number = MOST_ROWS,
): Tally | null {
  const base = Math.floor(window.from / HOUR) * HOUR - DAY;
  // The last day has all its hours, also those after the window's end.
  const span = Math.ceil((window.to - base) / HOUR) + 24;
  if (!(window.from >= 0 && span <= MOST_HOURS)) return null;
  const reader = new TallyReader(base, span);
  for (const { path, inside } of files) {
    const groups = readColumns<keyof TallyGroup['columns']>(read(path), inside ? TALLY : [...TALLY, 'crosses']);
    if (groups === null) return null;
    for (const group of groups) if (reader.rows + group.rows > mostRows || !reader.take(group, inside)) return null;
  }
  return reader.finish();
}

class TallyReader {
  readonly #interfaces = new Interfaces();
  readonly #hours = new Gathered(3);
  readonly #base: number;
  readonly #span: number;
  #longest = new Float64Array(0);
  #firstStart = new Float64Array(0);
  #noData = 0;
  #skipData = 0;

  constructor(base: number, span: number) {
    this.#base = base;
    this.#span = span;
  }

  get rows(): number {
    return this.#hours.rows;
  }

  /** False for rows that no ledger has. */
  take({ rows, columns }: TallyGroup, inside: boolean): boolean {
    const ids = columns.interface_id;
    if (ids.as !== 'text') return false;
    const hour = numbersOf(columns.hour);
    const watched = numbersOf(columns.watched);
    const noData = numbersOf(columns.no_data);
    const skipData = numbersOf(columns.skip_data);
    const damaged = numbersOf(columns.damaged);
    const length = numbersOf(columns.longest);
    const start = numbersOf(columns.first_start);
    const crosses = inside ? null : numbersOf(columns.crosses);
    const known = new Int32Array(ids.texts.length).fill(-1);
    const cells = new Int32Array(rows * 3);
    let kept = 0;
    let last = -1;
    let [noDataSum, skipDataSum] = [0, 0];
    for (let i = 0; i < rows; i += 1) {
      if (crosses !== null && crosses[i] !== 1) continue;
      const code = ids.codes[i]!;
      if (code < 0) return false;
      let owner = known[code]!;
      if (owner < 0) {
        owner = this.#numberOf(ids.texts[code]!);
        known[code] = owner;
      }
      const at = (hour[i]! - this.#base) / HOUR;
      const skipped = skipData[i]! + damaged[i]!;
      if (!(Number.isInteger(at) && at >= 0 && at < this.#span && isCount(watched[i]!) && isCount(skipped)))
        return false;
      if (owner !== last) this.#hours.begin(owner, kept);
      last = owner;
      cells[kept * 3] = at;
      cells[kept * 3 + 1] = watched[i]!;
      cells[kept * 3 + 2] = skipped;
      kept += 1;
      noDataSum += noData[i]!;
      skipDataSum += skipData[i]!;
      // NaN is none, and no comparison with it is true.
      if (length[i]! > this.#longest[owner]! || Number.isNaN(this.#longest[owner]!)) this.#longest[owner] = length[i]!;
      if (start[i]! < this.#firstStart[owner]! || Number.isNaN(this.#firstStart[owner]!))
        this.#firstStart[owner] = start[i]!;
    }
    this.#noData += noDataSum;
    this.#skipData += skipDataSum;
    this.#hours.add(cells, kept);
    return true;
  }

  finish(): Tally | null {
    const [noData, skipData] = [this.#noData, this.#skipData];
    if (!Number.isSafeInteger(noData) || !Number.isSafeInteger(skipData)) return null;
    const count = this.#interfaces.ids.length;
    return {
      interfaces: this.#interfaces,
      longest: this.#longest.subarray(0, count),
      firstStart: this.#firstStart.subarray(0, count),
      noData,
      skipData,
      hours: this.#hours,
      base: this.#base,
      span: this.#span,
    };
  }

  #numberOf(id: string): number {
    const number = this.#interfaces.numberOf(id);
    if (number >= this.#longest.length) {
      this.#longest = longer(this.#longest);
      this.#firstStart = longer(this.#firstStart);
    }
    return number;
  }
}

function longer(values: Float64Array): Float64Array<ArrayBuffer> {
  const out = new Float64Array(Math.max(1024, values.length * 2)).fill(Number.NaN);
  out.set(values);
  return out;
}

/** Nothing for a column of text, which no ledger has: every number of it is then missing. */
export function numbersOf(column: Column): Float64Array {
  return column.as === 'number' ? column.values : new Float64Array(0);
}

function isCount(value: number): boolean {
  return value >= 0 && value < 2 ** 31;
}
