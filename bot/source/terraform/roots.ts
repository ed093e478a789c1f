import type { SourceFacts, SourceNote } from '../contract.ts';
import type { ModuleDefinition } from './eval/definition.ts';
import { type Context, contextsOf, openRoot, type Project, type ProjectTools } from './eval/project.ts';
import { siteKey } from './publish.ts';
import { type Extraction, extract, type FoundRule } from './rules/extract.ts';

/** What one root makes in all its contexts, with what it was made from. */
export interface EvaluatedRules {
  extraction: Extraction;
  /** The rules of each site, by its key. */
  bySite: ReadonlyMap<string, readonly FoundRule[]>;
  notes: ReadonlyMap<string, SourceNote>;
  /** Directories that the evaluation looked into, with what it found there. */
  definitions: ReadonlyMap<string, ModuleDefinition | null>;
}

interface Kept extends EvaluatedRules {
  contexts: readonly Context[];
  files: ReadonlyMap<string, unknown>;
  /** The tree's list of paths where that was asked for (fileset). */
  listed: readonly string[] | null;
}

/** An edit is tried in a few ways, and each evaluation is asked for several times; more are seldom wanted again. */
const KEPT_PER_ROOT = 6;

/** Evaluates roots, each again only where something that it looked at has changed. */
export function rootEvaluator(
  tools: ProjectTools,
): (project: Project, root: string, facts: SourceFacts) => EvaluatedRules {
  const kept = new Map<string, Kept[]>();
  const contexts = contextCache(tools);
  return (project, root, facts) => {
    const of = contexts(project, root, facts);
    const entries = kept.get(root) ?? [];
    const known = entries.find((entry) => fresh(entry, project, of));
    if (known !== undefined) return known;
    const made = evaluateRoot(project, root, of, tools);
    kept.set(root, [made, ...entries].slice(0, KEPT_PER_ROOT));
    return made;
  };
}

function evaluateRoot(project: Project, root: string, contexts: readonly Context[], tools: ProjectTools): Kept {
  const extraction: Extraction = { sites: new Map(), rules: [] };
  const notes = new Map<string, SourceNote>();
  const used = { files: new Map<string, unknown>(), directories: new Set<string>(), listed: false };
  for (const context of contexts) {
    const opened = openRoot(project, root, context, tools, notes, used);
    if (opened === null) continue;
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
  const bySite = new Map<string, FoundRule[]>();
  for (const rule of extraction.rules) {
    const list = bySite.get(siteKey(rule.site));
    if (list === undefined) bySite.set(siteKey(rule.site), [rule]);
    else list.push(rule);
  }
  return { bySite, contexts, definitions, files: used.files, listed, extraction, notes };
}

function fresh(entry: Kept, project: Project, contexts: readonly Context[]): boolean {
  if (!sameContexts(entry.contexts, contexts)) return false;
  for (const [directory, definition] of entry.definitions)
    if (project.definition(directory) !== definition) return false;
  for (const [path, file] of entry.files) if (project.tree.get(path) !== file) return false;
  const { listed } = entry;
  if (listed === null) return true;
  const { files } = project.tree;
  return listed.length === files.length && listed.every((path, i) => path === files[i]!.path);
}

/** By the texts of their variables files, for the same text is sometimes another object. */
function sameContexts(a: readonly Context[], b: readonly Context[]): boolean {
  if (a === b) return true;
  return (
    a.length === b.length &&
    a.every((one, i) => {
      const other = b[i]!;
      if (one.name !== other.name || one.workspace !== other.workspace || one.state !== other.state) return false;
      if (one.variableFiles.length !== other.variableFiles.length) return false;
      return one.variableFiles.every(({ file }, at) => {
        const that = other.variableFiles[at]!.file;
        return file === that || (file.path === that.path && file.text === that.text);
      });
    })
  );
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
