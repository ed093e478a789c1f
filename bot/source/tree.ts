import type { SourceFile, SourceTree } from './contract.ts';

/** A tree of the files given, sorted by path (code unit order); of two files with one path the later wins. */
export function sourceTree(files: readonly SourceFile[]): SourceTree {
  const byPath = new Map(files.map((file) => [file.path, file] as const));
  return treeOf(byPath);
}

function treeOf(byPath: ReadonlyMap<string, SourceFile>): SourceTree {
  let sorted: readonly SourceFile[] | null = null;
  const links = [...byPath.values()].filter((file) => file.linkTo !== undefined);
  return {
    get files() {
      sorted ??= [...byPath.values()].sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
      return sorted;
    },
    get: (path) => byPath.get(path),
    with: (changes) => {
      const changed = new Map(byPath);
      const texts = new Map<string, string>();
      for (const file of changes) {
        changed.set(file.path, file);
        texts.set(file.path, file.text);
      }
      for (const file of links) {
        const text = file.linkTo === undefined ? undefined : texts.get(file.linkTo);
        if (text !== undefined) changed.set(file.path, { ...file, text });
      }
      return treeOf(changed);
    },
  };
}
