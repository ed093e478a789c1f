import { PareError } from '@pare/analyzer/model/problem.ts';
import { terminalSafe } from '@pare/analyzer/model/text.ts';
import { bindStates } from '../../mapping/states.ts';
import { cloudformation, readDeployedStacks, settleStacks } from '../../source/cloudformation/index.ts';
import type { SourceFacts, SourceIndex, SourceLanguage, SourceNote } from '../../source/contract.ts';
import { readStates } from '../../source/state/index.ts';
import { createTerraformLanguage } from '../../source/terraform/index.ts';
import { readSource } from '../read-source.ts';
import type { Runtime } from '../runtime.ts';

export interface SourceTreeOptions {
  source: string;
  state?: readonly string[];
  stack?: readonly string[];
}

export interface IndexedSource {
  /** Absolute, links resolved. */
  root: string;
  facts: SourceFacts;
  languages: readonly { language: SourceLanguage; index: SourceIndex }[];
  notes: readonly SourceNote[];
}

/** Reads and evaluates a tree in both languages, with what state and stacks add. Throws PareError for input that cannot be used. */
export async function openSource(options: SourceTreeOptions, runtime: Runtime): Promise<IndexedSource> {
  const { tree, root, notes } = await readSource(options.source, runtime.signal);
  const terraform = await createTerraformLanguage();
  const read = await readStates(options.state ?? []);
  const stacks = await readDeployedStacks(options.stack ?? []);
  const alone = terraform.index(tree, { states: [], stacks: [] });
  const bound = bindStates(read.states, [alone]);
  const [problem] = [...read.problems, ...stacks.problems, ...bound.problems];
  if (problem !== undefined) throw new PareError(problem);
  const facts = settleStacks(tree, { states: bound.states, stacks: stacks.stacks });
  const nothing = bound.states.length === 0 && stacks.stacks.length === 0;
  const languages = [terraform, cloudformation].map((language) => ({
    language,
    index: nothing && language === terraform ? alone : language.index(tree, facts),
  }));
  const all = [...notes, ...languages.flatMap(({ index }) => index.notes)];
  return { root, facts, languages, notes: all };
}

/** One line each, on stderr: nothing that could not be read stays silent. */
export function tell(notes: readonly SourceNote[], runtime: Runtime): void {
  for (const { message, place } of notes)
    runtime.note('warning', terminalSafe(`${place.file}:${place.line}: ${message}`));
}
