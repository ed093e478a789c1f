import type { SourceFacts, SourceFile, SourceNote, SourceRange, SourceTree, TerraformState } from '../../contract.ts';
import { placeOfRange } from '../../text.ts';
import { attributeOf, type HclParser, type ParsedFile } from '../syntax/ast.ts';
import { templateText } from '../syntax/embedded.ts';
import type { FileParser } from '../syntax/parse.ts';
import { directoryOf, joinPath, type Layout, type ModuleDefinition } from './definition.ts';
import { evaluate, MAX_STEPS } from './expression.ts';
import { instantiate, type ModuleInstance, type RootEvaluation } from './instance.ts';
import type { Environment } from './scope.ts';
import { readUnit, type Unit } from './terragrunt.ts';
import { list, str, unknown, type Value, via } from './value.ts';

/** A tree seen as Terraform sees it: which directories are roots, and what each evaluates to. */
export interface Project {
  tree: SourceTree;
  layout: Layout;
  definition(directory: string): ModuleDefinition | null;
  /** Sorted. */
  roots: readonly string[];
  /** Directory of a module to the uses of it that Terragrunt makes. */
  units: ReadonlyMap<string, readonly Unit[]>;
  /**
   * The same object for two projects with the same directories, roots, variables files and empty modules: a root with the same definition
   * then has the same contexts.
   */
  shape: object;
}

export interface ProjectTools {
  parser: FileParser;
  hcl: HclParser;
  /** Definitions are kept as long as their files are the same. */
  definitions: Map<string, ModuleDefinition>;
}

export const VENDORED = /(^|\/)\.(terraform|terragrunt-cache)\//;

export interface Context {
  name: string;
  workspace: string | null;
  /** Lowest precedence first. */
  variableFiles: readonly ParsedFile[];
  state: TerraformState | null;
  /** Directory of the terragrunt.hcl that gives the values. */
  unit?: string;
}

/** Which evaluations a root has: one for each alternative variables file, or for each workspace of its states. */
export function contextsOf(project: Project, root: string, facts: SourceFacts, parser: FileParser): Context[] {
  const own = project.layout.variables.get(root) ?? [];
  const isAuto = (path: string) =>
    /(^|\/)terraform\.tfvars(\.json)?$/.test(path) || /\.auto\.tfvars(\.json)?$/.test(path);
  const rank = (path: string) =>
    /\/?terraform\.tfvars$/.test(path) ? 0 : /terraform\.tfvars\.json$/.test(path) ? 1 : 2;
  const automatic = own.filter((f) => isAuto(f.path)).sort((a, b) => rank(a.path) - rank(b.path));
  const parsed = (files: readonly { path: string; text: string }[]) =>
    files.map((file) => parser.parse(file)).filter((file): file is ParsedFile => file !== null);
  const base = parsed(automatic);
  const units = project.units.get(root) ?? [];
  if (units.length > 0) return unitContexts(project, root, facts, units, base, parser);
  const near = [...own.filter((f) => !isAuto(f.path)), ...nestedVariables(project, root)];
  const given = near.filter((file) => concerns(project, root, parser.parse(file)));
  const required = new Set(requiredVariables(project, root, base));
  const alternatives = given.length > 0 ? given : outsideVariables(project, root, required, parser);
  const states = statesOf(project, root, facts);
  const stateFor = (name: string): TerraformState | null => {
    const named = states.find((state) => state.workspace === name || name.split('/').includes(state.workspace));
    return named ?? null;
  };
  if (alternatives.length === 0) {
    if (states.length === 0) return [{ name: 'default', workspace: null, variableFiles: base, state: null }];
    return states.map((state) => ({ name: state.workspace, workspace: state.workspace, variableFiles: base, state }));
  }
  const contexts = alternatives.map((file): Context => {
    const name = contextName(root, file.path);
    const state = stateFor(name) ?? (alternatives.length === 1 && states.length === 1 ? states[0]! : null);
    return { name, workspace: state?.workspace ?? null, variableFiles: [...base, ...parsed([file])], state };
  });
  const taken = new Set(contexts.map((context) => context.state));
  const rest = states.filter((state) => !taken.has(state));
  const complete = requiredVariables(project, root, base).length === 0;
  const plain: Context[] = rest.map((state) => ({
    name: state.workspace,
    workspace: state.workspace,
    variableFiles: base,
    state,
  }));
  if (complete && rest.length === 0) plain.push({ name: 'default', workspace: null, variableFiles: base, state: null });
  return [...plain, ...contexts];
}

