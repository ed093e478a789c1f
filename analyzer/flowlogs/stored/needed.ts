import { refusedSince, type ScanOptions, type Window } from '../ledger.ts';
import type { DataFile, Manifest } from './manifest.ts';

const DAY = 86_400;

export interface NeededFiles {
  window: Window;
  /** Data files that an analysis of the window opens. The day before the window has records that reach into it. */
  read: DataFile[];
  /** Refused records in files that it need not open: what the manifest says of them is all that would be asked. */
  refused: number;
}

/**
 * What of the ledger an analysis needs; null where the ledger holds no record that can be used. The window begins at the start of a UTC day
 * and ends at the end of one or at the newest record, since days are what is stored: it is never shorter than asked for.
 *
 * Files of refused records older than `refusedDays` stay closed where every stored record names its packet's direction: then nothing but
 * their number is asked of them. Where one does not, an interface that the inventory does not know may learn its address from any record.
 */
export function neededFiles(
  manifest: Manifest,
  { window: asked, refusedDays }: Pick<ScanOptions, 'window' | 'refusedDays'>,
): NeededFiles | null {
  const window = windowOf(manifest, asked);
  if (window === null) return null;
  const files = manifest.segments
    .flatMap((segment) => segment.data)
    .filter(({ day }) => day >= window.from - DAY && day < window.to);
  const directed = files.every(({ table, directed: all }) => table !== 'flow' || all === true);
  const since = refusedSince(window, refusedDays);
  const read: DataFile[] = [];
  let refused = 0;
  for (const file of files) {
    const { table, day, action, records } = file;
    const old = since !== null && day >= window.from && day < since;
    if (old && directed && table === 'flow' && action === 'REJECT' && records !== undefined) refused += records;
    else read.push(file);
  }
  return { window, read, refused };
}

function windowOf(manifest: Manifest, asked: ScanOptions['window']): Window | null {
  const newest = manifest.segments.reduce((max, segment) => Math.max(max, segment.newest ?? -1), -1);
  if (newest < 0) return null;
  const to = 'from' in asked ? asked.to : (asked.to ?? newest + 1);
  const from = 'from' in asked ? asked.from : to - asked.lastDays * DAY;
  return {
    from: Math.floor(from / DAY) * DAY,
    to: to > newest ? to : Math.min(Math.ceil(to / DAY) * DAY, newest + 1),
  };
}
