import type {
  Declaration,
  DeployedStack,
  SourceFacts,
  SourceFile,
  SourceIndex,
  SourceLanguage,
  SourceNote,
  SourceTree,
} from '../contract.ts';
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
    declared(template, assigned.byPath.get(template.file.path) ?? []),
  );
  return { tree, declarations, notes: [...notes, ...assigned.notes] };
}

const last = new WeakMap<Template, { stacks: readonly DeployedStack[]; declarations: readonly Declaration[] }>();

/** An edit is judged by a second index of the whole tree, in which all files but one are the same objects: these are evaluated once. */
function declared(template: Template, stacks: readonly DeployedStack[]): readonly Declaration[] {
  const known = last.get(template);
  if (known !== undefined && known.stacks.length === stacks.length && stacks.every((one, i) => one === known.stacks[i]))
    return known.declarations;
  const declarations = declarationsOf(template, contextsOf(stacks));
  last.set(template, { stacks, declarations });
  return declarations;
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
  const read = tree.files.map(readTemplate);
  return {
    templates: read.flatMap(({ template }) => (template === null ? [] : [template])),
    notes: read.flatMap(({ notes }) => notes),
  };
}

interface ReadFile {
  template: Template | null;
  notes: readonly SourceNote[];
}

const NO_TEMPLATE: ReadFile = { template: null, notes: [] };
const reads = new WeakMap<SourceFile, ReadFile>();

/** Once per file object: files of a tree are immutable. */
function readTemplate(file: SourceFile): ReadFile {
  const known = reads.get(file);
  if (known !== undefined) return known;
  const read = mayDeclareRules(file) ? readNow(file) : NO_TEMPLATE;
  reads.set(file, read);
  return read;
}

function readNow(file: SourceFile): ReadFile {
  const { format, root, problems } = parseTemplate(file);
  const notes = problems.map(({ code, message, offset }) => ({
    code,
    message: `${message}; its rules are not seen`,
    place: { file: file.path, line: placeOf(file, offset).line },
  }));
  if (root?.kind !== 'map' || !isTemplate(root)) return { template: null, notes };
  const template = templateOf(file, format, root);
  for (const loop of template.loops)
    if (file.text.slice(loop.start, loop.end).includes('AWS::EC2::SecurityGroup'))
      notes.push(noteAt(template, 'cfn-foreach', `${loop.key} makes rules that are not listed or edited`, loop.start));
  return { template, notes };
}
