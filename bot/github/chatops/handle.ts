import { createHash } from 'node:crypto';
import { code } from '../../change/markdown.ts';
import { readConfig } from '../config/read.ts';
import { defaultConfig } from '../config/schema.ts';
import type {
  Command,
  GivenCommand,
  HandleCommand,
  JobWork,
  Memory,
  PlannedRun,
  PullRequestRecord,
  RepositoryState,
} from '../contract.ts';
import { tickId } from '../dashboard/ticks.ts';
import { evidenceOf } from '../pulls/evidence.ts';
import { readPullMarker } from '../pulls/marker.ts';
import { foreignCommit } from '../pulls/own.ts';
import { mustRedact, redactText } from '../pulls/redact.ts';
import { commandTable } from './commands.ts';
import { explain } from './explain.ts';
import { findNamed, type Named, pullOf, toldBy } from './find.ts';
import { formatCommand } from './parse.ts';
import { narrowedTo } from './shape.ts';
import { statusText } from './status.ts';

/** What a command does with the memory, before its audit line is added. */
type Effect = { memory: Memory; reply: string; follow?: readonly JobWork[] } | { refused: string };

interface Scene {
  given: GivenCommand;
  state: RepositoryState;
  memory: Memory;
  run: PlannedRun | null;
  pull: PullRequestRecord | null;
  again: JobWork;
}

/**
 * The command bus. Pure, and safe to repeat: a command whose audit line is in the memory changes nothing any more, and its reply tells how
 * things stand, so that it reads the same the second time. Who may not write is refused whatever the command is.
 */
export const handleCommand: HandleCommand = (given, state, run) => {
  if (given.permission !== 'admin' && given.permission !== 'write')
    return { state: 'refused', reply: 'This needs write access to the repository.' };
  const { memory } = state;
  const from = auditKey(given);
  const scene: Scene = {
    given,
    state,
    memory,
    run,
    pull: pullOf(state, given.pull),
    again: { kind: 'run', fresh: given.command.name === 'rerun', cause: `/pare ${given.command.name} by ${given.by}` },
  };
  const known = memory.audit.find((line) => line.from === from);
  const effect = effectOf(given.command, scene);
  const hide = hider(state);
  if ('refused' in effect && known?.outcome !== 'done') return { state: 'refused', reply: hide(effect.refused) };
  return {
    state: 'done',
    memory: known !== undefined || 'refused' in effect ? memory : withAudit(effect.memory, given, 'done'),
    reply: hide('refused' in effect ? `\`/pare ${given.command.name}\` was carried out.` : effect.reply),
    follow: 'refused' in effect ? followOf(given.command, scene) : (effect.follow ?? []),
  };
};

/** A comment can be given its command once; the text is part of it since an edit is no command. */
export function auditKey(given: Pick<GivenCommand, 'from' | 'command'>): string {
  const digest = createHash('sha256').update(formatCommand(given.command)).digest('hex').slice(0, 8);
  return `${given.from}:${digest}`;
}

/** Lines of refusals are kept apart in number, so that strangers cannot push out what was done. */
const REFUSALS = 10;

export function withAudit(memory: Memory, given: GivenCommand, outcome: 'done' | 'refused' | 'failed'): Memory {
  const line = { at: given.at, by: given.by, from: auditKey(given), what: formatCommand(given.command), outcome };
  if (memory.audit.some((one) => one.from === line.from)) return memory;
  const audit = [...memory.audit, line];
  const refused = audit.filter((one) => one.outcome === 'refused').slice(-REFUSALS);
  return { ...memory, audit: audit.filter((one) => one.outcome !== 'refused' || refused.includes(one)) };
}

