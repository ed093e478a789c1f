import type { Hole } from '../../holes.ts';
import type { CoverageHours, CoverageRow, Window } from '../../ledger.ts';
import { intervalOf } from '../../sql/coverage.ts';
import { Gathered } from './gathered.ts';
import { type RowGroup, readColumns } from './read.ts';
import { MOST_ROWS, numbersOf, type ReadFile, type Tally, type WatchedFile } from './tally.ts';

const HOUR = 3600;
const SPAN = ['interface_id', 'width', 'from_time', 'to_time'] as const;
type SpanGroup = RowGroup<(typeof SPAN)[number] | 'crosses'>;

/**
 * What storedCoverageSql says, from the same rows: interface by interface in the order of DuckDB. `holes` are disjoint and in order. Null where a
 * file is not as readColumns knows it, or where there are too many rows.
 */
export function readCoverage(
  tally: Tally,
  files: readonly WatchedFile[],
  holes: readonly Hole[],
  window: Window,
  read: ReadFile,
  mostRows: number = MOST_ROWS,
): Iterable<CoverageHours> | null {
  const spans = new Gathered(2);
  const widths = Int32Array.from(tally.longest, intervalOf);
  for (const { path, inside } of files) {
    const groups = readColumns<keyof SpanGroup['columns']>(read(path), inside ? SPAN : [...SPAN, 'crosses']);
    if (groups === null) return null;
    for (const group of groups) {
      if (spans.rows + tally.hours.rows + group.rows > mostRows) return null;
      if (!gather(spans, group, inside, tally, widths, window)) return null;
    }
  }
  return hoursOf(tally, spans, holes);
}

/** The same as objects. */
export function coverageRowsOf({
  interfaceId,
  rows,
  hours,
  observedSeconds,
  records,
  skipData,
}: CoverageHours): CoverageRow[] {
  return Array.from({ length: rows }, (_, i) => ({
    interfaceId,
    hour: hours[i]!,
    observedSeconds: observedSeconds[i]!,
    records: records[i]!,
    skipData: skipData[i]!,
  }));
}

/** Adds the group's spans of their interface's own width, clipped to the window. False for rows that no ledger has. */
function gather(
  spans: Gathered,
  { rows, columns }: SpanGroup,
  inside: boolean,
  { interfaces, base }: Tally,
  widths: Int32Array,
  window: Window,
): boolean {
  const ids = columns.interface_id;
  if (ids.as !== 'text') return false;
  const width = numbersOf(columns.width);
  const from = numbersOf(columns.from_time);
  const to = numbersOf(columns.to_time);
  const crosses = inside ? null : numbersOf(columns.crosses);
  const owners = new Int32Array(ids.texts.length);
  // Without a row in tally nothing says how wide an interface's intervals are.
  for (const [code, id] of ids.texts.entries()) owners[code] = interfaces.find(id);
  const cells = new Int32Array(rows * 2);
  let kept = 0;
  let last = -1;
  for (let i = 0; i < rows; i += 1) {
    const code: number = ids.codes[i]!;
    const owner = code < 0 ? -1 : owners[code]!;
    if (owner < 0 || width[i] !== widths[owner] || (crosses !== null && crosses[i] !== 1)) continue;
    const s = Math.max(window.from, from[i]!);
    const e = Math.min(window.to, to[i]!);
    if (Number.isNaN(s) || Number.isNaN(e)) return false;
    if (s >= e) continue;
    if (owner !== last) spans.begin(owner, kept);
    last = owner;
    cells[kept * 2] = s - base;
    cells[kept * 2 + 1] = e - base;
    kept += 1;
  }
  spans.add(cells, kept);
  return true;
}

function* hoursOf(
  { interfaces, hours, base, span }: Tally,
  spans: Gathered,
  holes: readonly Hole[],
): Generator<CoverageHours> {
  const sums = new HourSums(base, span, holes);
  for (const n of inBytes(interfaces.ids)) {
    const counted = hours.of(n);
    for (let i = 0; i < counted.length; i += 3) sums.count(counted[i]!, counted[i + 1]!, counted[i + 2]!);
    const own = byStart(spans.of(n));
    for (let i = 0; i < own.length; ) {
      const s = own[i]!;
      let e = own[i + 1]!;
      for (i += 2; i < own.length && own[i]! <= e; i += 2) e = Math.max(e, own[i + 1]!);
      sums.watch(s, e);
    }
    yield sums.finish(interfaces.ids[n]!);
  }
}

