// The strict reader's kernel: see docs/adr/0006-strict-reader.md. `npm run kernel` compiles it.
import { Names, nameAt, nameLength, newNames, putName } from './names';
import { count as recordCount, dayCount as days, dayStarts as starts, interfaces, newest as latest, odd, oldest as earliest } from './parse';
import { accepted as acceptedRows, inexact as isInexact, rejected as rejectedRows, refusals as refusedRecords, rejectFrom as firstRejected, undirected as withoutDirection } from './rows';
import { spanRows as spans, tallyRows as tallies } from './watched';
import * as out from './encode';
import { folded as foldedAt } from './checksum';

export { clear, parse, places } from './parse';
export { addColumns, beginColumns, readDictionary, readPage, unsnap } from './columns';
export { fold } from './checksum';
export { inflate } from './inflate';
export { flowColumn, rollDay, setOwn, sort } from './rows';
export { spanColumn, tallyColumn } from './watched';
export { encodeAddresses, encodeDifferences, encodeFlags, encodeNames, encodeNumbers, encodeSmall, encodeWord, encodeWords } from './encode';

export function folded(): usize {
  return foldedAt;
}
export function alloc(size: usize): usize {
  return heap.alloc(size);
}
export function free(block: usize): void {
  heap.free(block);
}
/** The number of the canonical text of an odd address. */
export function putOdd(from: usize, length: u32): u32 {
  return putName(odd, from, length);
}
export function interfaceCount(): u32 {
  return interfaces.size;
}
export function interfaceAt(n: u32): usize {
  return nameAt(interfaces, n);
}
export function interfaceLength(n: u32): u32 {
  return nameLength(interfaces, n);
}
export function count(): u32 {
  return recordCount;
}
export function oldest(): u32 {
  return earliest;
}
export function newest(): u32 {
  return latest;
}
export function dayCount(): u32 {
  return days;
}
export function dayAt(n: u32): u32 {
  return load<u32>(starts + (<usize>n << 2));
}
export function accepted(): u32 {
  return acceptedRows;
}
export function rejected(): u32 {
  return rejectedRows;
}
export function rejectFrom(): u32 {
  return firstRejected;
}
export function refusals(): u32 {
  return refusedRecords;
}
export function undirected(): u32 {
  return withoutDirection;
}
export function inexact(): bool {
  return isInexact;
}
export function tallyRows(): u32 {
  return tallies;
}
export function spanRows(): u32 {
  return spans;
}
export function dictionary(): usize {
  return out.dictionary;
}
export function dictionaryBytes(): u32 {
  return out.dictionaryBytes;
}
export function dictionarySize(): u32 {
  return out.dictionarySize;
}
export function body(): usize {
  return out.body;
}
export function bodyBytes(): u32 {
  return out.bodyBytes;
}
export function encoded(): u32 {
  return out.encoded;
}
