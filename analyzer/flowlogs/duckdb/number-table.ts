import type { DuckDBAppender, DuckDBConnection, DuckDBDataChunk } from '@duckdb/node-api';

type Columns = Readonly<Record<string, 'INTEGER' | 'BIGINT'>>;

/** Rows that DuckDB takes at once. */
const ROWS = 2048;
const WORD = 2 ** 32;

/**
 * A table of whole numbers without NULL, filled in bulk: a statement takes a hundred times as long, and the client's own way of setting values three
 * times. Numbers beyond their type are the caller's fault.
 */
export class NumberTable {
  readonly #appender: DuckDBAppender;
  readonly #chunk: DuckDBDataChunk;
  readonly #cells: Float64Array[];
  #rows = 0;

  private constructor(appender: DuckDBAppender, chunk: DuckDBDataChunk, columns: number) {
    this.#appender = appender;
    this.#chunk = chunk;
    this.#cells = Array.from({ length: columns }, () => new Float64Array(ROWS));
  }

  static async create(connection: DuckDBConnection, name: string, columns: Columns): Promise<NumberTable> {
    const { DuckDBDataChunk, BIGINT, INTEGER } = await import('@duckdb/node-api');
    const types = Object.entries(columns);
    await connection.run(`CREATE TABLE ${name} (${types.map(([column, type]) => `"${column}" ${type}`).join(', ')})`);
    const chunk = DuckDBDataChunk.create(types.map(([, type]) => (type === 'BIGINT' ? BIGINT : INTEGER)));
    return new NumberTable(await connection.createAppender(name), chunk, types.length);
  }

  /** One number for each column. */
  add(...row: readonly number[]): void {
    for (let column = 0; column < row.length; column += 1) this.#cells[column]![this.#rows] = row[column]!;
    this.#rows += 1;
    if (this.#rows === ROWS) this.#flush();
  }

  /** The table is whole only after this. */
  close(): void {
    this.#flush();
    this.#appender.closeSync();
  }

  #flush(): void {
    const rows = this.#rows;
    if (rows === 0) return;
    this.#chunk.reset();
    this.#chunk.rowCount = rows;
    for (const [column, cells] of this.#cells.entries()) {
      const vector = this.#chunk.getColumnVector(column);
      const { items } = vector as unknown as { items: BigInt64Array | Int32Array };
      if (items instanceof Int32Array) {
        for (let i = 0; i < rows; i += 1) items[i] = cells[i]!;
      } else {
        // Half by half: a bigint for each number would be garbage at once.
        const halves = new Int32Array(items.buffer, items.byteOffset, rows * 2);
        for (let i = 0; i < rows; i += 1) {
          halves[2 * i] = cells[i]! | 0;
          halves[2 * i + 1] = Math.floor(cells[i]! / WORD);
        }
      }
      vector.flush();
    }
    this.#appender.appendDataChunk(this.#chunk);
    this.#rows = 0;
  }
}
