import type { FindingsDocument } from '@pare/analyzer/model/finding.ts';
import type { SecurityGroup } from '@pare/analyzer/model/inventory.ts';
import { formatProblem, PareError, type Problem } from '@pare/analyzer/model/problem.ts';
import { terminalSafe } from '@pare/analyzer/model/text.ts';
import type { ChangePlan } from '../change/contract.ts';
import { type PlannedSource, planChanges } from '../change/plan.ts';
import { ruleOfFinding } from '../mapping/live.ts';
import { mapRules } from '../mapping/rules.ts';
import { bindStates, checkStates } from '../mapping/states.ts';
import { cloudformation, readDeployedStacks, settleStacks, stackDrift } from '../source/cloudformation/index.ts';
import type { SourceFacts, SourceNote, SourceTree } from '../source/contract.ts';
import { readFindings } from './read-findings.ts';
import { readSource } from './read-source.ts';
import type { Runtime } from './runtime.ts';

export interface SourceOptions {
  findings: string;
  source: string;
  inventory?: string;
  state?: readonly string[];
  stack?: readonly string[];
  detailedExitcode?: boolean;
}

export interface MadePlan {
  plan: ChangePlan;
  document: FindingsDocument;
  /** Absolute, links resolved. */
  root: string;
}

const SHOWN_NOTES = 10;

/**
 * Reads everything that the options name and plans; writes nothing. `adjust`: which findings to plan with, the document returned is the one
 * read. Throws PareError for what cannot be used.
 */
export async function makePlan(
  options: SourceOptions,
  runtime: Runtime,
  adjust: (document: FindingsDocument) => FindingsDocument = (document) => document,
): Promise<MadePlan> {
  const document = await readFindings(options.findings);
  if (document.replay.blocked > 0) throw blocked(document.replay.blocked, options.findings);
  const groups = options.inventory === undefined ? [] : await readGroups(options.inventory);
  const { tree, root, notes } = await readSource(options.source, runtime.signal);
  showNotes(notes, runtime);

  const sources = await indexSources(tree, options, document, groups, runtime);
  runtime.signal.throwIfAborted();
  const { states, stacks } = sources[0]!.facts;
  const rules = document.rules.map(ruleOfFinding).filter((rule) => rule !== null);
  const indexes = sources.map((source) => source.index);
  const mappings = mapRules({ rules, groups, indexes, states, stacks });
  const plan = await planChanges({
    findings: adjust(document),
    mappings,
    sources,
    progress: (done, total) => {
      runtime.signal.throwIfAborted();
      runtime.progress.report({ phase: 'editing and verifying', done, total, unit: 'steps' });
    },
  });
  runtime.progress.clear();
  return { plan, document, root };
}

async function indexSources(
  tree: SourceTree,
  options: SourceOptions,
  document: FindingsDocument,
  groups: readonly SecurityGroup[],
  runtime: Runtime,
): Promise<PlannedSource[]> {
  const { createTerraformLanguage } = await import('../source/terraform/index.ts');
  const { readStates } = await import('../source/state/index.ts');
  const terraform = await createTerraformLanguage();
  const read = await readStates(options.state ?? []);
  const stacks = await readDeployedStacks(options.stack ?? []);
  stopOn([...read.problems, ...stacks.problems], runtime);

  const alone = terraform.index(tree, { states: [], stacks: [] });
  const bound = bindStates(read.states, [alone]);
  const live = new Set([...groups, ...document.rules].map((one) => one.groupId));
  stopOn([...checkStates(read.states, live), ...bound.problems], runtime);

  const facts: SourceFacts = settleStacks(tree, { states: bound.states, stacks: stacks.stacks });
  const sources = [terraform, cloudformation].map((language) => ({
    language,
    facts,
    index: language.index(tree, facts),
  }));
  showNotes([...sources.flatMap((source) => source.index.notes), ...stackDrift(tree, facts)], runtime);
  return sources;
}

async function readGroups(folder: string): Promise<readonly SecurityGroup[]> {
  const { readInventory } = await import('@pare/analyzer/inventory/read-inventory.ts');
  return (await readInventory(folder)).groups;
}

/** One problem ends the command; others are told first, so that one run shows them all. */
function stopOn(problems: readonly Problem[], runtime: Runtime): void {
  const [first, ...others] = problems;
  if (first === undefined) return;
  for (const problem of others) runtime.note('warning', terminalSafe(formatProblem(problem)));
  throw new PareError(first);
}

function showNotes(notes: readonly SourceNote[], runtime: Runtime): void {
  for (const { message, place } of notes.slice(0, SHOWN_NOTES))
    runtime.note('warning', terminalSafe(`${place.file}:${place.line}: ${message}`));
  if (notes.length > SHOWN_NOTES)
    runtime.note('warning', `and ${notes.length - SHOWN_NOTES} more remarks about the source`);
}

function blocked(count: number, file: string): PareError {
  return new PareError({
    code: 'plan-blocks-traffic',
    message: `the replay of these findings blocks ${count} connection classes, so none may be proposed`,
    next: 'run pare analyze again; if it stays, report it',
    fault: 'input',
    file,
    at: 'replay.blocked',
  });
}
