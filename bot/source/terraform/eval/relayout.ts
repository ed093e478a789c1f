import type { SourceFile, SourceTree } from '../../contract.ts';
import { fileKind } from '../syntax/parse.ts';
import { directoryOf, type Layout, layoutOf } from './definition.ts';

/**
 * The layout of a tree that differs from another in the text of a few files: lists of directories without a change stay the same objects,
 * so that whoever keeps something by list need not look into it. Files that came or went: all is laid out anew.
 */
export function relayout(previous: { tree: SourceTree; layout: Layout }, tree: SourceTree): Layout {
  const changed = changedFiles(previous.tree, tree);
  if (changed === null) return layoutOf(tree.files);
  let { configuration, variables, units } = previous.layout;
  for (const file of changed) {
    const kind = fileKind(file.path);
    if (kind?.kind === 'configuration') configuration = replaced(configuration, file);
    else if (kind?.kind === 'variables') variables = replaced(variables, file);
    else if (kind?.kind === 'terragrunt') units = new Set(units);
  }
  const { layout } = previous;
  if (configuration === layout.configuration && variables === layout.variables && units === layout.units) return layout;
  return { configuration, variables, units };
}

/** The files of `after` that are not those of `before`; null where the paths differ. */
export function changedFiles(before: SourceTree, after: SourceTree): SourceFile[] | null {
  const [old, now] = [before.files, after.files];
  if (old.length !== now.length) return null;
  const changed: SourceFile[] = [];
  for (let i = 0; i < now.length; i += 1) {
    const file = now[i]!;
    if (file === old[i]) continue;
    if (file.path !== old[i]!.path) return null;
    changed.push(file);
  }
  return changed;
}

/** Where a `.tofu` file takes the place of this one, the list does not hold it and stays as it is. */
function replaced(
  byDirectory: ReadonlyMap<string, readonly SourceFile[]>,
  file: SourceFile,
): ReadonlyMap<string, readonly SourceFile[]> {
  const directory = directoryOf(file.path);
  const list = byDirectory.get(directory) ?? [];
  const at = list.findIndex((one) => one.path === file.path);
  if (at < 0) return byDirectory;
  return new Map(byDirectory).set(directory, list.with(at, file));
}