/** One evaluation for each use that Terragrunt makes of the module. A state belongs to the use in whose folder it was found, by its name. */
function unitContexts(
  project: Project,
  root: string,
  facts: SourceFacts,
  units: readonly Unit[],
  base: readonly ParsedFile[],
  parser: FileParser,
): Context[] {
  const states = statesOf(project, root, facts);
  const contexts = units.map(({ directory, variableFiles }): Context => {
    const more = variableFiles.flatMap((path) => {
      const file = project.tree.get(path);
      const parsed = file === undefined ? null : parser.parse(file);
      return parsed === null ? [] : [parsed];
    });
    const own = states.find(
      ({ origin, workspace }) => `/${origin}`.includes(`/${directory}/`) || workspace === directory,
    );
    const state = own ?? (units.length === 1 && states.length === 1 ? states[0]! : null);
    return { name: directory, workspace: null, variableFiles: [...base, ...more], state, unit: directory };
  });
  const taken = new Set(contexts.map((context) => context.state));
  const rest = states.filter((state) => !taken.has(state));
  return [
    ...rest.map((state) => ({ name: state.workspace, workspace: state.workspace, variableFiles: base, state })),
    ...contexts,
  ];
}

/** A unit of the tree; `read` is told what its evaluation looked at. */
export function openUnit(
  tree: SourceTree,
  directory: string,
  { parser, hcl }: ProjectTools,
  read: (path: string, file: SourceFile | undefined) => void,
): Unit {
  return readUnit(tree, directory, parser, (text, place) => templateText(text, place, hcl), read);
}

function requiredVariables(project: Project, root: string, base: readonly ParsedFile[]): string[] {
  const given = new Set(
    base.flatMap((file) => file.body.items.map((item) => (item.kind === 'attribute' ? item.name : ''))),
  );
  return [...(project.definition(root)?.variables ?? [])]
    .filter(([name, block]) => attributeOf(block.body, 'default') === undefined && !given.has(name))
    .map(([name]) => name);
}

/** Variables files below a root that belong to no other directory of configuration: `env/prod.tfvars`, `prod/terraform.tfvars`. */
function nestedVariables(project: Project, root: string): { path: string; text: string }[] {
  const out = [...(strayVariables(project).nested.get(root) ?? [])];
  return out.sort((a, b) => (a.path < b.path ? -1 : 1));
}

interface StrayVariables {
  /** Directory of configuration to the variables files below it that are nobody else's. */
  nested: ReadonlyMap<string, readonly { path: string; text: string }[]>;
  /** Directories of variables files with nothing above them that is applied. */
  outside: readonly (readonly [string, readonly { path: string; text: string }[]])[];
}

/** Asked for by every root, so looked for once: no root is compared with every variables file of the repository. */
const strays = new WeakMap<Project, StrayVariables>();

function strayVariables(project: Project): StrayVariables {
  const known = strays.get(project);
  if (known !== undefined) return known;
  const nested = new Map<string, { path: string; text: string }[]>();
  const { configuration, variables } = project.layout;
  for (const [directory, files] of variables) {
    if (configuration.has(directory)) continue;
    let owner = directory;
    while (owner !== '.' && !configuration.has(owner)) owner = directoryOf(owner);
    if (configuration.has(owner)) nested.set(owner, [...(nested.get(owner) ?? []), ...files]);
  }
  const outside = [...variables].filter(
    ([directory]) => !VENDORED.test(`${directory}/`) && !configurationAbove(project, directory),
  );
  const found = { nested, outside };
  strays.set(project, found);
  return found;
}

/** Not a file for `-backend-config` or for another root: it sets a variable that the root declares, or nothing at all. */
function concerns(project: Project, root: string, file: ParsedFile | null): boolean {
  const names = namesIn(file);
  const declared = project.definition(root)?.variables;
  return names.length === 0 || names.some((name) => declared?.has(name) === true);
}

