import { formatProblem, PareError } from '@pare/analyzer/model/problem.ts';
import type { Platform } from '../contract.ts';
import { blamed } from '../pulls/blame.ts';
import type { Decision, Intention } from '../pulls/ladder.ts';
import { editOfCommit, isOwnCommit } from '../pulls/own.ts';
import { syncOverflow } from './overflow.ts';

/** One intention that was carried out; the log of a run. */
export interface Performed {
  unit: string;
  what: Intention['kind'];
  pull: number | null;
}

export interface Outcome {
  /** Unit → pull request that was opened, or was found to be open already. */
  opened: ReadonlyMap<string, number>;
  /** Unit → why it was not carried out; the next run tries again. */
  failed: ReadonlyMap<string, string>;
  performed: readonly Performed[];
}

/**
 * Carries decisions out, in order. Each intention may find that it was carried out already (the run before was stopped) and then does
 * nothing. A refusal ends its own decision; what would meet every other one too (no network, no permission, limits) ends the run.
 */
export async function execute(decisions: readonly Decision[], base: string, platform: Platform): Promise<Outcome> {
  const opened = new Map<string, number>();
  const failed = new Map<string, string>();
  const performed: Performed[] = [];
  for (const decision of decisions) {
    let pull = decision.pull;
    for (const intention of decision.intentions) {
      const result = await attempt(intention, pull, base, platform);
      if (!result.ok) {
        failed.set(decision.unit, result.why);
        break;
      }
      if (result.pull !== null && pull === null) {
        pull = result.pull;
        opened.set(decision.unit, pull);
      }
      performed.push({ unit: decision.unit, what: intention.kind, pull });
    }
  }
  return { opened, failed, performed };
}

type Result = { ok: true; pull: number | null } | { ok: false; why: string };

async function attempt(intention: Intention, pull: number | null, base: string, platform: Platform): Promise<Result> {
  try {
    return await perform(intention, pull, base, platform);
  } catch (error) {
    if (!(error instanceof PareError) || error.problem.code !== 'github-refused') throw error;
    return { ok: false, why: formatProblem(error.problem) };
  }
}

async function perform(intention: Intention, pull: number | null, base: string, platform: Platform): Promise<Result> {
  const done: Result = { ok: true, pull };
  switch (intention.kind) {
    case 'write-branch':
      return writeBranch(intention, platform);
    case 'open-pull': {
      const { branch, title, body, draft } = intention;
      const made = await platform.createPull({ branch, base, title, body, draft });
      return { ok: true, pull: made.pull.number };
    }
    case 'edit-pull': {
      const { kind: _, pull: number, ...write } = intention;
      await platform.updatePull(number, write);
      return done;
    }
    case 'settle': {
      const number = numberOf(intention.pull, pull);
      const { reviewers, blame } = intention;
      const more = blame === null ? [] : await blamed(blame, platform, [await platform.viewer(), ...reviewers]);
      await platform.requestReviewers(number, [...reviewers, ...more]);
      // Last, since a label tells the next run that this was done.
      await platform.addLabels(number, intention.labels);
      return done;
    }
    case 'overflow':
      await syncOverflow(numberOf(intention.pull, pull), intention.parts, platform);
      return done;
    case 'delete-branch':
      await platform.deleteBranch(intention.branch);
      return done;
  }
}

function numberOf(asked: number | 'opened', pull: number | null): number {
  if (asked !== 'opened') return asked;
  if (pull === null) throw new Error('a pull request is settled before it is opened');
  return pull;
}

async function writeBranch(
  { branch, parent, files, message, expect }: Extract<Intention, { kind: 'write-branch' }>,
  platform: Platform,
): Promise<Result> {
  const made = await platform.makeCommit({ parent, files, message });
  if (made.state === 'stale')
    return { ok: false, why: `${made.path} changed since it was planned on; the next run plans anew` };
  if (expect !== null) {
    const moved = await platform.moveBranch(branch, made.commit, expect);
    if (moved === 'moved') return { ok: true, pull: null };
    return { ok: false, why: `somebody changed ${branch} in the meantime; the next run looks again` };
  }
  if ((await platform.createBranch(branch, made.commit)) === 'created') return { ok: true, pull: null };
  // A lost race: fine when the other one was ourselves with the same edit.
  const tip = await platform.branchTip(branch);
  const commit = tip === null ? null : await platform.commit(tip);
  const wanted = editOfCommit({ ...made, sha: made.commit, parents: [parent], message, author: null, authorName: '' });
  if (commit !== null && isOwnCommit(commit) && editOfCommit(commit) === wanted) return { ok: true, pull: null };
  return { ok: false, why: `${branch} was made by somebody else in the meantime; the next run looks again` };
}
