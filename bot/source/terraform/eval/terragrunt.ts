import type { SourceFile, SourceTree } from '../../contract.ts';
import { attributeOf, type Block, blocksOf, type Expression, type ParsedFile } from '../syntax/ast.ts';
import type { FileParser } from '../syntax/parse.ts';
import { toText } from './convert.ts';
import { directoryOf, joinPath } from './definition.ts';
import { evaluate, MAX_STEPS } from './expression.ts';
import type { Environment, FileAccess, Scope } from './scope.ts';
import { failure, type MapEntry, mapOf, nil, str, unknown, type Value, via } from './value.ts';

/*
 * A terragrunt.hcl is one use of a module: `inputs` are the values of its variables, over those of the configurations that it includes. They
 * reach Terraform as TF_VAR_…, so that variables files of the module itself win. Source: Terragrunt's documentation, "Configuration Blocks
 * and Attributes" and "Built-in Functions". Paths that its functions give begin with a slash, which is the root of the tree.
 */

export interface Unit {
  /** Directory of the terragrunt.hcl. */
  directory: string;
  /** Of the module in the tree; null where it is elsewhere or not known. */
  module: string | null;
  /** Paths of variables files given on the command line, lowest precedence first. */
  variableFiles: readonly string[];
  inputs: ReadonlyMap<string, Value>;
  /** Whether there may be inputs besides, since a part of them is not known. */
  open: boolean;
}

const NAME = 'terragrunt.hcl';
const MAX_INCLUDES = 8;

