import type {
  Declaration,
  DeclaredRule,
  EditResult,
  SourceFacts,
  SourceIndex,
  SourceLanguage,
  SourceNote,
  SourceTree,
} from '../contract.ts';
import { placeOfRange } from '../text.ts';
import type { IndexDetails } from './edit/details.ts';
import { editRule } from './edit/edit.ts';
import type { ModuleDefinition } from './eval/definition.ts';
import {
  addNote,
  contextsOf,
  openProject,
  openRoot,
  type Project,
  type ProjectTools,
  VENDORED,
} from './eval/project.ts';
import { type Extraction, extract, type FoundRule, GROUPS, type Site } from './rules/extract.ts';
import { declarationNotes } from './rules/notes.ts';
import type { HclParser } from './syntax/ast.ts';
import { fileParser } from './syntax/parse.ts';

interface CachedRoot {
  facts: SourceFacts['states'];
  definitions: ReadonlyMap<string, ModuleDefinition | null>;
  files: ReadonlyMap<string, unknown>;
  variables: string;
  extraction: Extraction;
  notes: ReadonlyMap<string, SourceNote>;
}

const CACHED_PER_ROOT = 6;

export function terraformLanguage(hcl: HclParser, check: SourceLanguage['check']): SourceLanguage {
  const parser = fileParser(hcl);
  const tools: ProjectTools = { parser, hcl, definitions: new Map() };
  const cache = new Map<string, CachedRoot[]>();
  const details = new WeakMap<SourceIndex, IndexDetails>();

  const evaluateRoot = (project: Project, root: string, facts: SourceFacts): CachedRoot => {
    const contexts = contextsOf(project, root, facts, parser);
    const variables = JSON.stringify(
      contexts.map((c) => [c.name, c.workspace, c.variableFiles.map((f) => [f.file.path, identity(f)])]),
    );
    const known = (cache.get(root) ?? []).find((entry) => fresh(entry, project, facts, variables));
    if (known !== undefined) return known;
    const extraction: Extraction = { sites: new Map(), rules: [] };
    const notes = new Map<string, SourceNote>();
    const used = { files: new Map<string, unknown>(), directories: new Set<string>() };
    for (const context of contexts) {
      const opened = openRoot(project, root, context, tools, notes, used);
      if (opened !== null) extract(opened.evaluation, opened.instance, extraction);
      if (opened !== null && opened.evaluation.budget.steps <= 0)
        notes.set(`too-large:${root}`, {
          code: 'too-large',
          message: `evaluating ${root} takes too many steps; its rules are not all known`,
          place: { file: opened.instance.definition.files[0]?.file.path ?? root, line: 1 },
        });
    }
    const definitions = new Map([...used.directories].map((d) => [d, project.definition(d)] as const));
    const made = { facts: facts.states, definitions, files: used.files, variables, extraction, notes };
    cache.set(root, [made, ...(cache.get(root) ?? [])].slice(0, CACHED_PER_ROOT));
    return made;
  };

  const index = (tree: SourceTree, facts: SourceFacts): SourceIndex => {
    const project = openProject(tree, facts, tools);
    const sites = new Map<string, { site: Site; root: string }>();
    const rules: FoundRule[] = [];
    const notes = new Map<string, SourceNote>();
    const take = (root: string, result: CachedRoot, withRules: boolean) => {
      for (const [key, site] of result.extraction.sites) if (!sites.has(key)) sites.set(key, { site, root });
      if (withRules) rules.push(...result.extraction.rules);
      for (const [key, note] of result.notes) notes.set(key, note);
    };
    for (const root of project.roots) take(root, evaluateRoot(project, root, facts), true);
    // Modules that no call reaches (count 0, an unknown source) still declare their rules, though they make none.
    const reached = new Set([...sites.values()].map(({ site }) => site.resource));
    for (const directory of project.layout.configuration.keys()) {
      if (VENDORED.test(`${directory}/`) || project.roots.includes(directory)) continue;
      const definition = project.definition(directory);
      if (definition !== null && declaresRules(definition, reached))
        take(directory, evaluateRoot(project, directory, facts), false);
    }
    faults(project, notes);
    return publish(project, facts, sites, rules, notes);
  };

  const faults = (project: Project, notes: Map<string, SourceNote>) => {
    for (const files of [project.layout.configuration, project.layout.variables])
      for (const list of files.values())
        for (const file of list)
          for (const fault of (parser.parse(file)?.faults ?? []).slice(0, 5))
            addNote(
              project.tree,
              notes,
              'invalid-source',
              `${fault.message}; what could be read around it is used`,
              fault,
            );
  };

  const publish = (
    project: Project,
    facts: SourceFacts,
    sites: ReadonlyMap<string, { site: Site; root: string }>,
    rules: readonly FoundRule[],
    notes: ReadonlyMap<string, SourceNote>,
  ): SourceIndex => {
    const ids = new Map<string, string>();
    const byId = new Map<string, Site>();
    const ordered = [...sites].sort(([, a], [, b]) => compareRanges(a.site, b.site));
    for (const [key, { site }] of ordered) {
      const plain = `${site.range.file}:${site.resourceName}${site.suffix}`;
      let id = plain;
      for (let n = 2; byId.has(id); n += 1) id = `${plain}~${n}`;
      ids.set(key, id);
      byId.set(id, site);
    }
    const found = new Map<string, FoundRule>();
    const bySite = new Map<string, DeclaredRule[]>();
    for (const rule of rules) {
      const key = `${rule.site.range.file}:${rule.site.range.start}:${rule.site.suffix}`;
      const declarationId = ids.get(key) ?? key;
      const list = bySite.get(key) ?? [];
      const declared: DeclaredRule = { id: `${declarationId}#${list.length}`, declarationId, ...rule.rule };
      list.push(declared);
      bySite.set(key, list);
      found.set(declared.id, rule);
    }
    const declarations = ordered.map(([key, { site, root }]): Declaration => {
      const file = project.tree.get(site.range.file);
      const place = file === undefined ? { file: site.range.file, line: 1 } : placeOfRange(file, site.range);
      return {
        id: ids.get(key)!,
        language: 'terraform',
        form: site.form,
        repetition: site.repetition,
        place,
        range: site.range,
        root,
        rules: bySite.get(key) ?? [],
        notes: declarationNotes(project, site, parser),
      };
    });
    const sorted = [...notes.values()].sort(compareNotes);
    const result: SourceIndex = { tree: project.tree, declarations, notes: sorted };
    details.set(result, {
      project,
      facts,
      found,
      sites: byId,
      again: (tree) => index(tree, facts),
      detailsOf: (other) => detailsOf(other),
      tools,
    });
    return result;
  };

  const detailsOf = (of: SourceIndex): IndexDetails => {
    const known = details.get(of);
    if (known !== undefined) return known;
    return details.get(index(of.tree, { states: [], stacks: [] }))!;
  };

  const edit: SourceLanguage['edit'] = (of, request): EditResult => editRule(of, detailsOf(of), request);
  return { name: 'terraform', index, edit, check };
}

