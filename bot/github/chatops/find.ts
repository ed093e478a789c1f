import type { Finding } from '@pare/analyzer/model/finding.ts';
import type { PlannedRun, PullRequestRecord, RepositoryState } from '../contract.ts';
import { findingsOfMarker, readPullMarker } from '../pulls/marker.ts';

/** What a word names; `finding` is null where the newest evidence does not hold it (yet) but the pull request does. */
export interface Named {
  id: string;
  finding: Finding | null;
  /** Digest of what the pull request told; null outside of one. */
  evidence: string | null;
}

/** The finding that `sgr-…` or `f-…` means. Null: nothing, or several. */
export function findNamed(word: string, pull: PullRequestRecord | null, run: PlannedRun | null): Named | null {
  const told = toldBy(pull);
  const rules = run?.document.rules ?? [];
  const found = rules.filter((one) => (word.startsWith('f-') ? one.findingId : one.ruleId) === word);
  if (found.length > 1) return null;
  const [finding] = found;
  if (finding !== undefined) return { id: finding.findingId, finding, evidence: told.get(finding.findingId) ?? null };
  return told.has(word) ? { id: word, finding: null, evidence: told.get(word)! } : null;
}

/** Finding → evidence, as the pull request told it. */
export function toldBy(pull: PullRequestRecord | null): ReadonlyMap<string, string> {
  const marker = pull === null ? null : readPullMarker(pull.body);
  return marker === null ? new Map() : findingsOfMarker(marker);
}

export function pullOf(state: RepositoryState, number: number | null): PullRequestRecord | null {
  return state.pulls.find((one) => one.number === number) ?? null;
}
