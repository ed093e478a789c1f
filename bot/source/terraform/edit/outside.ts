import type { SourceNote, SourceRange, TextEdit } from '../../contract.ts';
import { placeOfRange } from '../../text.ts';
import { directoryOf, joinPath, type ModuleDefinition } from '../eval/definition.ts';
import { evaluate } from '../eval/expression.ts';
import type { ModuleInstance } from '../eval/instance.ts';
import { type Context, openRoot, type Project } from '../eval/project.ts';
import type { Scope } from '../eval/scope.ts';
import type { Value } from '../eval/value.ts';
import { GROUPS } from '../rules/extract.ts';
import { attributeOf, type Block, type Body, type Expression, type ParsedFile } from '../syntax/ast.ts';
import { fileKind } from '../syntax/parse.ts';
import type { IndexDetails } from './details.ts';
import { collectExpressions } from './locate.ts';

/*
 * Law 5 beyond rules, and trap 12: a local, a variable or a module's input may feed a subnet, a group's name or an output besides the
 * rule. What refers to the changed text, over all steps, is evaluated before and after in every root; a difference forbids the edit.
 */

/** Names that the edits change, by directory: `local.x`, `var.x`, `module.x`, `file`, `*` for all of a module's instances. */
type Tainted = Map<string, Set<string>>;

interface Owner {
  block: Block;
  /** The local's or argument's name where the owner is one. */
  name: string | null;
  refs: ReadonlySet<string>;
}

const owners = new WeakMap<ParsedFile, readonly Owner[]>();
const READERS: ReadonlySet<string> = new Set([
  'file',
  'templatefile',
  'fileset',
  'filebase64',
  'fileexists',
  'filemd5',
  'filesha256',
]);
const RULES = /^(aws_security_group_rule|aws_vpc_security_group_(ingress|egress)_rule)$/;

export function outsideChange(
  before: IndexDetails,
  after: IndexDetails,
  edits: readonly TextEdit[],
  because: readonly SourceRange[],
): SourceNote | null {
  const { project } = before;
  const directories = [...project.layout.configuration.keys()];
  const tainted: Tainted = new Map();
  const blocks = new Set<Block>();
  for (const { range } of edits)
    for (const file of [range.file, ...linksTo(project, range.file)]) seed(before, { ...range, file }, tainted, blocks);
  if (tainted.size === 0 && blocks.size === 0) return null;
  const isReason = (block: Block) =>
    because.some((r) => r.file === block.file && r.start === block.start && r.end === block.end);
  for (let again = true; again; ) {
    again = false;
    for (const directory of directories) {
      const names = tainted.get(directory);
      const definition = names === undefined ? null : project.definition(directory);
      if (names === undefined || definition === null) continue;
      for (const owner of ownersOf(definition)) {
        if (!names.has('*') && ![...owner.refs].some((ref) => names.has(ref))) continue;
        again = taint(project, definition, owner, tainted, blocks, isReason) || again;
      }
    }
  }
  // Blocks are those of the tree before; after it they are found again by type and labels.
  const wanted = new Set([...blocks].map(nameOfBlock));
  if (wanted.size === 0) return null;
  const same = edits.every(({ range }) => fileKind(range.file) !== null) ? unchanged(before, after) : NONE;
  const was = known(before, wanted, same);
  const now = fingerprint(after, wanted, same);
  for (const [address, { text, block }] of was) {
    if (now.get(address)?.text === text) continue;
    const file = project.tree.get(block.file);
    const place = file === undefined ? { file: block.file, line: 1 } : placeOfRange(file, block);
    return { code: 'shared', message: `an edit here would change ${address} too, which is no rule`, place };
  }
  const extra = [...now.keys()].find((address) => !was.has(address));
  if (extra === undefined) return null;
  return {
    code: 'shared',
    message: `an edit here would also make ${extra}`,
    place: { file: edits[0]!.range.file, line: 1 },
  };
}

function linksTo(project: Project, path: string): string[] {
  return project.tree.files.flatMap((file) => (file.linkTo === path ? [file.path] : []));
}

function add(tainted: Tainted, directory: string, name: string): boolean {
  const names = tainted.get(directory) ?? new Set<string>();
  tainted.set(directory, names);
  if (names.has(name)) return false;
  names.add(name);
  return true;
}

function nameOfBlock(block: Block): string {
  return `${directoryOf(block.file)}|${block.type}|${block.labels.map((label) => label.text).join('.')}`;
}

