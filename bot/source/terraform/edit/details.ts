import type { Declaration, SourceFacts, SourceIndex, SourceTree } from '../../contract.ts';
import type { Project, ProjectTools } from '../eval/project.ts';
import type { PublishedNames } from '../publish.ts';

/** What the editor needs besides the public index. */
export interface IndexDetails {
  project: Project;
  facts: SourceFacts;
  names(): PublishedNames;
  /** Root to the directories that its evaluation looked into. */
  reach: ReadonlyMap<string, ReadonlyMap<string, unknown>>;
  /** The index of a changed tree; what did not change is not evaluated again. */
  again(tree: SourceTree): SourceIndex;
  detailsOf(index: SourceIndex): IndexDetails;
  tools: ProjectTools;
}

/** The declaration that holds a rule, by the rule's id. */
export function declarationOf(details: IndexDetails, ruleId: string): Declaration | undefined {
  return details.names().declared.get(ruleId.slice(0, ruleId.lastIndexOf('#')));
}
