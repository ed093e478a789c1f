import type { SourceFacts, SourceFile, SourceTree } from '../../contract.ts';
import { isModel, modelText } from '../registry/models.ts';
import { attributeOf } from '../syntax/ast.ts';
import { defineModule, directoryOf, joinPath, type Layout, layoutOf, type ModuleDefinition } from './definition.ts';
import { openUnit, type Project, type ProjectTools, VENDORED } from './project.ts';
import { relayout } from './relayout.ts';
import { unitsByModule } from './terragrunt.ts';

/**
 * A tree as Terraform sees it. With `previous`, a project of nearly the same tree, only what changed is looked at: what stays the same
 * stays the same object, and the result is equal to that of opening the tree without it.
 */
export function openProject(
  tree: SourceTree,
  facts: SourceFacts,
  tools: ProjectTools,
  previous: Project | null = null,
): Project {
  const layout = previous === null ? layoutOf(tree.files) : relayout(previous, tree);
  const definition = (directory: string): ModuleDefinition | null => {
    const files = layout.configuration.get(directory);
    return files === undefined ? defineModel(directory, tools) : define(directory, files, tools);
  };
  const called = new Set<string>();
  const directories = [...layout.configuration.keys()].sort();
  for (const directory of directories)
    for (const target of localCalls(definition(directory)))
      if (target !== directory) called.add(target).add(linkedFolder(target, layout) ?? target);
  const units =
    previous !== null && previous.layout.units === layout.units
      ? previous.units
      : unitsByModule([...layout.units].sort().map((one) => openUnit(tree, one, tools, () => undefined)));
  const stated = new Set(facts.states.map((state) => state.root).filter((root) => root !== null));
  const found = directories.filter(
    (d) =>
      stated.has(d) ||
      units.has(d) ||
      (linkedFolder(d, layout) === null && ((!called.has(d) && !VENDORED.test(`${d}/`)) || hasBackend(definition(d)))),
  );
  const roots = previous !== null && sameTexts(previous.roots, found) ? previous.roots : found;
  const kept = previous !== null && previous.roots === roots && sameShape(previous, layout, definition);
  return { tree, layout, definition, roots, units, shape: kept ? previous.shape : {} };
}

/**
 * The folder that a directory is by a symbolic link, else null. Calls lead through such a directory, but by itself it is no root: that would be
 * the linked folder once more, and each rule of it would be shared by two.
 */
export function linkedFolder(directory: string, layout: Layout): string | null {
  const [first] = layout.configuration.get(directory) ?? [];
  return first?.linkTo === undefined || first.linkedFolder === undefined ? null : directoryOf(first.linkTo);
}

const definitions = new WeakMap<readonly SourceFile[], ModuleDefinition>();

/** By the list itself, else by the texts of its files. */
function define(directory: string, files: readonly SourceFile[], tools: ProjectTools): ModuleDefinition {
  const same = definitions.get(files);
  if (same !== undefined) return same;
  const known = tools.definitions.get(directory);
  const made = known !== undefined && sameFiles(known, files) ? known : defineModule(directory, files, tools.parser);
  tools.definitions.set(directory, made);
  definitions.set(files, made);
  return made;
}

/** A registry module whose own code is not in the tree, where its inputs are known. */
function defineModel(directory: string, tools: ProjectTools): ModuleDefinition | null {
  if (!isModel(directory)) return null;
  const known = tools.definitions.get(directory);
  const text = known === undefined ? modelText(directory) : null;
  return text === null ? (known ?? null) : define(directory, [{ path: `${directory}/main.tf`, text }], tools);
}

function sameFiles(known: ModuleDefinition, files: readonly SourceFile[]): boolean {
  return (
    known.files.length === files.length &&
    known.files.every(
      ({ file }, i) => file === files[i] || (file.path === files[i]!.path && file.text === files[i]!.text),
    )
  );
}

/** Whether the contexts of all roots but those whose own definition changed must be the same. See `Project.shape`. */
function sameShape(previous: Project, layout: Project['layout'], definition: Project['definition']): boolean {
  if (previous.layout.variables !== layout.variables || previous.layout.units !== layout.units) return false;
  if (previous.layout.configuration.size !== layout.configuration.size) return false;
  for (const [directory, files] of layout.configuration) {
    const before = previous.layout.configuration.get(directory);
    if (before === files) continue;
    if (before === undefined || isHollow(previous.definition(directory)) !== isHollow(definition(directory)))
      return false;
  }
  return true;
}

function isHollow(definition: ModuleDefinition | null): boolean {
  return definition === null || definition.resources.size + definition.calls.size === 0;
}

function sameTexts(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((text, i) => text === b[i]);
}

const calls = new WeakMap<ModuleDefinition, readonly string[]>();

/** Directories that the module calls by a path. */
function localCalls(definition: ModuleDefinition | null): readonly string[] {
  if (definition === null) return [];
  const known = calls.get(definition);
  if (known !== undefined) return known;
  const targets: string[] = [];
  for (const call of definition.calls.values()) {
    const source = attributeOf(call.body, 'source')?.value;
    const location = source?.kind === 'literal' && typeof source.value === 'string' ? source.value : null;
    if (location === null || !/^\.\.?\//.test(location)) continue;
    const target = joinPath(definition.directory, location);
    if (target !== null) targets.push(target);
  }
  calls.set(definition, targets);
  return targets;
}

const backends = new WeakMap<ModuleDefinition, boolean>();

/** A directory with a backend is run by itself, also where another calls it. */
function hasBackend(definition: ModuleDefinition | null): boolean {
  if (definition === null) return false;
  const known = backends.get(definition);
  if (known !== undefined) return known;
  const found = definition.files.some((file) =>
    file.body.items.some(
      (item) =>
        item.kind === 'block' &&
        item.type === 'terraform' &&
        item.body.items.some((inner) => inner.kind === 'block' && (inner.type === 'backend' || inner.type === 'cloud')),
    ),
  );
  backends.set(definition, found);
  return found;
}
