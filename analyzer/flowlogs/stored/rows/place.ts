import type { Window } from '../../ledger.ts';
import type { Column, RowGroup } from '../columns/read.ts';
import type { Names } from './names.ts';

/** Columns of stored `flow` rows that tell who opened and what was sent. */
export const FLOW_COLUMNS = [
  'interface_id',
  'src',
  'dst',
  'srcport',
  'dstport',
  'protocol',
  'flags',
  'pkt_src',
  'pkt_dst',
  'direction',
  'action',
  'crosses',
  'records',
  'packets',
  'bytes',
  'first_start',
  'last_end',
] as const;
export type FlowGroup = RowGroup<(typeof FLOW_COLUMNS)[number]>;

/** Interfaces and addresses by number. */
export interface FlowNames {
  interfaces: Names;
  addresses: Names;
}

/** Which end is the interface's: its own addresses, and the one learned where the inventory knows none; by the interface's number. */
export interface OwnAddresses {
  known: ReadonlyMap<number, readonly number[]>;
  learned: ReadonlyMap<number, number>;
}

/**
 * A stored row seen from the interface: what endsSql (sql/ends.ts) says of it, texts as numbers, -1 for what is absent (a pkt- address that is
 * the same, a port folded away), 0 for no flags. The same object is filled anew for each row.
 */
export interface PlacedRow {
  interfaceId: number;
  protocol: number;
  localAddress: number;
  localPacket: number;
  peerAddress: number;
  peerPacket: number;
  localPort: number;
  peerPort: number;
  inbound: boolean;
  certain: boolean;
  flags: number;
  rejected: boolean;
  start: number;
  end: number;
  packets: number;
  bytes: number;
  records: number;
}

/** What the texts of a row group's dictionaries are by number: asked once, since a file is read twice. */
export interface GroupIds {
  interfaces: Int32Array;
  src: Int32Array;
  dst: Int32Array;
  packetSrc: Int32Array;
  packetDst: Int32Array;
}

export function idsOf({ columns }: FlowGroup, names: FlowNames): GroupIds {
  const ids = (column: Column, of: Names) => {
    const { texts, ascii } = textsOf(column);
    return of.ids(texts, ascii);
  };
  return {
    interfaces: ids(columns.interface_id, names.interfaces),
    src: ids(columns.src, names.addresses),
    dst: ids(columns.dst, names.addresses),
    packetSrc: ids(columns.pkt_src, names.addresses),
    packetDst: ids(columns.pkt_dst, names.addresses),
  };
}

const NONE: readonly number[] = [];
const SRC = 1;
const DST = 2;
const BOTH = 3;

/**
 * Shows `visit` each row of the window, twice where neither end is certainly the interface's. `crossing`: of a day before the window only records
 * that end on the next day are read.
 */
