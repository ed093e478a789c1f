import { grown } from './table.ts';

const DAY = 86400;
const HOURS = 24;
/** The two aggregation intervals of AWS, as in sql/coverage.ts. */
const WIDTHS = [60, 600] as const;

/** Cells of a tally: watched, no data, skip data, longest + 1, first start. */
const CELLS = 5;
/** Hours of the day, twice: records that end on the day, and that end later. */
const PER_PAGE = HOURS * 2;

export interface TallyColumns {
  interfaces: Int32Array;
  hour: Uint32Array;
  crosses: Uint8Array;
  watched: Uint32Array;
  noData: Uint32Array;
  skipData: Uint32Array;
  /** -1: none. */
  longest: Int32Array;
  /** Of no meaning where `longest` is -1. */
  firstStart: Uint32Array;
}

export interface SpanColumns {
  interfaces: Int32Array;
  crosses: Uint8Array;
  width: Int32Array;
  /** May lie before 1970 by an interval. */
  from: Float64Array;
  to: Float64Array;
}

/** The stored `tally` and `span` rows of some days, from records in any order. */
export class Watched {
  /** Days seen, and for each the page of each interface (1 + its number; 0: none yet). */
  private readonly pages = new Map<number, Int32Array>();
  private lastDay = -1;
  private lastPages: Int32Array = new Int32Array(0);
  private count = 0;
  private cells = new Uint32Array(64 * PER_PAGE * CELLS);
  /** The last island of each page, crossing or not and width; -1: none. Islands are linked to those before. */
  private islands = new Int32Array(64 * 4).fill(-1);
  private from = new Float64Array(1 << 12);
  private to = new Float64Array(1 << 12);
  private before = new Int32Array(1 << 12);
  private made = 0;
  private joinedFrom = new Float64Array(1 << 10);
  private joinedTo = new Float64Array(1 << 10);

  /** Forgets everything and keeps the memory. */
  clear(): void {
    this.pages.clear();
    this.lastDay = -1;
    this.lastPages = new Int32Array(0);
    this.cells.fill(0, 0, this.count * PER_PAGE * CELLS);
    this.islands.fill(-1, 0, this.count * 4);
    this.count = 0;
    this.made = 0;
  }

  /** A usable record. `status`: 0 OK, 1 NODATA, 2 SKIPDATA. */
  add(interfaceNumber: number, start: number, end: number, status: 0 | 1 | 2): void {
    const rest = start % DAY;
    const day = start - rest;
    const page = this.page(day, interfaceNumber);
    const crosses = end >= day + DAY ? 1 : 0;
    const at = (page * PER_PAGE + (((rest / 3600) | 0) << 1) + crosses) * CELLS;
    const { cells } = this;
    if (status === 2) {
      cells[at + 2] = cells[at + 2]! + 1;
      return;
    }
    if (cells[at] === 0 || start < cells[at + 4]!) cells[at + 4] = start;
    cells[at] = cells[at]! + 1;
    if (status === 1) cells[at + 1] = cells[at + 1]! + 1;
    if (end - start + 1 > cells[at + 3]!) cells[at + 3] = end - start + 1;
    this.span(page * 4 + crosses * 2, Math.min(start, end - 60), Math.max(end, start + 60));
    this.span(page * 4 + crosses * 2 + 1, Math.min(start, end - 600), Math.max(end, start + 600));
  }

  days(): number[] {
    return [...this.pages.keys()].sort((a, b) => a - b);
  }

  /** Rows in the order of `order`, the interfaces' numbers. */
  tally(day: number, order: readonly number[]): TallyColumns {
    const pages = this.pages.get(day) ?? new Int32Array(0);
    let size = 0;
    const places: number[] = [];
    for (const i of order) {
      const page = (pages[i] ?? 0) - 1;
      if (page < 0) continue;
      for (let cell = 0; cell < PER_PAGE; cell += 1) {
        const at = (page * PER_PAGE + cell) * CELLS;
        if (this.cells[at] === 0 && this.cells[at + 2] === 0) continue;
        places.push(i, cell, at);
        size += 1;
      }
    }
    const out: TallyColumns = {
      interfaces: new Int32Array(size),
      hour: new Uint32Array(size),
      crosses: new Uint8Array(size),
      watched: new Uint32Array(size),
      noData: new Uint32Array(size),
      skipData: new Uint32Array(size),
      longest: new Int32Array(size),
      firstStart: new Uint32Array(size),
    };
    for (let n = 0; n < size; n += 1) {
      const cell = places[n * 3 + 1]!;
      const at = places[n * 3 + 2]!;
      out.interfaces[n] = places[n * 3]!;
      out.hour[n] = day + (cell >> 1) * 3600;
      out.crosses[n] = cell & 1;
      out.watched[n] = this.cells[at]!;
      out.noData[n] = this.cells[at + 1]!;
      out.skipData[n] = this.cells[at + 2]!;
      out.longest[n] = this.cells[at + 3]! - 1;
      out.firstStart[n] = this.cells[at + 4]!;
    }
    return out;
  }

