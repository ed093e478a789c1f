import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { byFormat } from './formats.ts';
import { type MessagesOptions, messagesOf } from './messages.ts';

const DAY = 86_400;
/** Flow logs reach CloudWatch Logs in some five minutes; what came this long after the day's end is looked for no more. */
export const SETTLED = 6 * 3600;
/** Events are not asked for before they are this old: CloudWatch Logs shows them a moment after it has received them. */
export const FRESH = 900;

/** A log group of one Region and the formats of the flow logs that write to it. */
export interface LogGroup {
  region: string;
  name: string;
  formats: readonly (readonly string[])[];
  /** Nothing of it is older, in seconds since 1970: it was made then, or that is what it keeps. */
  heldSince: number;
  /** Bytes that it holds, as CloudWatch Logs says. */
  storedBytes: number;
}

/** What of a day is to be brought: what was received in [since, before). */
export interface DaySlice {
  group: LogGroup;
  /** Start of the UTC day, and what of it is asked for, closed-open. */
  day: number;
  from: number;
  to: number;
  since: number;
  before: number;
}

/**
 * What is missing of the UTC days that [from, to) touches by the names of the files that are there: whole days, days of which more may have come
 * since they were brought, and nothing of those that are settled.
 */
export function missingSlices(
  groups: readonly LogGroup[],
  { from, to, now }: { from: number; to: number; now: number },
  names: readonly string[],
): DaySlice[] {
  const done = new Map<string, number>();
  for (const name of names) {
    const match = /^(cwl-[0-9a-f]{12}-\d{8})-(\d{1,12})-\d+\.log\.gz$/.exec(name);
    if (match !== null) done.set(match[1]!, Math.max(done.get(match[1]!) ?? 0, Number(match[2])));
  }
  const slices = slicesOf(groups, { from: from - (from % DAY), to: Math.ceil(to / DAY) * DAY, now });
  return slices.flatMap((slice) => {
    const since = done.get(stemOf(slice.group, slice.day)) ?? 0;
    return since < slice.day + DAY + SETTLED && since < slice.before ? [{ ...slice, since }] : [];
  });
}

/** All that the groups hold of [from, to), by days. */
export function slicesOf(
  groups: readonly LogGroup[],
  { from, to, now }: { from: number; to: number; now: number },
): DaySlice[] {
  const before = now - FRESH;
  const out: DaySlice[] = [];
  for (let day = from - (from % DAY); day < to && day < before; day += DAY) {
    for (const group of groups) {
      const first = Math.max(day, from, Math.floor(group.heldSince));
      const last = Math.min(day + DAY, to);
      if (first < last) out.push({ group, day, from: first, to: last, since: 0, before });
    }
  }
  return out;
}

/**
 * Bytes that the slices will make CloudWatch Logs read, twice: to count, and to fetch. A guess from what each group holds, as if every day held
 * the same.
 */
export function estimatedScan(slices: readonly DaySlice[], now: number): number {
  return slices.reduce((sum, { group, from, to }) => {
    const held = Math.max(DAY, now - group.heldSince);
    return sum + (2 * group.storedBytes * (to - from)) / held;
  }, 0);
}

/** Writes one slice as files that the readers of files take, below a folder of its day: a header line and the messages. How many there were. */
export async function writeSlice(slice: DaySlice, folder: string, options: MessagesOptions): Promise<number> {
  const { group, day, from, to, since, before } = slice;
  const asked = { group: group.name, from, to, since, before };
  const messages = await messagesOf(asked, options);
  const dir = join(folder, new Date(day * 1000).toISOString().slice(0, 10).replaceAll('-', '/'));
  await mkdir(dir, { recursive: true });
  for (const [i, lines] of byFormat(messages, group.formats).entries()) {
    const text = [group.formats[i]!.join(' '), ...lines].map((line) => `${line}\n`).join('');
    const name = `${stemOf(group, day)}-${before}-${i}.log`;
    await writeFile(join(dir, `${name}.gz`), named(gzipSync(text), name));
  }
  return messages.length;
}

function stemOf({ region, name }: LogGroup, day: number): string {
  const key = createHash('sha256').update(`${region} ${name}`).digest('hex').slice(0, 12);
  return `cwl-${key}-${new Date(day * 1000).toISOString().slice(0, 10).replaceAll('-', '')}`;
}

/** The gzip with the file's name in its header (RFC 1952, FNAME): without it, all files of days without records would be one to the ledger. */
function named(gzip: Buffer, name: string): Buffer {
  const head = Buffer.from(gzip.subarray(0, 10));
  head[3] = head[3]! | 8;
  return Buffer.concat([head, Buffer.from(`${name}\0`, 'latin1'), gzip.subarray(10)]);
}
