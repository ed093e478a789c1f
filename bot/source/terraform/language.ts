import type {
  EditResult,
  SourceFacts,
  SourceFile,
  SourceIndex,
  SourceLanguage,
  SourceNote,
  SourceTree,
} from '../contract.ts';
import type { EvaluatedRoot, IndexDetails } from './edit/details.ts';
import { editRule } from './edit/edit.ts';
import type { ModuleDefinition } from './eval/definition.ts';
import { linkedFolder, openProject } from './eval/open.ts';
import { addNote, type Project, type ProjectTools, VENDORED } from './eval/project.ts';
import { type PlacedSite, publish } from './publish.ts';
import { type EvaluatedRules, rootEvaluator } from './roots.ts';
import { type FoundRule, GROUPS } from './rules/extract.ts';
import type { Block, HclParser, SyntaxFault } from './syntax/ast.ts';
import { type FileParser, fileParser } from './syntax/parse.ts';

/**
 * Every index is made as if from nothing, but what did not change since the last one is not parsed, evaluated or published again: an edit in
 * a large repository costs what the edited root costs. That both are equal is tested on generated edits.
 */
export function terraformLanguage(hcl: HclParser, check: SourceLanguage['check']): SourceLanguage {
  const parser = fileParser(hcl);
  const tools: ProjectTools = { parser, hcl, definitions: new Map() };
  const evaluate = rootEvaluator(tools);
  const details = new WeakMap<SourceIndex, IndexDetails>();
  let last: Project | null = null;

  const index = (tree: SourceTree, facts: SourceFacts, base: Project | null): SourceIndex => {
    const project = openProject(tree, facts, tools, base);
    last = project;
    const sites = new Map<string, PlacedSite>();
    const notes = new Map<string, SourceNote>();
    const results = new Map<string, EvaluatedRules>();
    const take = (root: string, withRules: boolean) => {
      const result = evaluate(project, root, facts);
      for (const [key, site] of result.extraction.sites) {
        const known = sites.get(key);
        const rules = (withRules ? result.bySite.get(key) : undefined) ?? NONE;
        if (known === undefined) sites.set(key, { site, root, rules });
        else if (rules.length > 0) known.rules = [...known.rules, ...rules];
      }
      for (const [key, note] of result.notes) notes.set(key, note);
      if (withRules) results.set(root, result);
    };
    for (const root of project.roots) take(root, true);
    // Modules that no call reaches (count 0, an unknown source) still declare their rules, though they make none.
    const reached = new Set([...sites.values()].map(({ site }) => site.resource));
    const isRoot = new Set(project.roots);
    const declaredAt = elsewhere(project, reached);
    for (const directory of project.layout.configuration.keys()) {
      if (VENDORED.test(`${directory}/`) || isRoot.has(directory) || declaredAt.has(directory)) continue;
      const definition = project.definition(directory);
      if (definition !== null && ruleBlocks(definition).some((block) => !reached.has(block))) take(directory, false);
    }
    tellFaults(project, parser, notes);
    tellTerragrunt(project, notes);
    const { declarations, names } = publish(project, sites.values(), parser);
    const result: SourceIndex = { tree, declarations, notes: [...notes.values()].sort(compareNotes) };
    details.set(result, {
      project,
      facts,
      names,
      results,
      again: (changed) => index(changed, facts, project),
      rootsOf: (changed, first) => rootsOf(changed, facts, project, first),
      detailsOf: (other) => detailsOf(other),
      tools,
    });
    return result;
  };

  function* rootsOf(tree: SourceTree, facts: SourceFacts, base: Project, first: string): Generator<EvaluatedRoot> {
    const project = openProject(tree, facts, tools, base);
    const sorted = [...project.roots].sort((a, b) => Number(b === first) - Number(a === first));
    for (const root of sorted) yield { root, result: evaluate(project, root, facts) };
  }

  const detailsOf = (of: SourceIndex): IndexDetails => {
    const known = details.get(of);
    if (known !== undefined) return known;
    return details.get(index(of.tree, { states: [], stacks: [] }, last))!;
  };

  return {
    name: 'terraform',
    index: (tree, facts) => index(tree, facts, last),
    edit: (of, request): EditResult => editRule(of, detailsOf(of), request),
    check,
  };
}

const NONE: readonly FoundRule[] = [];
const ruleBlocksOf = new WeakMap<ModuleDefinition, readonly Block[]>();

function ruleBlocks(definition: ModuleDefinition): readonly Block[] {
  const known = ruleBlocksOf.get(definition);
  if (known !== undefined) return known;
  const blocks = [...definition.resources].flatMap(([name, block]) => {
    const type = name.split('.')[0] ?? '';
    return GROUPS.has(type) || /^aws_(vpc_)?security_group(_ingress|_egress)?_rule$/.test(type) ? [block] : [];
  });
  ruleBlocksOf.set(definition, blocks);
  return blocks;
}

/** Of a folder and the symbolic links to it, those that are left out since another of them declares the same text with its rules, if any. */
function elsewhere(project: Project, reached: ReadonlySet<Block>): ReadonlySet<string> {
  const out = new Set<string>();
  for (const directory of project.layout.configuration.keys()) {
    const target = linkedFolder(directory, project.layout);
    if (target === null) continue;
    const blocks = ruleBlocks(project.definition(directory)!);
    out.add(blocks.length > 0 && blocks.every((block) => reached.has(block)) ? target : directory);
  }
  return out;
}

const faultsOf = new WeakMap<readonly SourceFile[], readonly SyntaxFault[]>();
const SHOWN_FAULTS = 5;

function tellFaults(project: Project, parser: FileParser, notes: Map<string, SourceNote>): void {
  for (const files of [project.layout.configuration, project.layout.variables])
    for (const list of files.values()) {
      let faults = faultsOf.get(list);
      if (faults === undefined) {
        faults = list.flatMap((file) => (parser.parse(file)?.faults ?? []).slice(0, SHOWN_FAULTS));
        faultsOf.set(list, faults);
      }
      for (const fault of faults)
        addNote(project.tree, notes, 'invalid-source', `${fault.message}; what could be read around it is used`, fault);
    }
}

/** The module that a terragrunt.hcl uses may be elsewhere: its rules are then not in this tree, which must be said. */
function tellTerragrunt(project: Project, notes: Map<string, SourceNote>): void {
  const known = new Set(
    [...project.units]
      .filter(([module]) => project.layout.configuration.has(module))
      .flatMap(([, units]) => units.map((unit) => unit.directory)),
  );
  const lost = [...project.layout.units].filter((unit) => !known.has(unit) && !VENDORED.test(`${unit}/`)).sort();
  const [first] = lost;
  if (first === undefined) return;
  const path = first === '.' ? 'terragrunt.hcl' : `${first}/terragrunt.hcl`;
  const others = lost.length === 1 ? '' : ` and of ${lost.length - 1} more like it`;
  notes.set('terragrunt', {
    code: 'terragrunt-inputs',
    message: `the module of ${path}${others} is not in this tree, so that the rules which its inputs make are not known; give the folder that holds both as --source, or --state`,
    place: { file: path, line: 1 },
  });
}

function compareNotes(a: SourceNote, b: SourceNote): number {
  if (a.place.file !== b.place.file) return a.place.file < b.place.file ? -1 : 1;
  return a.place.line - b.place.line || (a.code < b.code ? -1 : a.code > b.code ? 1 : a.message < b.message ? -1 : 1);
}
