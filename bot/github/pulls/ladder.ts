import type { EpochSeconds } from '@pare/analyzer/model/interface.ts';
import type { FileWrite, Memory, PlannedRun, PullRequestRecord, Unit } from '../contract.ts';
import type { Blame } from './blame.ts';
import { type PullText, withHandsOff, withoutHandsOff } from './body.ts';
import { changePullMarker, findingsOfMarker, readPullMarker } from './marker.ts';
import { commitMessage, editDigest, editOfCommit, foreignCommit } from './own.ts';

/** One thing to do on GitHub, decided and not yet done. */
export type Intention =
  | {
      kind: 'write-branch';
      branch: string;
      parent: string;
      files: readonly FileWrite[];
      message: string;
      /** Tip that may be replaced; null: there must be no branch. */
      expect: string | null;
    }
  | { kind: 'open-pull'; branch: string; title: string; body: string; draft: boolean }
  | { kind: 'edit-pull'; pull: number; title?: string; body?: string; state?: 'closed' }
  | {
      kind: 'settle';
      pull: number | 'opened';
      labels: readonly string[];
      reviewers: readonly string[];
      blame: Blame | null;
    }
  | { kind: 'overflow'; pull: number | 'opened'; parts: readonly string[] }
  | { kind: 'delete-branch'; branch: string };

export type DecisionState =
  | 'open'
  | 'update'
  | 'rebase'
  | 'unchanged'
  | 'hands-off'
  | 'older'
  | 'waiting'
  | 'close'
  | 'failed';

/** What becomes of one pull request, and why; the reason is a sentence for people. */
export interface Decision {
  unit: string;
  title: string;
  rules: number;
  draft: boolean;
  pull: number | null;
  state: DecisionState;
  reason: string;
  intentions: readonly Intention[];
}

export interface LadderInput {
  unit: Unit;
  run: PlannedRun;
  pull: PullRequestRecord;
  text: PullText;
  memory: Memory;
  labels: readonly string[];
  reviewers: readonly string[];
  blame: Blame | null;
}

/**
 * The ladder for an open pull request. Each rung is an exit that says its reason; the first that holds counts.
 * 1. somebody committed to the branch: hands off, and the body says so   2. older evidence than what it tells: nothing
 * 3. another edit: the branch is made anew   4. the same edit, in conflict: rebased   5. the same edit: the branch stays, whatever its base is
 */
export function climb(input: LadderInput): Decision {
  const { unit, pull, memory } = input;
  const marker = readPullMarker(pull.body);
  const foreign = foreignCommit(pull.commits);
  const reclaimed = memory.reclaimed.some((one) => one.branch === pull.branch && one.head === pull.head);
  if (foreign !== null && !reclaimed) {
    const name = foreign.author ?? (foreign.authorName || 'somebody');
    return decision(
      input,
      'hands-off',
      `${name} committed ${foreign.sha.slice(0, 10)} to it`,
      handsOff(pull, name, foreign.sha),
    );
  }
  const validAt = validAtOf(input.run);
  if (marker !== null && marker.validAt > validAt)
    return decision(input, 'older', 'it already tells newer evidence', []);

  const edit = editDigest(unit.batch);
  const tip = pull.commits.at(-1);
  const shown = (tip === undefined ? null : editOfCommit(tip)) ?? marker?.edit ?? null;
  const finish = [...textEdits(input), ...settle(input)];
  if (shown !== edit || reclaimed) {
    const why = reclaimed ? 'asked to be made anew' : difference(unit, marker);
    return decision(input, 'update', why, [rewrite(input), ...finish]);
  }
  if (pull.mergeable === 'conflict')
    return decision(input, 'rebase', `in conflict with ${pull.base}`, [rewrite(input), ...finish]);
  const state = finish.length === 0 ? 'unchanged' : 'update';
  const why = finish.length === 0 ? 'nothing changed' : 'the evidence is newer, the edit is the same';
  return decision(input, state, why, finish);
}

/** No open pull request: the branch may be there from an earlier attempt, or from one that was closed. */
export function open(
  input: Omit<LadderInput, 'pull'>,
  stray: { tip: string; edit: string | null; foreign: string | null } | null,
  reason: string,
): Decision {
  const { unit, text } = input;
  if (stray !== null && stray.foreign !== null)
    return {
      ...subject(unit, null),
      state: 'hands-off',
      reason: `branch ${unit.branch} holds a commit of ${stray.foreign} and has no pull request; delete it to have it made anew`,
      intentions: [],
    };
  const ready = stray !== null && stray.edit === editDigest(unit.batch);
  const intentions: Intention[] = [
    ...(ready ? [] : [branchWrite(input, stray?.tip ?? null)]),
    { kind: 'open-pull', branch: unit.branch, title: text.title, body: text.body, draft: unit.draft },
    { kind: 'settle', pull: 'opened', labels: input.labels, reviewers: input.reviewers, blame: input.blame },
    ...(text.overflow.length > 0 ? [{ kind: 'overflow' as const, pull: 'opened' as const, parts: text.overflow }] : []),
  ];
  return { ...subject(unit, null), state: 'open', reason, intentions };
}

