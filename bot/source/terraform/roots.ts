import type { SourceFacts, SourceNote } from '../contract.ts';
import type { ModuleDefinition } from './eval/definition.ts';
import { type Context, contextsOf, openRoot, type Project, type ProjectTools } from './eval/project.ts';
import { siteKey } from './publish.ts';
import { type Extraction, extract, type FoundRule } from './rules/extract.ts';

/** What one root makes in all its contexts, with what it was made from. */
export interface EvaluatedRules {
  /** One for each context: the same object as before where nothing that its evaluation looked at has changed. */
  parts: readonly Part[];
  extraction: Extraction;
  /** The rules of each site, by its key. */
  bySite: ReadonlyMap<string, readonly FoundRule[]>;
  notes: ReadonlyMap<string, SourceNote>;
  /** Directories that the evaluation looked into, with what it found there. */
  definitions: ReadonlyMap<string, ModuleDefinition | null>;
}

/** What one context of a root makes, and all that its evaluation looked at. */
export interface Part {
  context: Context;
  extraction: Extraction;
  notes: ReadonlyMap<string, SourceNote>;
  definitions: ReadonlyMap<string, ModuleDefinition | null>;
  files: ReadonlyMap<string, unknown>;
  /** The tree's list of paths where that was asked for (fileset). */
  listed: readonly string[] | null;
}

interface Whole {
  parts: readonly Part[];
  rules: EvaluatedRules;
}

/** An edit is tried in a few ways, and each evaluation is asked for several times; more are seldom wanted again. */
const KEPT = 6;

/** Evaluates roots, each context again only where something that it looked at has changed: a variables file is that of one context. */
export function rootEvaluator(
  tools: ProjectTools,
): (project: Project, root: string, facts: SourceFacts) => EvaluatedRules {
  const kept = new Map<string, Part[]>();
  const wholes = new Map<string, Whole[]>();
  const contexts = contextCache(tools);
  return (project, root, facts) => {
    const parts = contexts(project, root, facts).map((context): Part => {
      const key = `${root}\0${context.name}\0${context.unit ?? ''}`;
      const entries = kept.get(key) ?? [];
      const known = entries.find((entry) => sameContext(entry.context, context) && fresh(entry, project));
      if (known !== undefined) return known;
      const made = evaluateContext(project, root, context, tools);
      kept.set(key, [made, ...entries].slice(0, KEPT));
      return made;
    });
    const entries = wholes.get(root) ?? [];
    const known = entries.find((one) => one.parts.length === parts.length && one.parts.every((p, i) => p === parts[i]));
    if (known !== undefined) return known.rules;
    const rules = together(parts);
    wholes.set(root, [{ parts, rules }, ...entries].slice(0, KEPT));
    return rules;
  };
}

function evaluateContext(project: Project, root: string, context: Context, tools: ProjectTools): Part {
  const extraction: Extraction = { sites: new Map(), rules: [] };
  const notes = new Map<string, SourceNote>();
  const used = { files: new Map<string, unknown>(), directories: new Set<string>(), listed: false };
  const opened = openRoot(project, root, context, tools, notes, used);
  if (opened !== null) {
    extract(opened.evaluation, opened.instance, extraction);
    if (opened.evaluation.budget.steps <= 0)
      notes.set(`too-large:${root}`, {
        code: 'too-large',
        message: `evaluating ${root} takes too many steps; its rules are not all known`,
        place: { file: opened.instance.definition.files[0]?.file.path ?? root, line: 1 },
      });
  }
  const definitions = new Map([...used.directories].map((d) => [d, project.definition(d)] as const));
  const listed = used.listed ? project.tree.files.map((file) => file.path) : null;
  return { context, extraction, notes, definitions, files: used.files, listed };
}

/** Of all contexts, in their order; a site is that of the first which met it. */
function together(parts: readonly Part[]): EvaluatedRules {
  const extraction: Extraction = { sites: new Map(), rules: [] };
  const bySite = new Map<string, FoundRule[]>();
  for (const part of parts) {
    for (const [key, site] of part.extraction.sites) if (!extraction.sites.has(key)) extraction.sites.set(key, site);
    for (const rule of part.extraction.rules) {
      extraction.rules.push(rule);
      const list = bySite.get(siteKey(rule.site));
      if (list === undefined) bySite.set(siteKey(rule.site), [rule]);
      else list.push(rule);
    }
  }
  const notes = new Map(parts.flatMap((part) => [...part.notes]));
  const definitions = new Map(parts.flatMap((part) => [...part.definitions]));
  return { parts, extraction, bySite, notes, definitions };
}

function fresh(part: Part, project: Project): boolean {
  for (const [directory, definition] of part.definitions)
    if (project.definition(directory) !== definition) return false;
  for (const [path, file] of part.files) if (project.tree.get(path) !== file) return false;
  const { listed } = part;
  if (listed === null) return true;
  const { files } = project.tree;
  return listed.length === files.length && listed.every((path, i) => path === files[i]!.path);
}

/** By the texts of their variables files, for the same text is sometimes another object. */
function sameContext(one: Context, other: Context): boolean {
  if (one === other) return true;
  if (one.name !== other.name || one.workspace !== other.workspace || one.state !== other.state) return false;
  if (one.unit !== other.unit || one.variableFiles.length !== other.variableFiles.length) return false;
  return one.variableFiles.every(({ file }, at) => {
    const that = other.variableFiles[at]!.file;
    return file === that || (file.path === that.path && file.text === that.text);
  });
}

interface KeptContexts {
  shape: object;
  definition: ModuleDefinition | null;
  states: SourceFacts['states'];
  contexts: readonly Context[];
}

/** Contexts depend on the shape of the project, on the root's own definition and on the states; see `Project.shape`. */
function contextCache(tools: ProjectTools): (project: Project, root: string, facts: SourceFacts) => readonly Context[] {
  const kept = new Map<string, KeptContexts>();
  return (project, root, facts) => {
    const definition = project.definition(root);
    const known = kept.get(root);
    if (known?.shape === project.shape && known.definition === definition && known.states === facts.states)
      return known.contexts;
    const contexts = contextsOf(project, root, facts, tools.parser);
    kept.set(root, { shape: project.shape, definition, states: facts.states, contexts });
    return contexts;
  };
}