/** What one edit changes by itself. */
function seed({ project, tools }: IndexDetails, range: SourceRange, tainted: Tainted, blocks: Set<Block>): void {
  const directory = directoryOf(range.file);
  const file = project.tree.get(range.file);
  const parsed = file === undefined ? null : tools.parser.parse(file);
  const variables = (project.layout.variables.get(directory) ?? []).some((one) => one.path === range.file);
  if (parsed === null) {
    for (const one of project.layout.configuration.keys()) add(tainted, one, 'file');
    return;
  }
  if (fileKind(range.file)?.kind === 'terragrunt') {
    seedUnits(project, parsed, range, tainted);
    return;
  }
  const touched = parsed.body.items.filter((item) => item.start < range.end && range.start < item.end);
  for (const item of touched) {
    if (item.kind === 'attribute') {
      // A variables file may lie below the root that it is for, or beside it.
      if (variables) for (const root of project.roots) add(tainted, root, `var.${item.name}`);
      continue;
    }
    const inside = item.body.items.filter((one) => one.start < range.end && range.start < one.end);
    const label = item.labels[0]?.text ?? '';
    if (item.type === 'locals')
      for (const one of inside) add(tainted, directory, `local.${one.kind === 'attribute' ? one.name : ''}`);
    else if (item.type === 'variable') add(tainted, directory, `var.${label}`);
    else if (item.type === 'module') {
      const called = calledBy(item, directory);
      for (const one of inside) if (one.kind === 'attribute' && called !== null) argument(tainted, called, one.name);
    } else if (item.type !== 'resource' || !(RULES.test(label) || GROUPS.has(label))) blocks.add(item);
    else if (GROUPS.has(label) && inside.some((one) => !isRulePart(one))) blocks.add(item);
  }
}

/** An entry of `inputs` is that variable of whatever uses the file; any other text of Terragrunt may reach all variables. */
function seedUnits(project: Project, parsed: ParsedFile, range: SourceRange, tainted: Tainted): void {
  const inputs = attributeOf(parsed.body, 'inputs')?.value;
  const entry =
    inputs?.kind === 'object'
      ? inputs.items.find((item) => item.start <= range.start && item.end >= range.end)
      : undefined;
  const name = entry?.key.kind === 'literal' ? String(entry.key.value) : null;
  for (const module of project.units.keys())
    for (const variable of project.definition(module)?.variables.keys() ?? [])
      if (name === null || variable === name) add(tainted, module, `var.${variable}`);
}

function argument(tainted: Tainted, called: string, name: string): boolean {
  return add(tainted, called, name === 'for_each' || name === 'count' ? '*' : `var.${name}`);
}

function calledBy(call: Block, directory: string): string | null {
  const source = attributeOf(call.body, 'source')?.value;
  const location = source?.kind === 'literal' && typeof source.value === 'string' ? source.value : '';
  return location.startsWith('.') ? joinPath(directory, location) : null;
}

/** What an owner that refers to something tainted taints in turn. True where that is new. */
function taint(
  project: Project,
  definition: ModuleDefinition,
  { block, name, refs }: Owner,
  tainted: Tainted,
  blocks: Set<Block>,
  isReason: (block: Block) => boolean,
): boolean {
  const { directory } = definition;
  const label = block.labels[0]?.text ?? '';
  const consumer = () => {
    if (blocks.has(block)) return false;
    blocks.add(block);
    return true;
  };
  switch (block.type) {
    case 'locals':
      return add(tainted, directory, `local.${name ?? ''}`);
    case 'variable':
      return add(tainted, directory, `var.${label}`);
    case 'output': {
      if (project.roots.includes(directory)) return consumer();
      let changed = false;
      for (const other of project.layout.configuration.keys())
        for (const [call, calling] of project.definition(other)?.calls ?? [])
          if (calledBy(calling, other) === directory) changed = add(tainted, other, `module.${call}`) || changed;
      return changed;
    }
    case 'module': {
      const called = calledBy(block, directory);
      const names = tainted.get(directory);
      if (called === null) return isReason(block) ? false : consumer();
      if (names?.has('*')) return add(tainted, called, '*');
      return name === null || refs.size === 0 ? false : argument(tainted, called, name);
    }
    case 'resource':
      if (RULES.test(label)) return false;
      if (GROUPS.has(label) && name !== null && (name === 'ingress' || name === 'egress')) return false;
      return consumer();
    case 'data':
      return consumer();
    default:
      return false;
  }
}

function isRulePart(item: Body['items'][number]): boolean {
  if (item.kind === 'attribute') return item.name === 'ingress' || item.name === 'egress';
  return item.type === 'ingress' || item.type === 'egress' || item.type === 'dynamic' || item.type === 'lifecycle';
}

/** Arguments of top-level blocks with the names they refer to. */
function ownersOf(definition: ModuleDefinition): readonly Owner[] {
  return definition.files.flatMap(ownersIn);
}

function ownersIn(file: ParsedFile): readonly Owner[] {
  const known = owners.get(file);
  if (known !== undefined) return known;
  const made = file.body.items.flatMap((block): Owner[] =>
    block.kind !== 'block'
      ? []
      : block.body.items.map((item) => ({
          block,
          name: item.kind === 'attribute' ? item.name : isRulePart(item) ? 'ingress' : item.type,
          refs: refsOf(collectExpressions(item)),
        })),
  );
  owners.set(file, made);
  return made;
}