export function placeRows(
  { columns, rows }: FlowGroup,
  ids: GroupIds,
  own: OwnAddresses,
  window: Window,
  crossing: boolean,
  visit: (row: PlacedRow) => void,
): void {
  const { codes: interfaces } = textsOf(columns.interface_id);
  const { codes: srcs } = textsOf(columns.src);
  const { codes: dsts } = textsOf(columns.dst);
  const { codes: packetSrcs } = textsOf(columns.pkt_src);
  const { codes: packetDsts } = textsOf(columns.pkt_dst);
  const directions = marked(columns.direction, { egress: SRC, ingress: DST });
  const refused = marked(columns.action, { REJECT: 1 });
  const [srcport, dstport] = [valuesOf(columns.srcport), valuesOf(columns.dstport)];
  const [protocol, flags, crosses] = [valuesOf(columns.protocol), valuesOf(columns.flags), valuesOf(columns.crosses)];
  const [records, packets, bytes] = [valuesOf(columns.records), valuesOf(columns.packets), valuesOf(columns.bytes)];
  const [first, last] = [valuesOf(columns.first_start), valuesOf(columns.last_end)];
  const { from, to } = window;
  const row = emptyRow();
  let lastInterface = -1;
  let addresses = NONE;
  for (let i = 0; i < rows; i += 1) {
    if ((crossing && crosses[i] !== 1) || !(last[i]! >= from && first[i]! < to)) continue;
    const id = idOf(ids.interfaces, interfaces[i]!);
    if (id !== lastInterface) {
      lastInterface = id;
      addresses = own.known.get(id) ?? NONE;
    }
    const s = idOf(ids.src, srcs[i]!);
    const d = idOf(ids.dst, dsts[i]!);
    const ps = idOf(ids.packetSrc, packetSrcs[i]!);
    const pd = idOf(ids.packetDst, packetDsts[i]!);
    const ownSrc = isOwn(addresses, s) || isOwn(addresses, ps);
    const ownDst = isOwn(addresses, d) || isOwn(addresses, pd);
    const local = ownSrc !== ownDst ? (ownSrc ? SRC : DST) : directions[i] || byLearned(own.learned.get(id), s, d);
    row.interfaceId = id;
    row.protocol = protocol[i]!;
    row.certain = local !== BOTH;
    row.flags = flags[i]! > 0 ? flags[i]! : 0;
    row.rejected = refused[i] === 1;
    row.start = first[i]!;
    row.end = last[i]!;
    row.packets = packets[i]!;
    row.bytes = bytes[i]!;
    row.records = records[i]!;
    const ports = row.protocol === 6 || row.protocol === 17;
    const sp = ports ? portOf(srcport[i]!) : 0;
    const dp = ports ? portOf(dstport[i]!) : 0;
    const apartSrc = ps === s ? -1 : ps;
    const apartDst = pd === d ? -1 : pd;
    if (local !== DST) {
      row.inbound = false;
      row.localAddress = s;
      row.localPacket = apartSrc;
      row.localPort = sp;
      row.peerAddress = d;
      row.peerPacket = apartDst;
      row.peerPort = dp;
      visit(row);
    }
    if (local !== SRC) {
      row.inbound = true;
      row.localAddress = d;
      row.localPacket = apartDst;
      row.localPort = dp;
      row.peerAddress = s;
      row.peerPacket = apartSrc;
      row.peerPort = sp;
      visit(row);
    }
  }
}

/** Where neither the inventory's addresses nor the packet's direction decide. */
function byLearned(learned: number | undefined, src: number, dst: number): number {
  if (learned === undefined || (src === learned) === (dst === learned)) return BOTH;
  return src === learned ? SRC : DST;
}

function isOwn(own: readonly number[], address: number): boolean {
  for (let i = 0; i < own.length; i += 1) if (own[i] === address) return true;
  return false;
}

/** -1 for NULL. */
export function idOf(ids: Int32Array, code: number): number {
  return code < 0 ? -1 : ids[code]!;
}

function portOf(value: number): number {
  return value >= 0 ? value : -1;
}

/** By row the mark of a text; 0 for NULL and for others. */
function marked(column: Column, marks: Readonly<Record<string, number>>): Uint8Array {
  const { codes, texts } = textsOf(column);
  const ofText = Uint8Array.from(texts, (text) => marks[text] ?? 0);
  const out = new Uint8Array(codes.length);
  for (let i = 0; i < codes.length; i += 1) if (codes[i]! >= 0) out[i] = ofText[codes[i]!]!;
  return out;
}

export function textsOf(column: Column): Extract<Column, { as: 'text' }> {
  if (column.as !== 'text') throw new TypeError('a column of text was asked for');
  return column;
}

export function valuesOf(column: Column): Float64Array {
  if (column.as !== 'number') throw new TypeError('a column of numbers was asked for');
  return column.values;
}

function emptyRow(): PlacedRow {
  return {
    interfaceId: 0,
    protocol: 0,
    localAddress: 0,
    localPacket: -1,
    peerAddress: 0,
    peerPacket: -1,
    localPort: 0,
    peerPort: 0,
    inbound: false,
    certain: true,
    flags: 0,
    rejected: false,
    start: 0.5,
    end: 0.5,
    packets: 0.5,
    bytes: 0.5,
    records: 0.5,
  };
}
