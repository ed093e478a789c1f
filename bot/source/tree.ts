import type { SourceFile, SourceTree } from './contract.ts';

/** A tree of the files given, sorted by path (code unit order); of two files with one path the later wins. */
export function sourceTree(files: readonly SourceFile[]): SourceTree {
  const byPath = new Map(files.map((file) => [file.path, file] as const));
  return treeOf([...byPath.values()].sort(byPathOrder));
}

function treeOf(sorted: readonly SourceFile[]): SourceTree {
  let byPath: ReadonlyMap<string, number> | null = null;
  let links: readonly SourceFile[] | null = null;
  return derived(
    sorted,
    () => (byPath ??= new Map(sorted.map((file, at) => [file.path, at] as const))),
    () => (links ??= sorted.filter((file) => file.linkTo !== undefined)),
  );
}

/** A tree whose places by path are known: a change of texts alone shares them, so that it costs one copy of the list. */
function derived(
  files: readonly SourceFile[],
  placeIn: () => ReadonlyMap<string, number>,
  links: () => readonly SourceFile[],
): SourceTree {
  const get = (path: string): SourceFile | undefined => {
    const at = placeIn().get(path);
    return at === undefined ? undefined : files[at];
  };
  return {
    files,
    get,
    with: (changes) => {
      const texts = new Map(changes.map((file) => [file.path, file] as const));
      for (const file of links()) {
        const target = file.linkTo === undefined ? undefined : texts.get(file.linkTo);
        if (target !== undefined) texts.set(file.path, { ...file, text: target.text });
      }
      const places = placeIn();
      const known = [...texts.values()].every((file) => {
        const before = get(file.path);
        return before !== undefined && before.linkTo === file.linkTo;
      });
      if (!known) return sourceTree([...files, ...texts.values()]);
      const changed = [...files];
      for (const file of texts.values()) changed[places.get(file.path)!] = file;
      return derived(changed, placeIn, links);
    },
  };
}

function byPathOrder(a: SourceFile, b: SourceFile): number {
  return a.path < b.path ? -1 : a.path > b.path ? 1 : 0;
}