/**
 * `live/tfvars/prod.tfvars` beside the roots `live/*`, given by `-var-file`: no directory of configuration is above it. It is for the
 * roots below the nearest folder above it that lack a value which it has. Without it, one root would pass for one environment (trap 8).
 */
function outsideVariables(
  project: Project,
  root: string,
  required: ReadonlySet<string>,
  parser: FileParser,
): { path: string; text: string }[] {
  if (required.size === 0 || root === '.') return [];
  const byDistance = new Map<string, { path: string; text: string }[]>();
  for (const [directory, files] of strayVariables(project).outside) {
    const shared = commonFolder(directory, root);
    if (shared === directory) continue;
    const fitting = files.filter((file) => namesIn(parser.parse(file)).some((name) => required.has(name)));
    if (fitting.length > 0) byDistance.set(shared, [...(byDistance.get(shared) ?? []), ...fitting]);
  }
  const nearest = [...byDistance.keys()].sort((a, b) => depthOf(b) - depthOf(a))[0];
  const found = nearest === undefined ? [] : byDistance.get(nearest)!;
  return [...found].sort((a, b) => (a.path < b.path ? -1 : 1));
}

function configurationAbove(project: Project, directory: string): boolean {
  for (let at = directory; ; at = directoryOf(at)) {
    // A folder that only holds files which others link to, inputs.tf say, is nothing that is applied.
    const definition = project.definition(at);
    if (definition !== null && definition.resources.size + definition.calls.size > 0) return true;
    if (at === '.') return false;
  }
}

function depthOf(directory: string): number {
  return directory === '.' ? 0 : directory.split('/').length;
}

function commonFolder(a: string, b: string): string {
  const [x, y] = [a.split('/'), b.split('/')];
  let same = 0;
  while (same < x.length && same < y.length && x[same] === y[same]) same += 1;
  return same === 0 ? '.' : x.slice(0, same).join('/');
}

function namesIn(file: ParsedFile | null): string[] {
  return (file?.body.items ?? []).flatMap((item) => (item.kind === 'attribute' ? [item.name] : []));
}

function contextName(root: string, path: string): string {
  const within = root === '.' || path.startsWith(`${root}/`);
  const shared = within ? root : commonFolder(directoryOf(path), root);
  const relative = shared === '.' ? path : path.slice(shared.length + 1);
  return relative.replace(/(\/terraform)?(\.auto)?\.tfvars(\.json)?$/, '');
}

function statesOf(project: Project, root: string, facts: SourceFacts): TerraformState[] {
  return facts.states
    .filter((state) => state.root === root || (state.root === null && project.roots.length === 1))
    .sort((a, b) => (a.workspace < b.workspace ? -1 : a.workspace > b.workspace ? 1 : 0));
}

export interface EvaluatedRoot {
  evaluation: RootEvaluation;
  instance: ModuleInstance;
}

/** What an evaluation looked at: it need not be done again while all of it is the same. */
export interface UsedSources {
  files: Map<string, unknown>;
  directories: Set<string>;
  /** Whether it asked which files there are. */
  listed: boolean;
}

