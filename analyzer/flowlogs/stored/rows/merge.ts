import type { LedgerRow } from '../../ledger.ts';

const BATCH = 8192;

/**
 * Two streams of rows, each in the order of `place` of their interfaces, as one in that order: an interface's rows come together, which those who
 * read them count on for their speed, and the explorer for knowing what is small.
 */
export async function* byInterface(
  one: AsyncIterator<readonly LedgerRow[]>,
  other: AsyncIterator<readonly LedgerRow[]>,
  place: (interfaceId: string) => number,
): AsyncGenerator<LedgerRow[]> {
  const a = new Cursor(one, place);
  const b = new Cursor(other, place);
  try {
    for (let out: LedgerRow[] = []; ; ) {
      if (a.empty) await a.fill();
      if (b.empty) await b.fill();
      if (a.place === Infinity && b.place === Infinity) {
        if (out.length > 0) yield out;
        return;
      }
      while (out.length < BATCH && !a.empty && !b.empty) out.push(a.place <= b.place ? a.take() : b.take());
      while (out.length < BATCH && !a.empty && b.place === Infinity) out.push(a.take());
      while (out.length < BATCH && !b.empty && a.place === Infinity) out.push(b.take());
      if (out.length < BATCH) continue;
      yield out;
      out = [];
    }
  } finally {
    await a.end();
    await b.end();
  }
}

/** Where in a stream we are. */
class Cursor {
  /** Of the next row's interface; Infinity at the end. */
  place = 0;
  #rows: readonly LedgerRow[] = [];
  #at = 0;
  #lastId = '';
  #lastPlace = 0;
  readonly #stream: AsyncIterator<readonly LedgerRow[]>;
  readonly #placeOf: (interfaceId: string) => number;

  constructor(stream: AsyncIterator<readonly LedgerRow[]>, placeOf: (interfaceId: string) => number) {
    this.#stream = stream;
    this.#placeOf = placeOf;
  }

  /** Whether `fill` is needed before the next row. */
  get empty(): boolean {
    return this.#at === this.#rows.length;
  }

  async fill(): Promise<void> {
    while (this.empty && this.place !== Infinity) {
      const { done, value } = await this.#stream.next();
      if (done === true) {
        this.place = Infinity;
        return;
      }
      this.#rows = value;
      this.#at = 0;
    }
    this.#look();
  }

  take(): LedgerRow {
    const row = this.#rows[this.#at]!;
    this.#at += 1;
    this.#look();
    return row;
  }

  async end(): Promise<void> {
    await this.#stream.return?.();
  }

  #look(): void {
    const next = this.#rows[this.#at];
    if (next === undefined) return;
    if (next.interfaceId !== this.#lastId) {
      this.#lastId = next.interfaceId;
      this.#lastPlace = this.#placeOf(next.interfaceId);
    }
    this.place = this.#lastPlace;
  }
}