function identity(parsed: { file: { text: string } }): string {
  return parsed.file.text;
}

function fresh(entry: CachedRoot, project: Project, facts: SourceFacts, variables: string): boolean {
  if (entry.facts !== facts.states || entry.variables !== variables) return false;
  for (const [directory, definition] of entry.definitions)
    if (project.definition(directory) !== definition) return false;
  for (const [path, file] of entry.files) if (project.tree.get(path) !== file) return false;
  return true;
}

function declaresRules(definition: ModuleDefinition, reached: ReadonlySet<unknown>): boolean {
  return [...definition.resources].some(([name, block]) => {
    const type = name.split('.')[0] ?? '';
    if (reached.has(block)) return false;
    return GROUPS.has(type) || /^aws_(vpc_)?security_group(_ingress|_egress)?_rule$/.test(type);
  });
}

function compareRanges(a: Site, b: Site): number {
  if (a.range.file !== b.range.file) return a.range.file < b.range.file ? -1 : 1;
  return a.range.start - b.range.start || (a.suffix < b.suffix ? -1 : 1);
}

function compareNotes(a: SourceNote, b: SourceNote): number {
  if (a.place.file !== b.place.file) return a.place.file < b.place.file ? -1 : 1;
  return a.place.line - b.place.line || (a.code < b.code ? -1 : a.code > b.code ? 1 : a.message < b.message ? -1 : 1);
}