/** Opens one evaluation; everything below is computed when asked for. `notes` grows while it is used, `used` collects what it read. */
export function openRoot(
  project: Project,
  directory: string,
  context: Context,
  tools: ProjectTools,
  notes: Map<string, SourceNote>,
  used: UsedSources,
): EvaluatedRoot | null {
  const definition = project.definition(directory);
  if (definition === null) return null;
  used.directories.add(directory);
  const installed = installedModules(project, directory, used);
  const resolve = (path: string) => (path.startsWith('/') ? null : joinPath(directory, path));
  const read = (path: string): string | null => {
    const target = resolve(path);
    if (target === null) return null;
    const file = project.tree.get(target);
    used.files.set(target, file);
    return file?.text ?? null;
  };
  const evaluation: RootEvaluation = {
    directory,
    context: context.name,
    workspace: context.workspace,
    budget: { steps: MAX_STEPS, depth: 0 },
    facts: factsOf(context.state),
    definition: (target) => {
      used.directories.add(target);
      return project.definition(target);
    },
    installed: (key) => installed.get(key) ?? null,
    files: {
      read,
      exists: (path) => read(path) !== null,
      match: (folder, pattern) => {
        const target = resolve(folder);
        used.listed = true;
        return target === null ? null : matching(project.tree, target, pattern);
      },
      template: (text, place) => templateText(text, place, tools.hcl),
    },
    note: (code, message, at) => addNote(project.tree, notes, code, message, at),
  };
  const given = new Map<string, Value>();
  const unit =
    context.unit === undefined
      ? null
      : openUnit(project.tree, context.unit, tools, (path, file) => {
          used.files.set(path, file);
          const [fault] = file === undefined ? [] : (tools.parser.parse(file)?.faults ?? []);
          if (fault !== undefined)
            addNote(project.tree, notes, 'invalid-source', `${fault.message}; its inputs are not wholly known`, fault);
        });
  for (const [name, value] of unit?.inputs ?? []) given.set(name, value);
  const literals: Environment = {
    files: evaluation.files,
    budget: evaluation.budget,
    fact: () => null,
    reference: () => ({ value: unknown('unknown:variables file'), used: 1 }),
  };
  for (const file of context.variableFiles)
    for (const item of file.body.items)
      if (item.kind === 'attribute')
        given.set(item.name, via(evaluate(item.value, { environment: literals, bindings: new Map() }), item.value));
  // Of inputs that are not wholly known any variable may have one.
  const rest = unit?.open === true ? unit.directory : null;
  const instance = instantiate(evaluation, definition, '', [], [directory], (name) => {
    const value = given.get(name) ?? null;
    return value !== null || rest === null ? value : unknown(`unknown:input ${name} of ${rest}`);
  });
  return { evaluation, instance };
}

export function addNote(
  tree: SourceTree,
  notes: Map<string, SourceNote>,
  code: string,
  message: string,
  at: SourceRange,
): void {
  const file = tree.get(at.file);
  const place = file === undefined ? { file: at.file, line: 1 } : placeOfRange(file, at);
  notes.set(`${place.file}:${place.line}:${code}:${message}`, { code, message, place });
}

function factsOf(state: TerraformState | null): ReadonlyMap<string, Value> {
  const facts = new Map<string, Value>();
  if (state === null) return facts;
  for (const [key, value] of Object.entries(state.values))
    facts.set(
      `ref:${key}`,
      typeof value === 'string'
        ? str(value)
        : list(
            value.map((item) => str(item)),
            'list',
          ),
    );
  for (const group of state.groups) facts.set(`ref:${group.address}.id`, str(group.groupId));
  return facts;
}

/** `.terraform/modules/modules.json`: where `terraform init` put each module call of this root. */
function installedModules(project: Project, root: string, used: Pick<UsedSources, 'files'>): Map<string, string> {
  const path = root === '.' ? '.terraform/modules/modules.json' : `${root}/.terraform/modules/modules.json`;
  const file = project.tree.get(path);
  used.files.set(path, file);
  const out = new Map<string, string>();
  if (file === undefined) return out;
  try {
    const data = JSON.parse(file.text) as { Modules?: { Key?: unknown; Dir?: unknown }[] };
    for (const entry of data.Modules ?? []) {
      if (typeof entry.Key !== 'string' || typeof entry.Dir !== 'string') continue;
      const directory = joinPath(root, entry.Dir);
      if (directory !== null) out.set(entry.Key, directory);
    }
  } catch {
    return out;
  }
  return out;
}

/** fileset: `*` within a segment, `**` across, `?`, `{a,b}`. */
function matching(tree: SourceTree, directory: string, pattern: string): string[] {
  const source = pattern
    .replace(/[.+^$()|[\]\\]/g, '\\$&')
    .replace(/\{([^{}]*)\}/g, (_, options: string) => `(?:${options.split(',').join('|')})`)
    .replaceAll('**/', '\u0000')
    .replaceAll('**', '\u0001')
    .replaceAll('*', '[^/]*')
    .replaceAll('?', '[^/]')
    .replaceAll('\u0000', '(?:.*/)?')
    .replaceAll('\u0001', '.*');
  const expression = new RegExp(`^${source}$`);
  const prefix = directory === '.' ? '' : `${directory}/`;
  return tree.files
    .filter((file) => file.path.startsWith(prefix))
    .map((file) => file.path.slice(prefix.length))
    .filter((path) => expression.test(path));
}
