import type { Declaration, SourceFacts, SourceIndex, SourceTree } from '../../contract.ts';
import type { Project, ProjectTools } from '../eval/project.ts';
import type { PublishedNames } from '../publish.ts';
import type { EvaluatedRules } from '../roots.ts';

export interface EvaluatedRoot {
  root: string;
  /** The same object as before where nothing that the root looks at has changed. */
  result: EvaluatedRules;
}

/** What the editor needs besides the public index. */
export interface IndexDetails {
  project: Project;
  facts: SourceFacts;
  names(): PublishedNames;
  /** What each root evaluates to. */
  results: ReadonlyMap<string, EvaluatedRules>;
  /** The index of a changed tree; what did not change is not evaluated again. */
  again(tree: SourceTree): SourceIndex;
  /** The roots of a changed tree one after the other, `first` before the others; whoever has seen enough need not ask for all. */
  rootsOf(tree: SourceTree, first: string): Iterable<EvaluatedRoot>;
  detailsOf(index: SourceIndex): IndexDetails;
  tools: ProjectTools;
}

/** The declaration that holds a rule, by the rule's id. */
export function declarationOf(details: IndexDetails, ruleId: string): Declaration | undefined {
  return details.names().declared.get(ruleId.slice(0, ruleId.lastIndexOf('#')));
}
