import { readFile } from 'node:fs/promises';
import { formatAddress, parseAddress } from '../../../model/address.ts';
import type { Engine } from '../../duckdb/engine.ts';
import { refusedSince, type ScanOptions, type Window } from '../../ledger.ts';
import type { EndCounts } from '../../pipeline.ts';
import { decidedSql, EDGE, openedSql, tuplesSql } from '../../sql/opener.ts';
import { readColumns } from '../columns/read.ts';
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
  placeRows,
} from './place.ts';

/** A flow file of the stored ledger. `day`: start of its UTC day. */
export interface FlowFile {
  path: string;
  day: number;
  /** Whether each record of it names its packet's direction. */
  directed: boolean;
}

/** Stored rows of the window, placed, with all that decides who opened in the engine's tables `opened` and `change`. */
export interface OpenedRows {
  reader: FlowReader;
  own: OwnAddresses;
  changes: IntRows;
  counts: EndCounts;
}

/** Beyond this many names the engine reads the rows, as it can spill and texts here cannot. */
const MOST_NAMES = 2_000_000;
const DAY = 86_400;

/** Reads files, and knows the names of what it has read before. */
export class FlowReader {
  readonly names: FlowNames = { interfaces: new Names(), addresses: new Names() };
  readonly #ids = new Map<string, GroupIds[]>();

  /** The row groups of a file; null where it is not written as we know, or where there are too many names to hold. */
  async groups({ path }: FlowFile): Promise<Iterable<[FlowGroup, GroupIds]> | null> {
    if (this.names.addresses.texts.length > MOST_NAMES) return null;
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
 * Reads the stored rows once. Those whose own flags say who opened leave only what they say of others: that a port listens, that a caller's port
 * was folded away. The rest, few where logs have flags, goes to the engine, and the shared SQL decides over it as over all (sql/opener.ts).
 * Null, and nothing left in the engine, where a file is not written as we know or there are too many names: then the engine reads everything.
 */
export async function openRows(
  engine: Engine,
  files: readonly FlowFile[],
  firstSeen: ReadonlyMap<string, number>,
  window: Window,
  options: Pick<ScanOptions, 'interfaces' | 'changes' | 'refusedDays' | 'progress' | 'signal'>,
): Promise<OpenedRows | null> {
  const reader = new FlowReader();
  const { names } = reader;
  const known = knownAddresses(options.interfaces, names);
  const directed = files.every((file) => file.directed);
  const learned = directed ? new Map<number, number>() : await learn(files, reader, known, window, options);
  if (learned === null) return null;
  const own: OwnAddresses = { known, learned };
  const feed = await Feed.open(engine, refusedSince(window, options.refusedDays));
  for (const [n, file] of files.entries()) {
    options.signal.throwIfAborted();
    const groups = await reader.groups(file);
    if (groups === null) {
      await feed.drop();
      return null;
    }
    for (const [group, ids] of groups) placeRows(group, ids, own, window, file.day < window.from, feed.take);
    options.progress({ phase: 'reading the ledger', done: n + 1, total: files.length, unit: 'files' });
  }
  await feed.close();
  const changes = new IntRows(2);
  for (const { interfaceId, day } of options.changes) {
    changes.key.set([names.interfaces.id(interfaceId), day / DAY]);
    changes.index();
  }
  await decide(engine, changes, firstSeen, names, options);
  return { reader, own, changes, counts: feed.counts(names) };
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