  spans(day: number, order: readonly number[]): SpanColumns {
    const pages = this.pages.get(day) ?? new Int32Array(0);
    let size = 0;
    let rows: SpanColumns = {
      interfaces: new Int32Array(1 << 10),
      crosses: new Uint8Array(1 << 10),
      width: new Int32Array(1 << 10),
      from: new Float64Array(1 << 10),
      to: new Float64Array(1 << 10),
    };
    for (const i of order) {
      const page = (pages[i] ?? 0) - 1;
      if (page < 0) continue;
      for (let kind = 0; kind < 4; kind += 1) {
        const count = this.joined(page * 4 + kind);
        if (size + count > rows.from.length) rows = resized(rows, (a) => grown(a, size + count));
        for (let n = 0; n < count; n += 1, size += 1) {
          rows.interfaces[size] = i;
          rows.crosses[size] = kind >> 1;
          rows.width[size] = WIDTHS[kind & 1]!;
          rows.from[size] = this.joinedFrom[n]!;
          rows.to[size] = this.joinedTo[n]!;
        }
      }
    }
    return resized(rows, (a) => a.subarray(0, size) as typeof a);
  }

  private page(day: number, interfaceNumber: number): number {
    if (day !== this.lastDay) {
      this.lastDay = day;
      this.lastPages = this.pages.get(day) ?? new Int32Array(1 << 10);
      this.pages.set(day, this.lastPages);
    }
    if (interfaceNumber >= this.lastPages.length) {
      this.lastPages = grown(this.lastPages, interfaceNumber + 1);
      this.pages.set(day, this.lastPages);
    }
    const known = this.lastPages[interfaceNumber]!;
    if (known !== 0) return known - 1;
    const page = this.count;
    this.count += 1;
    this.lastPages[interfaceNumber] = page + 1;
    this.cells = grown(this.cells, this.count * PER_PAGE * CELLS);
    if (this.count * 4 > this.islands.length) {
      const old = this.islands.length;
      this.islands = grown(this.islands, this.count * 4);
      this.islands.fill(-1, old);
    }
    return page;
  }

  /** Adds a span: most touch the one before, since files come in the order of time. */
  private span(list: number, from: number, to: number): void {
    const last = this.islands[list]!;
    if (last >= 0 && from <= this.to[last]! && to >= this.from[last]!) {
      if (from < this.from[last]!) this.from[last] = from;
      if (to > this.to[last]!) this.to[last] = to;
      return;
    }
    const n = this.made;
    this.made += 1;
    if (n === this.from.length) {
      this.from = grown(this.from, n + 1);
      this.to = grown(this.to, n + 1);
      this.before = grown(this.before, n + 1);
    }
    this.from[n] = from;
    this.to[n] = to;
    this.before[n] = last;
    this.islands[list] = n;
  }

  /** Puts the list's spans, joined where they touch and in order, into joinedFrom and joinedTo; returns how many. */
  private joined(list: number): number {
    let count = 0;
    for (let n = this.islands[list]!; n >= 0; n = this.before[n]!) count += 1;
    if (count > this.joinedFrom.length) {
      this.joinedFrom = grown(this.joinedFrom, count);
      this.joinedTo = grown(this.joinedTo, count);
    }
    const { joinedFrom, joinedTo } = this;
    // The list begins with the newest: from behind it is nearly in order, which is what sorting by insertion is good at.
    for (let n = this.islands[list]!, at = count - 1; n >= 0; n = this.before[n]!, at -= 1) {
      joinedFrom[at] = this.from[n]!;
      joinedTo[at] = this.to[n]!;
    }
    sortSpans(joinedFrom, joinedTo, count);
    let last = -1;
    for (let n = 0; n < count; n += 1) {
      if (last >= 0 && joinedFrom[n]! <= joinedTo[last]!) {
        if (joinedTo[n]! > joinedTo[last]!) joinedTo[last] = joinedTo[n]!;
        continue;
      }
      last += 1;
      joinedFrom[last] = joinedFrom[n]!;
      joinedTo[last] = joinedTo[n]!;
    }
    return last + 1;
  }
}

/** By `from`. By insertion, unless there are too many far out of order. */
function sortSpans(from: Float64Array, to: Float64Array, count: number): void {
  let moves = 0;
  for (let n = 1; n < count; n += 1) {
    const [f, t] = [from[n]!, to[n]!];
    let at = n;
    while (at > 0 && from[at - 1]! > f) {
      from[at] = from[at - 1]!;
      to[at] = to[at - 1]!;
      at -= 1;
      moves += 1;
    }
    from[at] = f;
    to[at] = t;
    if (moves > 50 * count) {
      const order = Array.from({ length: count }, (_, i) => i).sort((a, b) => from[a]! - from[b]!);
      const [fs, ts] = [from.slice(0, count), to.slice(0, count)];
      for (const [i, old] of order.entries()) {
        from[i] = fs[old]!;
        to[i] = ts[old]!;
      }
      return;
    }
  }
}

function resized(
  rows: SpanColumns,
  change: <A extends Int32Array | Uint8Array | Float64Array>(array: A) => A,
): SpanColumns {
  return {
    interfaces: change(rows.interfaces),
    crosses: change(rows.crosses),
    width: change(rows.width),
    from: change(rows.from),
    to: change(rows.to),
  };
}
