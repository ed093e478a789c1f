import type { EpochSeconds } from '../model/interface.ts';

/** A span of time that a file may have spoken of and that nobody read. Closed-open. */
export interface Hole {
  from: EpochSeconds;
  to: EpochSeconds;
}

/** The file's stamp is when it was written, 5 to 10 minutes after the records' end, which lies up to 10 minutes after their start. */
const MARGIN = 1800;
const EVER: Hole = { from: 0, to: 1e11 };

/**
 * The time a flow-log file may hold, from its name (…_20260701T0005Z_…) or its folders (…/2026/07/01/, …/day=01/hour=00/), with
 * margins since files are cut by delivery. A name that tells nothing may hold any time.
 */
export function holeOf(path: string): Hole {
  const stamp = /_(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})Z/.exec(path);
  if (stamp) {
    const at = utc(stamp[1], stamp[2], stamp[3], stamp[4], stamp[5]);
    return { from: at - MARGIN, to: at + MARGIN };
  }
  const folders =
    /year=(\d{4})[/\\]month=(\d{2})[/\\]day=(\d{2})[/\\](?:hour=(\d{2})[/\\])?/.exec(path) ??
    /[/\\](20\d{2})[/\\](\d{2})[/\\](\d{2})[/\\](?:(\d{2})[/\\])?/.exec(path);
  if (!folders) return EVER;
  const from = utc(folders[1], folders[2], folders[3], folders[4] ?? '00', '00');
  return { from: from - MARGIN, to: from + (folders[4] === undefined ? 86400 : 3600) + MARGIN };
}

function utc(...parts: readonly (string | undefined)[]): EpochSeconds {
  const [year = 0, month = 1, day = 1, hour = 0, minute = 0] = parts.map(Number);
  return Date.UTC(year, month - 1, day, hour, minute) / 1000;
}

/** The same time as disjoint holes in order. */
export function mergeHoles(holes: readonly Hole[]): Hole[] {
  const merged: Hole[] = [];
  for (const hole of [...holes].sort((a, b) => a.from - b.from)) {
    const last = merged.at(-1);
    if (last !== undefined && hole.from <= last.to) last.to = Math.max(last.to, hole.to);
    else merged.push({ ...hole });
  }
  return merged;
}