/** Evaluates one terragrunt.hcl with all that it includes and reads; `read` is told of every file that was looked for. */
export function readUnit(
  tree: SourceTree,
  directory: string,
  parser: FileParser,
  template: FileAccess['template'],
  read: (path: string, file: SourceFile | undefined) => void,
): Unit {
  const path = directory === '.' ? NAME : `${directory}/${NAME}`;
  const unit = directory;
  const budget = { steps: MAX_STEPS, depth: 0 };
  const opened = new Set<string>();
  const top = configuration(path, unit, null);
  const source = top.parts.map((part) => part.source).find((value) => value !== null) ?? null;
  const inputs = new Map<string, MapEntry>();
  let open = false;
  // Includes come first, so that what the unit itself says wins.
  for (const { inputs: given } of [...top.parts].reverse()) {
    if (given === null) continue;
    if (given.t === 'map') for (const [key, entry] of given.entries) inputs.set(key, entry);
    else open = open || given.t === 'unknown';
  }
  return {
    directory,
    module: source === null ? directory : moduleOf(source, directory),
    variableFiles: top.parts.toReversed().flatMap((part) => part.variableFiles),
    inputs: new Map([...inputs].map(([key, entry]) => [key, entry.value])),
    open,
  };

  interface Part {
    source: Value | null;
    inputs: Value | null;
    variableFiles: string[];
  }

  /** A configuration and, after it, those that it includes. */
  function configuration(file: string, from: string, parent: string | null): { parts: Part[]; locals: Value } {
    const found = tree.get(file);
    read(file, found);
    const parsed = found === undefined ? null : parser.parse(found);
    if (parsed === null || opened.has(file) || opened.size > MAX_INCLUDES * 4)
      return { parts: [{ source: null, inputs: failure(`${file} cannot be read`), variableFiles: [] }], locals: nil() };
    opened.add(file);
    const includes = new Map<string, { path: string; parts: Part[]; locals: Value; merged: boolean }>();
    const { scope, bindings } = scopeOf(parsed, file, from, parent, includes);
    const value = (e: Expression) => evaluate(resolved(e, file, from, parent, includes, bindings), scope);
    for (const block of blocksOf(parsed.body, 'include')) {
      const at = attributeOf(block.body, 'path');
      const target = at === undefined ? null : toText(value(at.value));
      const path = target === null ? null : pathOf(target, from);
      if (path === null) {
        includes.set(labelOf(block), {
          path: '',
          parts: [lost(file)],
          locals: unknown('unknown:include'),
          merged: true,
        });
        continue;
      }
      const strategy = attributeOf(block.body, 'merge_strategy')?.value;
      const merged = !(strategy?.kind === 'literal' && strategy.value === 'no_merge');
      const deep = strategy?.kind === 'literal' && `${strategy.value}`.startsWith('deep');
      const included = configuration(path, from, path);
      // Maps and lists of both are joined, which of each name leaves open what it holds.
      const parts = deep ? [...included.parts, lost(file)] : included.parts;
      includes.set(labelOf(block), { path, parts, locals: included.locals, merged });
    }
    const terraform = blocksOf(parsed.body, 'terraform');
    const sources = terraform.flatMap((block) => attributeOf(block.body, 'source') ?? []);
    const given = attributeOf(parsed.body, 'inputs');
    const own: Part = {
      source: sources[0] === undefined ? null : value(sources[0].value),
      inputs: given === undefined ? null : via(value(given.value), given.value),
      variableFiles: terraform.flatMap((block) => variableFilesOf(block, value, from)),
    };
    opened.delete(file);
    const names = blocksOf(parsed.body, 'locals').flatMap((block) => block.body.items.map((item) => item));
    const locals = mapOf(
      Object.fromEntries(
        names.flatMap((item) =>
          item.kind === 'attribute'
            ? [[item.name, scope.environment.reference(['local', item.name], item).value] as const]
            : [],
        ),
      ),
    );
    const above = [...includes.values()].flatMap((one) => (one.merged ? one.parts : []));
    const damaged = parsed.faults.length > 0 ? [lost(file)] : [];
    return { parts: [own, ...above, ...damaged], locals };
  }

  function lost(file: string): Part {
    return { source: null, inputs: unknown(`unknown:inputs of ${file}`), variableFiles: [] };
  }

  function scopeOf(
    parsed: ParsedFile,
    file: string,
    from: string,
    parent: string | null,
    includes: ReadonlyMap<string, { locals: Value; parts: Part[] }>,
  ): { scope: Scope; bindings: Map<string, Value> } {
    const bindings = new Map<string, Value>();
    const memo = new Map<string, Value | null>();
    const local = (name: string): Value => {
      const known = memo.get(name);
      if (known === null) return failure(`local.${name} depends on itself`);
      if (known !== undefined) return known;
      const attribute = blocksOf(parsed.body, 'locals')
        .map((block) => attributeOf(block.body, name))
        .find((one) => one !== undefined);
      if (attribute === undefined) return failure(`local.${name} is not declared`);
      memo.set(name, null);
      const e = resolved(attribute.value, file, from, parent, includes, bindings);
      const made = via(evaluate(e, scope), attribute.value);
      memo.set(name, made);
      return made;
    };
    const included = (label: string): Value => {
      const one = includes.get(label);
      if (one === undefined) return unknown(`unknown:include.${label}`);
      const inputs = one.parts[0]?.inputs ?? nil();
      return mapOf({ locals: one.locals, inputs });
    };
    const environment: Environment = {
      files: filesIn(from),
      budget,
      fact: () => null,
      reference: ([first = '', second = '']) => {
        if (first === 'local') return { value: local(second), used: 2 };
        if (first === 'include') return { value: included(second), used: 2 };
        return { value: unknown(`unknown:${first}.${second}`), used: 2 };
      },
    };
    const scope: Scope = { environment, bindings };
    return { scope, bindings };
  }

  function filesIn(from: string): FileAccess {
    const text = (path: string): string | null => {
      const target = pathOf(path, from);
      if (target === null) return null;
      const file = tree.get(target);
      read(target, file);
      return file?.text ?? null;
    };
    return { read: text, exists: (path) => text(path) !== null, match: () => null, template };
  }

  /** An expression with Terragrunt's own functions replaced by what they give. */
  function resolved(
    e: Expression,
    file: string,
    from: string,
    parent: string | null,
    includes: ReadonlyMap<string, unknown>,
    bindings: Map<string, Value>,
  ): Expression {
    const bound = (value: Value, at: Expression): Expression => {
      const name = `\0${bindings.size}`;
      bindings.set(name, value);
      return { kind: 'variable', name, file: at.file, start: at.start, end: at.end };
    };
    const text = (node: Expression | undefined): string | null =>
      node === undefined ? null : toText(evaluate(node, { environment: plainEnvironment(from), bindings }));
    return replaceCalls(e, (call) => {
      const [first, second] = call.args;
      const above = parent ?? [...includes.values()].map((one) => (one as { path: string }).path)[0] ?? null;
      switch (call.name) {
        case 'find_in_parent_folders': {
          const name = first === undefined ? NAME : text(first);
          const found = name === null ? null : inParents(directoryOf(from === unit ? `${unit}/x` : file), name);
          if (found !== null) return bound(str(`/${found}`), call);
          return second ?? bound(unknown(`unknown:${name ?? 'a file'} in a folder above`), call);
        }
        case 'get_terragrunt_dir':
        case 'get_original_terragrunt_dir':
          return bound(str(rooted(from)), call);
        case 'get_parent_terragrunt_dir':
          return bound(str(rooted(above === null || above === '' ? from : directoryOf(above))), call);
        case 'get_repo_root':
        case 'get_path_to_repo_root':
          return bound(str(''), call);
        case 'get_path_from_repo_root':
          return bound(str(from), call);
        case 'path_relative_to_include': {
          if (above === null || above === '') return bound(str('.'), call);
          return bound(str(relativeTo(directoryOf(above), from)), call);
        }
        case 'read_terragrunt_config': {
          const target = text(first);
          const path = target === null ? null : pathOf(target, from);
          if (path === null || tree.get(path) === undefined) {
            if (path !== null) read(path, undefined);
            return second ?? bound(unknown(`unknown:${target ?? 'a configuration'}`), call);
          }
          const config = configuration(path, directoryOf(path), null);
          return bound(mapOf({ locals: config.locals, inputs: config.parts[0]?.inputs ?? nil() }), call);
        }
        default:
          return null;
      }
    });
  }

  function plainEnvironment(from: string): Environment {
    return {
      files: filesIn(from),
      budget,
      fact: () => null,
      reference: ([first = '', second = '']) => ({ value: unknown(`unknown:${first}.${second}`), used: 2 }),
    };
  }

  function inParents(start: string, name: string): string | null {
    for (let at = start; at !== '.'; ) {
      at = directoryOf(at);
      const path = joinPath(at, name);
      if (path === null) continue;
      const found = tree.get(path);
      read(path, found);
      if (found !== undefined) return path;
    }
    return null;
  }
}

