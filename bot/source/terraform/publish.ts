import type { Declaration, DeclaredRule, SourceFile } from '../contract.ts';
import { placeOfRange } from '../text.ts';
import { directoryOf } from './eval/definition.ts';
import { type Project, VENDORED } from './eval/project.ts';
import type { FoundRule, Site } from './rules/extract.ts';
import { declarationNotes } from './rules/notes.ts';
import { type Block, rangeOf } from './syntax/ast.ts';
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
  start: number;
  root: string;
  from: readonly FoundRule[];
  declaration: Declaration;
}

/** A declaration of an unchanged site with the same rules is the same object as before, so that two indexes are compared quickly. */
const made = new WeakMap<Site, Made>();

export function publish(project: Project, placed: Iterable<PlacedSite>, parser: FileParser): Published {
  const ordered = [...placed].flatMap((one) => shown(project, one)).sort(compareShown);
  const ids = new Set<string>();
  const declarations = ordered.map((one) => {
    const plain = plainId(one);
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

/** A site with the text that a person would change: for the code of a module from elsewhere, the call that gives its inputs. */
interface ShownSite extends PlacedSite {
  call: Block | null;
}

function shown(project: Project, placed: PlacedSite): ShownSite[] {
  if (!VENDORED.test(placed.site.range.file)) return [{ ...placed, call: null }];
  // What makes nothing is of no interest in code that is not the reader's own.
  const [rule] = placed.rules;
  return rule === undefined ? [] : [{ ...placed, call: callOf(project, rule) }];
}

/** The innermost call that a rule is made by and that stands in a file of the repository. */
function callOf(project: Project, rule: FoundRule): Block | null {
  for (const range of rule.because) {
    if (VENDORED.test(range.file)) continue;
    const calls = project.definition(directoryOf(range.file))?.calls.values() ?? [];
    for (const block of calls) if (block.file === range.file && block.start === range.start) return block;
  }
  return null;
}

const plainIds = new WeakMap<Site, string>();

function plainId({ site, call }: ShownSite): string {
  if (call !== null) return `${call.file}:module.${call.labels[0]?.text ?? ''}/${site.resourceName}${site.suffix}`;
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
  { site, root, rules: from, call }: ShownSite,
  parser: FileParser,
): Declaration {
  const range = call === null ? site.range : rangeOf(call);
  const file = project.tree.get(range.file);
  const known = made.get(site);
  if (
    known !== undefined &&
    known.file === file &&
    known.start === range.start &&
    known.root === root &&
    known.declaration.id === id
  )
    if (known.from === from || (known.from.length === from.length && known.from.every((rule, i) => rule === from[i])))
      return known.declaration;
  const rules = from.map(({ rule }, n): DeclaredRule => {
    const declared = { id: `${id}#${n}`, declarationId: id, ...rule };
    return call === null ? declared : { ...declared, origins: { ...rule.origins, declaration: range } };
  });
  const place = file === undefined ? { file: range.file, line: 1 } : placeOfRange(file, range);
  const notes = declarationNotes(project, site, parser);
  const declaration: Declaration = {
    id,
    language: 'terraform',
    form: call === null ? site.form : 'module-input',
    repetition: site.repetition,
    place,
    range,
    root,
    rules,
    notes: call === null ? notes : notes.map((note) => ({ ...note, place })),
  };
  made.set(site, { file, start: range.start, root, from, declaration });
  return declaration;
}

function compareShown(a: ShownSite, b: ShownSite): number {
  const [x, y] = [a.call ?? a.site.range, b.call ?? b.site.range];
  if (x.file !== y.file) return x.file < y.file ? -1 : 1;
  if (x.start !== y.start) return x.start - y.start;
  // Of one call: in the order of the module's own code.
  if (a.site.range.start !== b.site.range.start) return a.site.range.start - b.site.range.start;
  return a.site.suffix < b.site.suffix ? -1 : 1;
}
