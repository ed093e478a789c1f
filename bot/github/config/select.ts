import type { Finding } from '@pare/analyzer/model/finding.ts';
import type { EpochSeconds } from '@pare/analyzer/model/interface.ts';
import { localDay } from './schedule.ts';
import type { Entry, PareConfig } from './schema.ts';

export interface Spared {
  /** `keep`: the rule must stay; `ignore`: it is not to be proposed. */
  kind: 'keep' | 'ignore';
  entry: Entry;
}

/** The first entry of the configuration that stands for a finding; an entry whose last day is over stands for none. */
export function sparedBy(
  config: PareConfig,
  finding: Finding,
  files: readonly string[],
  now: EpochSeconds,
): Spared | null {
  const today = localDay(now, config.schedule.timezone).date;
  const stands = (one: Entry) => (one.until === undefined || today <= one.until) && agrees(one, finding, files);
  const kept = config.keeps.find(stands);
  if (kept !== undefined) return { kind: 'keep', entry: kept };
  const ignored = config.ignores.find(stands);
  return ignored === undefined ? null : { kind: 'ignore', entry: ignored };
}

export function isExpired(entry: Entry, config: PareConfig, now: EpochSeconds): boolean {
  return entry.until !== undefined && entry.until < localDay(now, config.schedule.timezone).date;
}

function agrees(entry: Entry, finding: Finding, files: readonly string[]): boolean {
  if (entry.finding !== undefined && entry.finding !== finding.findingId) return false;
  if (entry.rule !== undefined && entry.rule !== finding.ruleId) return false;
  if (entry.account !== undefined && entry.account !== finding.accountId) return false;
  if (entry.region !== undefined && entry.region !== finding.region) return false;
  if (entry.group !== undefined && ![finding.groupId, finding.groupName].some((name) => matches(entry.group!, name)))
    return false;
  return entry.path === undefined || files.some((file) => matchesPath(entry.path!, file));
}

/** `*` stands for any characters. Linear in the text for each star, so that no pattern is slow. */
export function matches(pattern: string, text: string): boolean {
  const parts = pattern.split('*');
  const first = parts[0]!;
  const last = parts.at(-1)!;
  if (parts.length === 1) return pattern === text;
  if (!text.startsWith(first) || !text.endsWith(last) || text.length < first.length + last.length) return false;
  let at = first.length;
  for (const part of parts.slice(1, -1)) {
    const found = text.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return at <= text.length - last.length;
}

/** `*` within one folder, `**` across folders; a folder stands for all in it. */
export function matchesPath(pattern: string, path: string): boolean {
  const wanted = pattern
    .replace(/^\.?\//, '')
    .replace(/\/$/, '')
    .split('/');
  return segments([...wanted], path.split('/')) || segments([...wanted, '**'], path.split('/'));
}

function segments(pattern: readonly string[], path: readonly string[]): boolean {
  // reachable[n]: the first n parts of the path are matched by the pattern so far.
  let reachable = [true, ...path.map(() => false)];
  for (const part of pattern) {
    const next = reachable.map(() => false);
    if (part === '**') {
      const from = reachable.indexOf(true);
      if (from >= 0) next.fill(true, from);
    } else {
      for (const [n, name] of path.entries()) if (reachable[n] && matches(part, name)) next[n + 1] = true;
    }
    reachable = next;
  }
  return reachable[path.length]!;
}