function labelOf(block: Block): string {
  return block.labels[0]?.text ?? '';
}

function rooted(directory: string): string {
  return directory === '.' ? '/' : `/${directory}`;
}

/** A path of Terragrunt's as one of the tree. */
function pathOf(text: string, from: string): string | null {
  return text.startsWith('/') ? joinPath('.', text) : joinPath(from, text);
}

function relativeTo(base: string, directory: string): string {
  if (base === '.') return directory;
  return directory.startsWith(`${base}/`) ? directory.slice(base.length + 1) : '.';
}

/** `../../modules//web`: what stands after the two slashes is the module, the rest is copied beside it. */
function moduleOf(source: Value, directory: string): string | null {
  const text = toText(source);
  if (text === null || !/^(\.{0,2}\/|\.{1,2}$)/.test(text)) return null;
  return pathOf(text.replace(/\?.*$/, ''), directory);
}

function variableFilesOf(terraform: Block, value: (e: Expression) => Value, from: string): string[] {
  return blocksOf(terraform.body, 'extra_arguments').flatMap((block) =>
    ['required_var_files', 'optional_var_files'].flatMap((name) => {
      const given = attributeOf(block.body, name);
      const list = given === undefined ? nil() : value(given.value);
      const paths = list.t === 'list' ? list.items.map(toText) : [];
      return paths.flatMap((path) => (path === null ? [] : (pathOf(path, from) ?? [])));
    }),
  );
}

type Call = Extract<Expression, { kind: 'call' }>;

/** A copy with calls replaced where `replace` gives something; the same node where nothing was. */
function replaceCalls(e: Expression, replace: (call: Call) => Expression | null): Expression {
  return walk(e) as Expression;

  function walk(node: unknown): unknown {
    if (Array.isArray(node)) {
      const items = node.map(walk);
      return items.every((item, i) => item === node[i]) ? node : items;
    }
    if (typeof node !== 'object' || node === null) return node;
    const entries = Object.entries(node).map(([key, value]) => [key, walk(value)] as const);
    const same = entries.every(([key, value]) => value === (node as Record<string, unknown>)[key]);
    const made = same ? node : Object.fromEntries(entries);
    if ((made as { kind?: unknown }).kind !== 'call') return made;
    return replace(made as Call) ?? made;
  }
}

/** Of all units, by the directory of the module that each uses. */
export function unitsByModule(units: readonly Unit[]): ReadonlyMap<string, readonly Unit[]> {
  const out = new Map<string, Unit[]>();
  for (const unit of units) {
    if (unit.module === null) continue;
    const known = out.get(unit.module);
    if (known === undefined) out.set(unit.module, [unit]);
    else known.push(unit);
  }
  return out;
}
