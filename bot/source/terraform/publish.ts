import type { Declaration, DeclaredRule, SourceFile } from '../contract.ts';
import { placeOfRange } from '../text.ts';
import type { Project } from './eval/project.ts';
import type { FoundRule, Site } from './rules/extract.ts';
import { declarationNotes } from './rules/notes.ts';
import type { FileParser } from './syntax/parse.ts';

/** The declarations of a tree by their public names, and what the editor finds by these. */
export interface Published {
  declarations: readonly Declaration[];
  /** Made when first asked for: most indexes are only compared. */
  names(): PublishedNames;
}

export interface PublishedNames {
  /** By rule id. */
  found: ReadonlyMap<string, FoundRule>;
  /** By declaration id. */
  declared: ReadonlyMap<string, Declaration>;
}

/** Where a site was first met, and the rules made at it, in the order of roots. */
export interface PlacedSite {
  site: Site;
  root: string;
  rules: readonly FoundRule[];
}

interface Made {
  file: SourceFile | undefined;
  root: string;
  from: readonly FoundRule[];
  declaration: Declaration;
}

/** A declaration of an unchanged site with the same rules is the same object as before, so that two indexes are compared quickly. */
const made = new WeakMap<Site, Made>();

export function publish(project: Project, placed: Iterable<PlacedSite>, parser: FileParser): Published {
  const ordered = [...placed].sort((a, b) => compareSites(a.site, b.site));
  const ids = new Set<string>();
  const declarations = ordered.map((one) => {
    const { site } = one;
    const plain = plainId(site);
    let id = plain;
    for (let n = 2; ids.has(id); n += 1) id = `${plain}~${n}`;
    ids.add(id);
    return declare(project, id, one, parser);
  });
  let names: PublishedNames | null = null;
  return {
    declarations,
    names: () => (names ??= namesOf(declarations, ordered)),
  };
}

function namesOf(declarations: readonly Declaration[], ordered: readonly PlacedSite[]): PublishedNames {
  const found = new Map<string, FoundRule>();
  const declared = new Map<string, Declaration>();
  for (const [i, declaration] of declarations.entries()) {
    const { rules } = ordered[i]!;
    declared.set(declaration.id, declaration);
    for (const [n, rule] of declaration.rules.entries()) found.set(rule.id, rules[n]!);
  }
  return { found, declared };
}

const plainIds = new WeakMap<Site, string>();

function plainId(site: Site): string {
  const known = plainIds.get(site);
  if (known !== undefined) return known;
  const id = `${site.range.file}:${site.resourceName}${site.suffix}`;
  plainIds.set(site, id);
  return id;
}

const keys = new WeakMap<Site, string>();

/** Two sites of one file and offset are one, whichever evaluation met them. */
export function siteKey(site: Site): string {
  const known = keys.get(site);
  if (known !== undefined) return known;
  const key = `${site.range.file}:${site.range.start}:${site.suffix}`;
  keys.set(site, key);
  return key;
}

function declare(
  project: Project,
  id: string,
  { site, root, rules: from }: PlacedSite,
  parser: FileParser,
): Declaration {
  const file = project.tree.get(site.range.file);
  const known = made.get(site);
  if (known !== undefined && known.file === file && known.root === root && known.declaration.id === id)
    if (known.from === from || (known.from.length === from.length && known.from.every((rule, i) => rule === from[i])))
      return known.declaration;
  const rules = from.map(({ rule }, n): DeclaredRule => ({ id: `${id}#${n}`, declarationId: id, ...rule }));
  const declaration: Declaration = {
    id,
    language: 'terraform',
    form: site.form,
    repetition: site.repetition,
    place: file === undefined ? { file: site.range.file, line: 1 } : placeOfRange(file, site.range),
    range: site.range,
    root,
    rules,
    notes: declarationNotes(project, site, parser),
  };
  made.set(site, { file, root, from, declaration });
  return declaration;
}

function compareSites(a: Site, b: Site): number {
  if (a.range.file !== b.range.file) return a.range.file < b.range.file ? -1 : 1;
  return a.range.start - b.range.start || (a.suffix < b.suffix ? -1 : 1);
}
