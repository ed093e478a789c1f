import { readFile } from 'node:fs/promises';
import { formatAddress, parseAddress } from '../../../model/address.ts';
import { PareError } from '../../../model/problem.ts';
import type { Engine } from '../../duckdb/engine.ts';
import { type LedgerRow, refusedSince, type ScanOptions, type Window } from '../../ledger.ts';
import type { EndCounts } from '../../pipeline.ts';
import { decidedSql, EDGE, openedSql, tuplesSql } from '../../sql/opener.ts';
import { readColumns } from '../columns/read.ts';
import { bytesOf } from '../memory.ts';
import { Feed } from './feed.ts';
import { IntRows } from './int-rows.ts';
import { LearnedAddresses } from './learned.ts';
import { Names } from './names.ts';
import {
  FLOW_COLUMNS,
  type FlowGroup,
  type FlowNames,
  type GroupIds,
  idsOf,
  type OwnAddresses,
  type PlacedRow,
  placeRows,
} from './place.ts';
import { SaidRows } from './said.ts';

/** A flow file of the stored ledger. `day`: start of its UTC day. */
export interface FlowFile {
  path: string;
  day: number;
  /** Whether each record of it names its packet's direction. */
  directed: boolean;
}

/** Stored rows of the window, placed: those whose flags say who opened; the others are in the engine's `opened` and `change`. */
export interface OpenedRows {
  names: FlowNames;
  counts: EndCounts;
  said(): AsyncGenerator<LedgerRow[]>;
}

/** What may be held of them. */
export interface Room {
  /** Beyond this many addresses the engine reads the rows, as it can spill and texts here cannot. */
  addresses: number;
  /** Beyond this many rows that say themselves who opened, the files are read again for them, some interfaces at a time. */
  rows: number;
}

/** Of a row that is held, with its place in the order of interfaces. */
const ROW_BYTES = 80;

/** 40 MB: with less the files would be read too often. */
const LEAST_ROWS = 500_000;

/** What a third of the memory takes. */
export function roomIn(memoryLimit: string): Room {
  const rows = Math.floor(bytesOf(memoryLimit) / 3 / ROW_BYTES);
  return { addresses: 2_000_000, rows: Math.max(LEAST_ROWS, rows) };
}
const DAY = 86_400;

/** Reads files, and knows the names of what it has read before. */
class FlowReader {
  readonly names: FlowNames = { interfaces: new Names(), addresses: new Names() };
  readonly #ids = new Map<string, GroupIds[]>();
  readonly #most: number;

  constructor(most: number) {
    this.#most = most;
  }

  /** The row groups of a file; null where it is not written as we know, or where there are too many names to hold. */
  async groups({ path }: FlowFile): Promise<Iterable<[FlowGroup, GroupIds]> | null> {
    if (this.names.addresses.texts.length > this.#most) return null;
    const groups = readColumns(await readFile(path), FLOW_COLUMNS);
    return groups === null ? null : this.#named(path, groups);
  }

  *#named(path: string, groups: Iterable<FlowGroup>): Generator<[FlowGroup, GroupIds]> {
    const known = this.#ids.get(path) ?? [];
    this.#ids.set(path, known);
    let n = 0;
    for (const group of groups) {
      known[n] ??= idsOf(group, this.names);
      yield [group, known[n]!];
      n += 1;
    }
  }
}

/**
 * Reads the stored rows. Those whose own flags say who opened are summed, and leave what they say of others: that a port listens, that a caller's
 * port was folded away. The rest, few where logs have flags, goes to the engine, and the shared SQL decides over it as over all (sql/opener.ts).
 * Null, and nothing left in the engine, where a file is not written as we know or there are too many names: then the engine reads everything.
 */
