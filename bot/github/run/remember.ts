import type { EpochSeconds } from '@pare/analyzer/model/interface.ts';
import type { Closed, Memory, PullRequestRecord, RepositoryState, Watched } from '../contract.ts';
import { findingsOfMarker, readPullMarker } from '../pulls/marker.ts';

/**
 * What the pull requests themselves tell: closed unmerged is a no to exactly their findings, reopened takes it back, merged is to be
 * watched. Each is learned once; what Pare itself closed is nobody's word.
 */
export function remember(state: RepositoryState, now: EpochSeconds): Memory {
  const { memory } = state;
  const open = new Set(state.pulls.filter((one) => one.state === 'open').map((one) => one.number));
  const silent = new Set(memory.reopened);
  const learned = new Set(memory.closed.map((one) => one.pull));
  const fresh = state.pulls.filter(
    (one) => one.state === 'closed' && !silent.has(one.number) && !learned.has(one.number),
  );
  const watched = new Set(memory.watched.map((one) => one.pull));
  const merged = state.pulls.filter(
    (one) => one.state === 'merged' && !watched.has(one.number) && readPullMarker(one.body) !== null,
  );
  const numbers = merged.map((one) => savedBy(one));
  return {
    ...memory,
    keeps: memory.keeps.filter((one) => one.until === null || now < one.until),
    closed: [
      ...memory.closed.filter((one) => !open.has(one.pull) && !silent.has(one.pull)),
      ...fresh.flatMap(closedOf),
    ],
    watched: [...memory.watched, ...merged.map(watchedOf)],
    // Which ones were settled matters only while they are open.
    settled: memory.settled.filter((one) => open.has(one)),
    reclaimed: memory.reclaimed.filter((one) =>
      state.pulls.some((pull) => pull.state === 'open' && pull.branch === one.branch && pull.head === one.head),
    ),
    saved: {
      rules: memory.saved.rules + numbers.reduce((sum, one) => sum + one.removed, 0),
      narrowed: memory.saved.narrowed + numbers.reduce((sum, one) => sum + one.narrowed, 0),
      pulls: memory.saved.pulls + merged.length,
    },
    paused: memory.paused !== null && memory.paused.until !== null && memory.paused.until <= now ? null : memory.paused,
  };
}

function closedOf(pull: PullRequestRecord): Closed[] {
  const marker = readPullMarker(pull.body);
  if (marker === null || marker.closed === true) return [];
  const by = pull.closedBy ?? 'somebody';
  const at = pull.closedAt ?? pull.createdAt;
  return [...findingsOfMarker(marker)].map(([finding, evidence]) => ({
    finding,
    evidence,
    pull: pull.number,
    by,
    at,
  }));
}

function watchedOf(pull: PullRequestRecord): Watched {
  const marker = readPullMarker(pull.body);
  return {
    pull: pull.number,
    findings: marker === null ? [] : [...findingsOfMarker(marker).keys()].sort(),
    mergedAt: pull.mergedAt ?? pull.createdAt,
    mergeCommit: pull.mergeCommit,
    stage: 'merged',
    told: null,
  };
}

function savedBy(pull: PullRequestRecord): { removed: number; narrowed: number } {
  const marker = readPullMarker(pull.body);
  if (marker === null) return { removed: 0, narrowed: 0 };
  const evidence = [...findingsOfMarker(marker).values()];
  const removed = evidence.filter((one) => one.startsWith('remove.')).length;
  return { removed, narrowed: evidence.length - removed };
}
