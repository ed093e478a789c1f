import type { DeployedStack, SourceFacts, SourceIndex, SourceLanguage, SourceNote, SourceTree } from '../contract.ts';
import { placeOf } from '../text.ts';
import { checkTemplate } from './check.ts';
import { assignStacks, contextsOf, driftNotes } from './contexts.ts';
import { declarationsOf, noteAt } from './declare.ts';
import { editTemplate } from './edit.ts';
import { isTemplate, mayDeclareRules, parseTemplate } from './parse.ts';
import { type Template, templateOf } from './template.ts';

export { readDeployedStacks } from './adapters/stacks.ts';
export { defaultOf } from './evaluate.ts';
export { EGRESS_PLACEHOLDER } from './remove.ts';
export { parseStackFiles, type StackFile } from './stacks.ts';

/** CloudFormation templates in YAML and JSON. */
export const cloudformation: SourceLanguage = {
  name: 'cloudformation',
  index: indexTemplates,
  edit: editTemplate,
  check: checkTemplate,
};

/** Every rule that the templates of a tree declare, once per deployed stack, sorted by file and then as written. Never throws. */
function indexTemplates(tree: SourceTree, facts: SourceFacts): SourceIndex {
  const { templates, notes } = templatesIn(tree);
  const assigned = assignStacks(templates, facts.stacks);
  const declarations = templates.flatMap((template) =>
    declarationsOf(template, contextsOf(assigned.byPath.get(template.file.path) ?? [])),
  );
  return { tree, declarations, notes: [...notes, ...assigned.notes] };
}

/**
 * The same facts with each stack tied to its template for good. To be called once, before edits: a file that was found by its deployed
 * body no longer equals it once it is edited.
 */
export function settleStacks(tree: SourceTree, facts: SourceFacts): SourceFacts {
  const { byPath } = assignStacks(templatesIn(tree).templates, facts.stacks);
  const paths = new Map<DeployedStack, string>();
  for (const [path, stacks] of byPath) for (const stack of stacks) paths.set(stack, path);
  const stacks = facts.stacks.map((stack) => ({ ...stack, templatePath: paths.get(stack) ?? stack.templatePath }));
  return { ...facts, stacks };
}

/** Where a deployed template differs from the file it is taken to come from. For the unedited tree. */
export function stackDrift(tree: SourceTree, facts: SourceFacts): readonly SourceNote[] {
  const { templates } = templatesIn(tree);
  const { byPath } = assignStacks(templates, facts.stacks);
  return templates.flatMap((template) => driftNotes(template, byPath.get(template.file.path) ?? []));
}

function templatesIn(tree: SourceTree): { templates: Template[]; notes: SourceNote[] } {
  const templates: Template[] = [];
  const notes: SourceNote[] = [];
  for (const file of tree.files) {
    if (!mayDeclareRules(file)) continue;
    const { format, root, problems } = parseTemplate(file);
    for (const { code, message, offset } of problems)
      notes.push({
        code,
        message: `${message}; its rules are not seen`,
        place: { file: file.path, line: placeOf(file, offset).line },
      });
    if (root?.kind !== 'map' || !isTemplate(root)) continue;
    const template = templateOf(file, format, root);
    templates.push(template);
    for (const loop of template.loops)
      if (file.text.slice(loop.start, loop.end).includes('AWS::EC2::SecurityGroup'))
        notes.push(
          noteAt(template, 'cfn-foreach', `${loop.key} makes rules that are not listed or edited`, loop.start),
        );
  }
  return { templates, notes };
}