function effectOf(command: Command, scene: Scene): Effect {
  const { memory, given, again, pull } = scene;
  switch (command.name) {
    case 'help':
      return {
        memory,
        reply: `${commandTable()}\n\nWrite access is needed. One command a comment, at its very start.`,
      };
    case 'status':
      return { memory, reply: statusText(scene.state, given.at) };
    case 'rerun':
      return { memory, reply: 'The analysis is queued; bodies and checks follow.', follow: [again] };
    case 'explain':
      return explainEffect(command.rule, scene);
    case 'keep':
      return withRule(command.rule, scene, (named) => ({
        memory: {
          ...memory,
          keeps: [
            ...memory.keeps.filter((one) => one.finding !== named.id),
            {
              finding: named.id,
              rule: isRedacted(scene.state) ? '' : (named.finding?.ruleId ?? ''),
              by: given.by,
              at: given.at,
              until: command.until,
              reason: command.reason,
            },
          ],
        },
        reply: `${code(command.rule)} stays${untilText(command.until)}.`,
        follow: [again],
      }));
    case 'unkeep':
      return withRule(command.rule, scene, (named) => ({
        memory: unkept(memory, named.id),
        reply: `Nobody's word keeps ${code(command.rule)} any more; it is proposed again when the evidence says so.`,
        follow: [again],
      }));
    case 'open':
      return withRule(command.rule, scene, (named) => openEffect(command.rule, named, scene));
    case 'narrow':
      return withRule(command.rule, scene, (named) => narrowEffect(command.to, command.rule, named, scene));
    case 'pause':
      return {
        memory: { ...memory, paused: { by: given.by, at: given.at, until: command.until, reason: command.reason } },
        reply: `Paused${untilText(command.until)}: nothing is opened or changed here. \`/pare resume\` ends it.`,
        follow: [again],
      };
    case 'resume':
      return { memory: { ...memory, paused: null }, reply: 'There is no pause.', follow: [again] };
    default:
      return pull === null
        ? { refused: `\`/pare ${command.name}\` is for a comment on one of Pare's pull requests.` }
        : onPull(command, pull, scene);
  }
}

function onPull(command: Command, pull: PullRequestRecord, scene: Scene): Effect {
  const { memory, given, again } = scene;
  const marker = readPullMarker(pull.body);
  switch (command.name) {
    case 'drop': {
      const { rule } = command;
      return withRule(rule, scene, (named) => {
        if (named.evidence === null) return { refused: `${code(rule)} is not in this pull request.` };
        const entry = {
          finding: named.id,
          evidence: named.finding === null ? named.evidence : evidenceOf(named.finding),
          pull: pull.number,
          by: given.by,
          at: given.at,
        };
        return {
          memory: { ...memory, dropped: [...memory.dropped.filter((one) => one.finding !== named.id), entry] },
          reply: `${code(rule)} leaves this pull request, until its evidence changes.`,
          follow: [again],
        };
      });
    }
    case 'split': {
      if (pull.state !== 'open' || marker === null)
        return { refused: 'This pull request is not one that can be split.' };
      return {
        memory: { ...memory, split: [...memory.split.filter((one) => one !== marker.unit), marker.unit] },
        reply: 'One pull request for each security group takes its place, as the limits allow.',
        follow: [again],
      };
    }
    case 'rebase': {
      if (pull.state !== 'open') return { refused: 'This pull request is not open.' };
      const foreign = foreignCommit(pull.commits);
      if (foreign !== null)
        return {
          refused: `${code(foreign.sha.slice(0, 10))} is not Pare's commit and would be lost; \`/pare recreate\` does that on purpose.`,
        };
      return { memory: reclaimed(memory, pull), reply: 'The branch is made anew on the newest base.', follow: [again] };
    }
    case 'recreate':
      if (pull.state === 'merged') return { refused: 'This pull request is merged; `/pare revert` undoes it.' };
      if (pull.state === 'open')
        return {
          memory: reclaimed(memory, pull),
          reply: 'The branch is made anew, without the commits of others.',
          follow: [again],
        };
      return {
        memory: { ...memory, reopened: [...memory.reopened.filter((one) => one !== pull.number), pull.number] },
        reply: 'What this pull request proposed is wanted again; a new one takes its place, as the limits allow.',
        follow: [again],
      };
    case 'revert':
      if (pull.state !== 'merged') return { refused: 'Only what is merged can be reverted.' };
      return {
        memory,
        reply: 'A pull request that puts everything back is on its way.',
        follow: [{ kind: 'revert', pull: pull.number, by: given.by }],
      };
    default:
      return { refused: 'This is no command for a pull request.' };
  }
}