function refsOf(expressions: readonly Expression[]): Set<string> {
  const refs = new Set<string>();
  for (const e of expressions) {
    if (e.kind === 'call' && READERS.has(e.name)) refs.add('file');
    if (e.kind === 'attribute' && e.of.kind === 'variable' && /^(local|var|module)$/.test(e.of.name))
      refs.add(`${e.of.name}.${e.name}`);
  }
  return refs;
}

type Fingerprint = ReadonlyMap<string, { text: string; block: Block }>;

/** A root that never looked into a directory has no instance of its blocks. */
function reaches(details: IndexDetails, root: string, directories: ReadonlySet<string>): boolean {
  const reached = details.results.get(root)?.definitions;
  return reached === undefined || [...directories].some((directory) => reached.has(directory));
}

const NONE: ReadonlySet<string> = new Set();

/**
 * Contexts of roots that read none of the edited Terraform files: what they make is as it was, rules and all else. (What a function reads is
 * not seen by this, so it is asked only where no such file changed.)
 */
function unchanged(before: IndexDetails, after: IndexDetails): ReadonlySet<string> {
  const out = new Set<string>();
  for (const [root, { parts }] of before.results) {
    const now = new Set(after.results.get(root)?.parts);
    for (const part of parts) if (now.has(part)) out.add(contextKey(root, part.context));
  }
  return out;
}

function contextKey(root: string, context: Context): string {
  return `${root}|${context.name}|${context.workspace ?? ''}|${context.unit ?? ''}`;
}

const fingerprints = new WeakMap<IndexDetails, { key: string; made: Fingerprint }>();

/** Of the source as it is: asked again by every edit of the same text. */
function known(details: IndexDetails, wanted: ReadonlySet<string>, skip: ReadonlySet<string>): Fingerprint {
  const key = JSON.stringify([[...wanted].sort(), [...skip].sort()]);
  const last = fingerprints.get(details);
  if (last?.key === key) return last.made;
  const made = fingerprint(details, wanted, skip);
  fingerprints.set(details, { key, made });
  return made;
}

/** Every argument of the wanted blocks in every instance, as text; not of the contexts to skip. */
function fingerprint(details: IndexDetails, wanted: ReadonlySet<string>, skip: ReadonlySet<string>): Fingerprint {
  const out = new Map<string, { text: string; block: Block }>();
  const { project, tools } = details;
  const directories = new Set([...wanted].map((name) => name.slice(0, name.indexOf('|'))));
  for (const root of project.roots.filter((one) => reaches(details, one, directories)))
    for (const { context } of details.results.get(root)?.parts ?? []) {
      if (skip.has(contextKey(root, context))) continue;
      const used = { files: new Map<string, unknown>(), directories: new Set<string>(), listed: false };
      const opened = openRoot(project, root, context, tools, new Map(), used);
      if (opened !== null)
        walk(
          opened.instance,
          `${root === '.' ? '' : `${root}: `}${context.name === 'default' ? '' : `${context.name}: `}`,
        );
    }
  return out;

  function walk(instance: ModuleInstance, where: string): void {
    for (const file of instance.definition.files)
      for (const block of file.body.items) {
        if (block.kind !== 'block' || !wanted.has(nameOfBlock(block))) continue;
        const name = [...(block.type === 'resource' ? [] : [block.type]), ...block.labels.map((l) => l.text)].join('.');
        const { items, known } =
          block.type === 'output'
            ? { items: [{ suffix: '', scope: instance.scope }], known: true }
            : instance.instancesOf(block);
        for (const item of items)
          out.set(`${where}${instance.prefix}${name}${item.suffix}`, {
            text: bodyText(block, item.scope, known),
            block,
          });
      }
    for (const name of instance.definition.calls.keys())
      for (const child of instance.children(name)?.instances ?? []) walk(child, where);
  }
}

function bodyText(block: Block, scope: Scope, known: boolean): string {
  const group = block.type === 'resource' && GROUPS.has(block.labels[0]?.text ?? '');
  const texts: string[] = [];
  const visit = (body: Body, path: string) => {
    for (const item of body.items) {
      if (group && path === '' && isRulePart(item)) continue;
      // Order, not a value; a reference that dangles is another check's.
      if (item.kind === 'attribute' && item.name === 'depends_on') continue;
      // What it goes over shows in its instances, and in the arguments that take their values from it.
      if (item.kind === 'attribute' && path === '' && known && /^(for_each|count)$/.test(item.name)) continue;
      if (item.kind === 'attribute') texts.push(`${path}${item.name}=${valueText(evaluate(item.value, scope))}`);
      else visit(item.body, `${path}${item.type}.`);
    }
  };
  visit(block.body, '');
  return texts.join('\n');
}

function valueText(value: Value): string {
  switch (value.t) {
    case 'null':
      return 'null';
    case 'unknown':
      return value.text;
    case 'list':
      return `[${value.items.map(valueText).join(',')}]`;
    case 'map':
      return `{${[...value.entries].map(([key, entry]) => `${JSON.stringify(key)}:${valueText(entry.value)}`).join(',')}}`;
    default:
      return JSON.stringify(value.v);
  }
}
