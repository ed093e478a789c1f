import { structuredPatch } from 'diff';
import type { FileChange } from '../../change/contract.ts';
import type { BlameRange, Platform } from '../contract.ts';

/** Whom to ask besides the owners: those who wrote the lines that go. Worked out only when somebody is asked. */
export interface Blame {
  /** The commit that the lines are counted in. */
  commit: string;
  files: readonly { path: string; lines: readonly { from: number; to: number }[] }[];
  /** People at most. */
  atMost: number;
}

/** Each costs a request. */
const MOST_FILES = 5;

/** Null where nobody more is to be asked. */
export function blameOf(changes: readonly FileChange[], prefix: string, commit: string, atMost: number): Blame | null {
  if (atMost <= 0 || changes.length === 0) return null;
  const files = changes.slice(0, MOST_FILES).map(({ path, before, after }) => ({
    path: `${prefix}${path}`,
    lines: touchedLines(before, after),
  }));
  return { commit, files, atMost };
}

/** Lines of the text before that a change takes away or rewrites, counted from 1, both ends included; beside what is only added. */
export function touchedLines(before: string, after: string): { from: number; to: number }[] {
  const { hunks } = structuredPatch('a', 'a', before, after, '', '', { context: 0 });
  return hunks.map(({ oldStart, oldLines }) => {
    const from = Math.max(1, oldStart);
    return { from, to: Math.max(from, oldStart + oldLines - 1) };
  });
}

/** Who wrote the most of the lines first; bots and `but` are left out. */
export async function blamed(
  blame: Blame,
  platform: Pick<Platform, 'blame'>,
  but: readonly string[],
): Promise<string[]> {
  const counts = new Map<string, number>();
  for (const { path, lines } of blame.files)
    for (const { from, to, login } of await platform.blame(blame.commit, path)) {
      if (login === null || login.endsWith('[bot]') || but.includes(login)) continue;
      const common = lines.reduce((sum, one) => sum + overlap(one, { from, to }), 0);
      if (common > 0) counts.set(login, (counts.get(login) ?? 0) + common);
    }
  return [...counts]
    .sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1))
    .slice(0, blame.atMost)
    .map(([login]) => login);
}

function overlap(a: Omit<BlameRange, 'login'>, b: Omit<BlameRange, 'login'>): number {
  return Math.max(0, Math.min(a.to, b.to) - Math.max(a.from, b.from) + 1);
}
