import type { Declaration, DeclaredRule, SourceFile } from '../contract.ts';
import { placeOfRange } from '../text.ts';
import type { Project } from './eval/project.ts';
import type { FoundRule, Site } from './rules/extract.ts';
import { declarationNotes } from './rules/notes.ts';
import type { FileParser } from './syntax/parse.ts';

/** The declarations of a tree by their public names, and what the editor finds by these. */
export interface Published {
  declarations: readonly Declaration[];
  /** By rule id. */
  found: ReadonlyMap<string, FoundRule>;
  /** By declaration id. */
  sites: ReadonlyMap<string, Site>;
  /** By declaration id. */
  declared: ReadonlyMap<string, Declaration>;
}

/** Where a site was first met. */
export interface PlacedSite {
  site: Site;
  root: string;
}

interface Made {
  file: SourceFile | undefined;
  root: string;
  from: readonly FoundRule[];
  declaration: Declaration;
}

/** A declaration of an unchanged site with the same rules is the same object as before, so that two indexes are compared quickly. */
const made = new WeakMap<Site, Made>();

/** `sites` by their key (`siteKey`); `rules` in the order of roots. */
export function publish(
  project: Project,
  sites: ReadonlyMap<string, PlacedSite>,
  rules: readonly FoundRule[],
  parser: FileParser,
): Published {
  const bySite = new Map<string, FoundRule[]>();
  for (const rule of rules) {
    const key = siteKey(rule.site);
    const list = bySite.get(key);
    if (list === undefined) bySite.set(key, [rule]);
    else list.push(rule);
  }
  const byId = new Map<string, Site>();
  const found = new Map<string, FoundRule>();
  const declared = new Map<string, Declaration>();
  for (const [key, placed] of [...sites].sort(([, a], [, b]) => compareSites(a.site, b.site))) {
    const { site } = placed;
    const plain = `${site.range.file}:${site.resourceName}${site.suffix}`;
    let id = plain;
    for (let n = 2; byId.has(id); n += 1) id = `${plain}~${n}`;
    byId.set(id, site);
    const from = bySite.get(key) ?? [];
    const declaration = declare(project, id, placed, from, parser);
    for (const [i, rule] of declaration.rules.entries()) found.set(rule.id, from[i]!);
    declared.set(id, declaration);
  }
  return { declarations: [...declared.values()], found, sites: byId, declared };
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
  { site, root }: PlacedSite,
  from: readonly FoundRule[],
  parser: FileParser,
): Declaration {
  const file = project.tree.get(site.range.file);
  const known = made.get(site);
  if (known !== undefined && known.file === file && known.root === root && known.declaration.id === id)
    if (known.from.length === from.length && known.from.every((rule, i) => rule === from[i])) return known.declaration;
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