/** When a repeated command is refused now, for what it did itself, the jobs may still be missing. */
function followOf(command: Command, { again, pull, given }: Scene): readonly JobWork[] {
  if (command.name === 'revert' && pull !== null) return [{ kind: 'revert', pull: pull.number, by: given.by }];
  return command.name === 'help' || command.name === 'status' || command.name === 'explain' ? [] : [again];
}

function withRule(rule: string, { pull, run }: Scene, then: (named: Named) => Effect): Effect {
  const named = findNamed(rule, pull, run);
  return named === null
    ? { refused: `${code(rule)} is not among the rules that Pare knows here; nothing was done.` }
    : then(named);
}

function openEffect(rule: string, { id }: Named, { memory, run, state, again }: Scene): Effect {
  const open = state.pulls.find((one) => one.state === 'open' && toldBy(one).has(id));
  if (open !== undefined) return { refused: `${code(rule)} is in #${open.number} already.` };
  if (run?.plan.batches.some((batch) => batch.proposals.some(({ finding }) => finding.findingId === id)) !== true)
    return { refused: `There is no edit for ${code(rule)} now; \`/pare explain ${rule}\` tells why.` };
  return {
    memory: { ...memory, wanted: [...memory.wanted, `open:${tickId(id)}`] },
    reply: `The pull request that changes ${code(rule)} is opened without waiting for its slot.`,
    follow: [again],
  };
}

function narrowEffect(to: string, rule: string, named: Named, { memory, given, again }: Scene): Effect {
  if (named.finding === null) return { refused: `There is no evidence about ${code(rule)} now; nothing was done.` };
  const shape = narrowedTo(named.finding, to);
  if (!shape.ok) return { refused: `${code(rule)} is not narrowed to ${code(to)}: ${shape.why}. Nothing was done.` };
  return {
    memory: {
      ...memory,
      narrowed: [
        ...memory.narrowed.filter((one) => one.finding !== named.id),
        { finding: named.id, replacements: shape.replacements, by: given.by, at: given.at },
      ],
    },
    reply: `${code(rule)} is narrowed to ${code(to)}; the pull request follows.`,
    follow: [again],
  };
}

function explainEffect(rule: string | null, scene: Scene): Effect {
  const { memory, run, pull, state } = scene;
  if (run === null) return { refused: 'There is no analysis of this repository yet; `/pare rerun` asks for one.' };
  if (rule === null && pull === null) return { refused: 'Name a rule: `/pare explain sgr-…`.' };
  if (rule === null) return { memory, reply: explain([...new Set(markerIds(pull))], run, state) };
  return withRule(rule, scene, (named) => ({ memory, reply: explain([named.id], run, state) }));
}

function markerIds(pull: PullRequestRecord | null): string[] {
  const marker = pull === null ? null : readPullMarker(pull.body);
  return marker === null ? [] : Object.values(marker.findings).flat().sort();
}

function unkept(memory: Memory, finding: string): Memory {
  const closed = memory.closed.filter((one) => one.finding !== finding);
  const gone = memory.closed.filter((one) => one.finding === finding).map((one) => one.pull);
  return {
    ...memory,
    keeps: memory.keeps.filter((one) => one.finding !== finding),
    dropped: memory.dropped.filter((one) => one.finding !== finding),
    narrowed: memory.narrowed.filter((one) => one.finding !== finding),
    closed,
    // Else it would be learned again from the closed pull request (run/remember.ts).
    reopened: [...memory.reopened, ...gone.filter((pull) => !closed.some((one) => one.pull === pull))],
  };
}

function reclaimed(memory: Memory, pull: PullRequestRecord): Memory {
  const entry = { branch: pull.branch, head: pull.head };
  return { ...memory, reclaimed: [...memory.reclaimed.filter((one) => one.branch !== pull.branch), entry] };
}

function untilText(until: number | null): string {
  return until === null ? ' for good' : ` until ${new Date((until - 1) * 1000).toISOString().slice(0, 10)}`;
}

function isRedacted(state: RepositoryState): boolean {
  const read = state.configText === null ? null : readConfig(state.configText);
  const config = read?.ok === true ? read.config : defaultConfig();
  return mustRedact(config.redact, state.facts);
}

function hider(state: RepositoryState): (text: string) => string {
  return isRedacted(state) ? redactText : (text) => text;
}
