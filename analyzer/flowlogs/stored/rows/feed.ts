import type { Engine } from '../../duckdb/engine.ts';
import type { NumberTable } from '../../duckdb/number-table.ts';
import { aboutUnclear, type EndCounts } from '../../pipeline.ts';
import { IntRows } from './int-rows.ts';
import type { FlowNames, PlacedRow } from './place.ts';

const RECORD_COLUMNS = {
  interface_id: 'INTEGER',
  protocol: 'INTEGER',
  local_address: 'INTEGER',
  local_packet: 'INTEGER',
  peer_address: 'INTEGER',
  peer_packet: 'INTEGER',
  local_port: 'INTEGER',
  peer_port: 'INTEGER',
  inbound: 'INTEGER',
  certain: 'INTEGER',
  flags: 'INTEGER',
  rejected: 'INTEGER',
  start: 'BIGINT',
  end: 'BIGINT',
  packets: 'BIGINT',
  bytes: 'BIGINT',
  records: 'BIGINT',
} as const;

/** Whether the row's own flags say who opened it, and nothing else is asked. */
export function saysItself(row: PlacedRow): boolean {
  const flags = row.flags & 18;
  return row.certain && row.protocol === 6 && (flags === 2 || flags === 18);
}

/**
 * Takes placed rows: counts them, keeps what they say of others, and hands on to the engine what they leave open. After `close` the engine has
 * `ends` (records that tell of conversations), `undecided` (those of them that become rows), `listener` and `folded`: texts as numbers, otherwise as
 * sql/ends.ts and sql/opener.ts have them.
 */
export class Feed {
  readonly #engine: Engine;
  readonly #refusedFrom: number | null;
  readonly #records: NumberTable;
  readonly #listeners = new IntRows(4);
  readonly #folded = new IntRows(4);
  readonly #unclear = new Set<number>();
  #accepted = 0;
  #rejected = 0;
  #unclearRecords = 0;

  private constructor(engine: Engine, records: NumberTable, refusedFrom: number | null) {
    this.#engine = engine;
    this.#records = records;
    this.#refusedFrom = refusedFrom;
  }

  static async open(engine: Engine, refusedFrom: number | null): Promise<Feed> {
    return new Feed(engine, await engine.numbers('placed', RECORD_COLUMNS), refusedFrom);
  }

  readonly take = (row: PlacedRow): void => {
    const { certain, rejected } = row;
    if (!certain) {
      if (row.inbound) this.#unclearRecords += row.records;
      this.#unclear.add(row.interfaceId);
    } else if (rejected) {
      this.#rejected += row.records;
    } else {
      this.#accepted += row.records;
      if (row.protocol === 6) this.#tell(row);
    }
    const itself = saysItself(row);
    const refusedLongAgo = rejected && this.#refusedFrom !== null && row.start < this.#refusedFrom;
    // A conversation is told by its accepted records, also by those that need no telling themselves.
    if (itself ? rejected || row.localPort < 0 || row.peerPort < 0 : refusedLongAgo) return;
    this.#records.add(
      row.interfaceId,
      row.protocol,
      row.localAddress,
      row.localPacket,
      row.peerAddress,
      row.peerPacket,
      row.localPort,
      row.peerPort,
      row.inbound ? 1 : 0,
      certain ? 1 : 0,
      row.flags,
      rejected ? 1 : 0,
      row.start,
      row.end,
      row.packets,
      row.bytes,
      row.records,
    );
  };

  /** What listenersSql and foldedSql (sql/opener.ts) say of it. */
  #tell(row: PlacedRow): void {
    if ((row.flags & 18) === 18) {
      const { key } = this.#listeners;
      key[0] = row.interfaceId;
      key[1] = row.inbound ? 0 : 1;
      key[2] = row.inbound ? row.peerAddress : row.localAddress;
      key[3] = row.inbound ? row.peerPort : row.localPort;
      this.#listeners.index();
    }
    if (row.localPort < 0 || row.peerPort < 0) {
      const { key } = this.#folded;
      key[0] = row.interfaceId;
      key[1] = row.peerAddress;
      key[2] = row.localPort;
      key[3] = row.peerPort;
      this.#folded.index();
    }
  }

  async close(): Promise<void> {
    const engine = this.#engine;
    this.#records.close();
    const absent = (column: string, none: string) => `nullif(${column}, ${none}) AS ${column}`;
    await engine.view(
      'ends',
      `SELECT * REPLACE (inbound = 1 AS inbound, certain = 1 AS certain, ${absent('local_port', '-1')}, ${absent('peer_port', '-1')},
        ${absent('flags', '0')}), CASE WHEN rejected = 1 THEN 'REJECT' ELSE 'ACCEPT' END AS action FROM placed`,
    );
    await engine.view(
      'undecided',
      'SELECT * FROM ends WHERE NOT (certain AND protocol = 6 AND bitwise_and(coalesce(flags, 0), 18) IN (2, 18))',
    );
    await this.#keep('listener', ['interface_id', 'local', 'address', 'port'], this.#listeners);
    await this.#keep('folded_end', ['interface_id', 'peer_address', 'local_port', 'peer_port'], this.#folded);
    await engine.view(
      'folded',
      `SELECT * REPLACE (${absent('local_port', '-1')}, ${absent('peer_port', '-1')}) FROM folded_end`,
    );
  }

  async #keep(table: string, columns: readonly string[], rows: IntRows): Promise<void> {
    const out = await this.#engine.numbers(table, Object.fromEntries(columns.map((name) => [name, 'INTEGER'])));
    for (let i = 0; i < rows.size; i += 1) out.add(...columns.map((_, column) => rows.at(i, column)));
    out.close();
    rows.clear();
  }

  /** Takes back what was begun, so that the engine can read everything itself. */
  async drop(): Promise<void> {
    this.#records.close();
    await this.#engine.drop('placed');
  }

  counts(names: FlowNames): EndCounts {
    const unclear = [...this.#unclear].map((id) => names.interfaces.texts[id]!).sort(compareBytes);
    return {
      accepted: this.#accepted,
      rejected: this.#rejected,
      unclear: this.#unclearRecords,
      example: unclear.length === 0 ? null : aboutUnclear(unclear[0]!, unclear.length),
    };
  }
}

/** As DuckDB sorts text. */
function compareBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