export async function openRows(
  engine: Engine,
  files: readonly FlowFile[],
  firstSeen: ReadonlyMap<string, number>,
  window: Window,
  options: Pick<ScanOptions, 'interfaces' | 'changes' | 'refusedDays' | 'progress' | 'signal'>,
  room: Room,
): Promise<OpenedRows | null> {
  const reader = new FlowReader(room.addresses);
  const { names } = reader;
  // Numbers in the order of the texts: the rows come in it, as from the other stores.
  const heard = new Set([...firstSeen.keys(), ...options.interfaces.map(({ interfaceId }) => interfaceId)]);
  for (const interfaceId of [...heard].sort()) names.interfaces.id(interfaceId);
  const known = knownAddresses(options.interfaces, names);
  const directed = files.every((file) => file.directed);
  const learned = directed ? new Map<number, number>() : await learn(files, reader, known, window, options);
  if (learned === null) return null;
  const own: OwnAddresses = { known, learned };
  const changes = changesOf(options.changes, names);
  const refusedFrom = refusedSince(window, options.refusedDays);
  const feed = await Feed.open(engine, refusedFrom);
  const said = new SaidRows(names, changes, refusedFrom, room.rows);
  const both = (row: PlacedRow) => {
    feed.take(row);
    said.take(row);
  };
  const byDay = Map.groupBy(files, (file) => file.day);
  const days = [...byDay.keys()].sort((a, b) => a - b);
  /** False where a file is not as we know it. */
  const read = async (day: number, take: (row: PlacedRow) => void) => {
    for (const file of byDay.get(day) ?? []) {
      options.signal.throwIfAborted();
      const groups = await reader.groups(file);
      if (groups === null) return false;
      for (const [group, ids] of groups) placeRows(group, ids, own, window, day < window.from, take);
    }
    return true;
  };
  for (const [n, day] of days.entries()) {
    if (!(await read(day, both))) {
      await feed.drop();
      return null;
    }
    said.endDay();
    options.progress({ phase: 'reading the ledger', done: n + 1, total: days.length, unit: 'steps' });
  }
  await feed.close();
  await decide(engine, changes, firstSeen, names, options);
  const again = async (day: number) => {
    if (!(await read(day, said.take))) throw changedMeanwhile();
  };
  return { names, counts: feed.counts(names), said: () => said.rows(days, again) };
}

function changesOf(changes: ScanOptions['changes'], names: FlowNames): IntRows {
  const out = new IntRows(2);
  for (const { interfaceId, day } of changes) {
    out.key.set([names.interfaces.id(interfaceId), day / DAY]);
    out.index();
  }
  return out;
}

async function learn(
  files: readonly FlowFile[],
  reader: FlowReader,
  known: OwnAddresses['known'],
  window: Window,
  options: Pick<ScanOptions, 'signal'>,
): Promise<OwnAddresses['learned'] | null> {
  const learned = new LearnedAddresses(known);
  for (const file of files) {
    options.signal.throwIfAborted();
    const groups = await reader.groups(file);
    if (groups === null) return null;
    for (const [group, ids] of groups) learned.add(group, ids, reader.names.addresses, window, file.day < window.from);
  }
  return learned.found();
}

function knownAddresses(interfaces: ScanOptions['interfaces'], names: FlowNames): Map<number, number[]> {
  const known = new Map<number, number[]>();
  for (const { interfaceId, addresses } of interfaces) {
    for (const text of addresses) {
      const address = parseAddress(text);
      const id = names.addresses.id(address === null ? text : formatAddress(address));
      const own = known.get(names.interfaces.id(interfaceId)) ?? [];
      if (!own.includes(id)) own.push(id);
      known.set(names.interfaces.id(interfaceId), own);
    }
  }
  return known;
}

/** The steps of attributeRecords (pipeline.ts) that are left, over numbers. */
async function decide(
  engine: Engine,
  changes: IntRows,
  firstSeen: ReadonlyMap<string, number>,
  names: FlowNames,
  options: Pick<ScanOptions, 'progress' | 'signal'>,
): Promise<void> {
  const edges = [...firstSeen].map(([interfaceId, at]) => [names.interfaces.id(interfaceId), at + EDGE]);
  await engine.fill('edge', { interface_id: 'BIGINT', edge: 'BIGINT' }, edges);
  const changed = Array.from({ length: changes.size }, (_, i) => [changes.at(i, 0), changes.at(i, 1) * DAY]);
  await engine.fill('change', { interface_id: 'BIGINT', day: 'BIGINT' }, changed);
  const steps = [
    () => engine.table('tuple', tuplesSql('ends')),
    () => engine.table('decided', decidedSql('tuple', 'listener', 'edge', 'folded')),
    () => engine.drop('tuple'),
    () => engine.view('opened', openedSql('undecided', 'decided')),
  ];
  for (const [i, step] of steps.entries()) {
    options.signal.throwIfAborted();
    await step();
    options.progress({ phase: 'finding who opened', done: i + 1, total: steps.length, unit: 'steps' });
  }
}

function changedMeanwhile(): PareError {
  return new PareError({
    code: 'ledger-changed-meanwhile',
    message: 'a file of the ledger has changed while it was read',
    next: 'run again when nothing writes there',
    fault: 'environment',
  });
}