/** The numbers of these texts, in the order that DuckDB has text in. */
function inBytes(ids: readonly string[]): number[] {
  const bytes = ids.map((id) => Buffer.from(id));
  return ids.map((_, n) => n).sort((a, b) => Buffer.compare(bytes[a]!, bytes[b]!));
}

/** How many places a pair may move on the average until another way of sorting is taken. */
const MOST_MOVES = 32;

/** Pairs of start and end in the order of their starts, in place. Files are in order, so few are out of it, and not by much. */
function byStart(pairs: Int32Array): Int32Array {
  let left = pairs.length * MOST_MOVES;
  for (let i = 2; i < pairs.length; i += 2) {
    const s = pairs[i]!;
    if (s >= pairs[i - 2]!) continue;
    const e = pairs[i + 1]!;
    let to = i;
    for (; to > 0 && pairs[to - 2]! > s; to -= 2) {
      pairs[to] = pairs[to - 2]!;
      pairs[to + 1] = pairs[to - 1]!;
    }
    pairs[to] = s;
    pairs[to + 1] = e;
    left -= i - to;
    if (left < 0) return sorted(pairs);
  }
  return pairs;
}

function sorted(pairs: Int32Array): Int32Array {
  const order = Array.from({ length: pairs.length / 2 }, (_, n) => n * 2).sort((a, b) => pairs[a]! - pairs[b]!);
  return Int32Array.from(order.flatMap((at) => [pairs[at]!, pairs[at + 1]!]));
}

/** Sums by hour of one interface after the other. Times are seconds from `base`. */
class HourSums {
  readonly #base: number;
  readonly #holes: readonly { from: number; to: number }[];
  readonly #met: Uint8Array;
  readonly #seconds: Float64Array;
  readonly #records: Float64Array;
  readonly #skipped: Float64Array;
  readonly #out: Omit<CoverageHours, 'interfaceId' | 'rows'>;
  #first: number;
  #last = -1;

  constructor(base: number, span: number, holes: readonly Hole[]) {
    this.#base = base;
    this.#holes = holes.map(({ from, to }) => ({ from: from - base, to: to - base }));
    const numbers = () => new Float64Array(span);
    this.#met = new Uint8Array(span);
    [this.#seconds, this.#records, this.#skipped] = [numbers(), numbers(), numbers()];
    this.#out = { hours: numbers(), observedSeconds: numbers(), records: numbers(), skipData: numbers() };
    this.#first = span;
  }

  count(hour: number, records: number, skipped: number): void {
    this.#meet(hour);
    this.#records[hour]! += records;
    this.#skipped[hour]! += skipped;
  }

  watch(s: number, e: number): void {
    const last = Math.floor((e - 1) / HOUR);
    for (let hour = Math.floor(s / HOUR); hour <= last; hour += 1) {
      this.#meet(hour);
      const from = Math.max(s, hour * HOUR);
      const to = Math.min(e, hour * HOUR + HOUR);
      this.#seconds[hour]! += to - from - (this.#holes.length === 0 ? 0 : this.#unread(from, to));
    }
  }

  /** Seconds of the piece that lie in holes. */
  #unread(from: number, to: number): number {
    const holes = this.#holes;
    let low = 0;
    for (let high = holes.length; low < high; ) {
      const middle = (low + high) >> 1;
      if (holes[middle]!.to <= from) low = middle + 1;
      else high = middle;
    }
    let seconds = 0;
    for (; low < holes.length && holes[low]!.from < to; low += 1)
      seconds += Math.min(to, holes[low]!.to) - Math.max(from, holes[low]!.from);
    return seconds;
  }

  #meet(hour: number): void {
    this.#met[hour] = 1;
    if (hour < this.#first) this.#first = hour;
    if (hour > this.#last) this.#last = hour;
  }

  /** The interface's rows; what was summed is forgotten. */
  finish(interfaceId: string): CoverageHours {
    const { hours, observedSeconds, records, skipData } = this.#out;
    let rows = 0;
    for (let hour = this.#first; hour <= this.#last; hour += 1) {
      if (this.#met[hour] === 0) continue;
      hours[rows] = this.#base + hour * HOUR;
      observedSeconds[rows] = this.#seconds[hour]!;
      records[rows] = this.#records[hour]!;
      skipData[rows] = this.#skipped[hour]!;
      rows += 1;
    }
    for (const sums of [this.#met, this.#seconds, this.#records, this.#skipped])
      sums.fill(0, this.#first, this.#last + 1);
    this.#first = this.#met.length;
    this.#last = -1;
    return { interfaceId, rows, ...this.#out };
  }
}