/** Nothing is left to propose in it. The reason goes into the body with the closing, in one request. */
export function close(pull: PullRequestRecord, why: string, now: EpochSeconds): Decision {
  const marker = readPullMarker(pull.body);
  const base = { unit: marker?.unit ?? pull.branch, title: pull.title, rules: 0, draft: pull.draft, pull: pull.number };
  const foreign = foreignCommit(pull.commits);
  if (foreign !== null) {
    const name = foreign.author ?? (foreign.authorName || 'somebody');
    return {
      ...base,
      state: 'hands-off',
      reason: `${name} committed to it; Pare itself has nothing left to propose here: ${why}`,
      intentions: handsOff(pull, name, foreign.sha),
    };
  }
  const day = new Date(now * 1000).toISOString().slice(0, 10);
  const told = `> **Closed by Pare on ${day}:** ${why}.\n\n${withoutHandsOff(pull.body)}`;
  // Its own closing is nobody's no (run/remember.ts); the account says nothing, since a token may be a person's.
  const body = changePullMarker(told, { closed: true }) ?? told;
  return {
    ...base,
    state: 'close',
    reason: why,
    intentions: [
      { kind: 'edit-pull', pull: pull.number, body, state: 'closed' },
      { kind: 'delete-branch', branch: pull.branch },
    ],
  };
}

function handsOff(pull: PullRequestRecord, name: string, sha: string): Intention[] {
  const marker = readPullMarker(pull.body);
  if (marker === null || marker.handsOff === sha) return [];
  const body = changePullMarker(withHandsOff(pull.body, name, sha), { handsOff: sha });
  return body === null ? [] : [{ kind: 'edit-pull', pull: pull.number, body }];
}

/** Only what Pare itself would say differently: what people wrote into body or title stays until then. */
function textEdits({ pull, text }: LadderInput): Intention[] {
  const marker = readPullMarker(pull.body);
  const wanted = readPullMarker(text.body)!;
  const sameBody =
    marker !== null &&
    marker.handsOff === undefined &&
    JSON.stringify({ ...marker, title: '' }) === JSON.stringify({ ...wanted, title: '' });
  const sameTitle = marker === null ? pull.title === text.title : marker.title === wanted.title;
  const change = {
    ...(sameTitle ? {} : { title: text.title }),
    ...(sameBody && sameTitle ? {} : { body: text.body }),
  };
  const edits: Intention[] =
    Object.keys(change).length === 0 ? [] : [{ kind: 'edit-pull', pull: pull.number, ...change }];
  if (!sameBody && text.overflow.length > 0) edits.push({ kind: 'overflow', pull: pull.number, parts: text.overflow });
  return edits;
}

function settle({ pull, memory, labels, reviewers, blame }: LadderInput): Intention[] {
  if (memory.settled.includes(pull.number)) return [];
  const missing = labels.filter((one) => !pull.labels.includes(one));
  const unasked = reviewers.filter((one) => !pull.reviewers.includes(one));
  if (missing.length + unasked.length === 0) return [];
  // Labels come last (run/execute.ts): where they are, everybody was asked.
  return [
    {
      kind: 'settle',
      pull: pull.number,
      labels: missing,
      reviewers: unasked,
      blame: missing.length === 0 ? null : blame,
    },
  ];
}

function rewrite(input: LadderInput): Intention {
  return branchWrite(input, input.pull.head);
}

function branchWrite({ unit, run }: Pick<LadderInput, 'unit' | 'run'>, expect: string | null): Intention {
  return {
    kind: 'write-branch',
    branch: unit.branch,
    parent: run.commit,
    files: unit.batch.changes.map((change) => ({ ...change, path: `${run.prefix}${change.path}` })),
    message: commitMessage(unit.batch),
    expect,
  };
}

function difference(unit: Unit, marker: ReturnType<typeof readPullMarker>): string {
  if (marker === null) return 'its body has no marker of Pare any more';
  const before = findingsOfMarker(marker);
  const now = new Set(unit.batch.proposals.map(({ finding }) => finding.findingId));
  const added = [...now].filter((id) => !before.has(id)).length;
  const gone = [...before.keys()].filter((id) => !now.has(id)).length;
  if (added + gone === 0) return 'the edit changed';
  return `the evidence changed: ${added} proposal${added === 1 ? '' : 's'} more, ${gone} fewer`;
}

function decision(
  input: LadderInput,
  state: DecisionState,
  reason: string,
  intentions: readonly Intention[],
): Decision {
  return { ...subject(input.unit, input.pull), state, reason, intentions };
}

function subject(unit: Unit, pull: PullRequestRecord | null) {
  return {
    unit: unit.key,
    title: unit.batch.title,
    rules: unit.batch.proposals.length,
    draft: pull?.draft ?? unit.draft,
    pull: pull?.number ?? null,
  };
}

export function validAtOf(run: PlannedRun): EpochSeconds {
  return Math.floor(Date.parse(run.document.window.to) / 1000);
}
