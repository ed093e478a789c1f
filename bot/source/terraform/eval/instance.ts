import type { SourceRange } from '../../contract.ts';
import { isModel, modelDirectory } from '../registry/models.ts';
import { attributeOf, type Block, type Expression } from '../syntax/ast.ts';
import { convert, type TypeConstraint, toNumber, toText } from './convert.ts';
import { joinPath, type ModuleDefinition } from './definition.ts';
import { evaluate, pairsOf } from './expression.ts';
import { type Budget, bind, type Environment, type FileAccess, type Scope } from './scope.ts';
import { typeOf } from './types.ts';
import {
  failure,
  list,
  type MapEntry,
  map,
  mapOf,
  num,
  str,
  type UnknownValue,
  unknown,
  type Value,
  via,
} from './value.ts';

/** What one evaluation of a root shares among its modules. */
export interface RootEvaluation {
  directory: string;
  context: string;
  /** Null when the workspace is not known. */
  workspace: string | null;
  budget: Budget;
  /** Values by `ref:…`. */
  facts: ReadonlyMap<string, Value>;
  /** The definition at a directory of the tree, null where there is none. */
  definition(directory: string): ModuleDefinition | null;
  /** Where the module call of that key (`a.b` for nested calls) was installed by `terraform init`, from modules.json. */
  installed(key: string): string | null;
  files: FileAccess;
  note(code: string, message: string, at: SourceRange): void;
}

/** One call of a module: its own instance of the source. */
export interface ModuleInstance {
  definition: ModuleDefinition;
  /** `` for the root, else `module.a["x"].module.b.` */
  prefix: string;
  /** Ranges of the calls and instance keys above: a rule within exists because of them. */
  because: readonly SourceRange[];
  scope: Scope;
  output(name: string): Value;
  children(name: string): ChildModules | null;
  /** Repetition of a resource of this module. */
  instancesOf(block: Block): Instances;
}

export interface ChildModules {
  repetition: Instances;
  instances: readonly ModuleInstance[];
}

export interface RepeatedItem {
  /** `` or `[0]` or `["a"]`; `[*]` where the keys are unknown. */
  suffix: string;
  scope: Scope;
  /** Key and element, where there are any. */
  key: Value | null;
  value: Value | null;
}

export interface Instances {
  kind: 'single' | 'count' | 'for_each';
  /** False where how many there are is unknown: `items` then holds one that stands for all. */
  known: boolean;
  items: readonly RepeatedItem[];
  /** The count or for_each expression. */
  expression: Expression | null;
  value: Value | null;
}

const MAX_INSTANCES = 5_000;
const MAX_MODULE_DEPTH = 16;
const STEPS_PER_MODULE = 20;

const types = new WeakMap<Expression, TypeConstraint>();
const conversions = new WeakMap<object, { type: Expression; given: Value; made: Value }>();

/** A module's table of defaults is the same value in each call, and so is what its type makes of it. */
function converted(value: Value, type: Expression, scope: Scope): Value {
  let constraint = types.get(type);
  if (constraint === undefined) {
    // Terraform takes only constants for the defaults of optional attributes.
    constraint = typeOf(type, (e) => evaluate(e, scope));
    if (scope.environment.budget.steps > 0) types.set(type, constraint);
  }
  if (value.t !== 'list' && value.t !== 'map') return convert(value, constraint);
  const parts = value.t === 'list' ? value.items : value.entries;
  const known = conversions.get(parts);
  if (known?.type === type && alike(known.given, value)) return known.made;
  const made = convert(value, constraint);
  conversions.set(parts, { type, given: value, made });
  return made;
}

/** Of two values with the same parts: the same kind of list or map, from the same places. */
function alike(a: Value, b: Value): boolean {
  if ('as' in a && 'as' in b && a.as !== b.as) return false;
  return (
    a.from.length === b.from.length &&
    a.from.every(({ file, start, end }, i) => {
      const other = b.from[i]!;
      return file === other.file && start === other.start && end === other.end;
    })
  );
}

/** What `count` or `for_each` of a block makes of it. Source: Terraform language, "Meta-arguments". */
export function repeat(block: Block, scope: Scope): Instances {
  const count = attributeOf(block.body, 'count');
  const forEach = attributeOf(block.body, 'for_each');
  if (count !== undefined) {
    const value = evaluate(count.value, scope);
    const number = toNumber(value);
    const base = { kind: 'count' as const, expression: count.value, value };
    const at = (n: Value, suffix: string): RepeatedItem => ({
      suffix,
      scope: bind(scope, { count: mapOf({ index: n }) }),
      key: n,
      value: null,
    });
    if (number === null || number > MAX_INSTANCES)
      return { ...base, known: false, items: [at(unknown('unknown:count.index'), '[*]')] };
    const items = Array.from({ length: Math.max(0, Math.trunc(number)) }, (_, i) => at(num(i), `[${i}]`));
    return { ...base, known: true, items };
  }
  if (forEach !== undefined) {
    const value = evaluate(forEach.value, scope);
    const base = { kind: 'for_each' as const, expression: forEach.value, value };
    const at = (key: Value, element: Value, suffix: string): RepeatedItem => ({
      suffix,
      scope: bind(scope, { each: mapOf({ key, value: element }) }),
      key,
      value: element,
    });
    const pairs = pairsOf(value);
    const open = pairs === null || pairs.length > MAX_INSTANCES;
    if (open)
      return { ...base, known: false, items: [at(unknown('unknown:each.key'), unknown('unknown:each.value'), '[*]')] };
    // A list is not allowed here but toset() of it is what was meant; Terraform would refuse it, so this changes nothing.
    const items = pairs.map(({ key, value: element }) => {
      const named = value.t === 'list' ? element : key;
      const text = toText(named);
      const suffix = text === null ? '[*]' : `[${JSON.stringify(text)}]`;
      return at(named, element, suffix);
    });
    return { ...base, known: items.every((item) => item.suffix !== '[*]'), items };
  }
  return {
    kind: 'single',
    known: true,
    expression: null,
    value: null,
    items: [{ suffix: '', scope, key: null, value: null }],
  };
}

export function instantiate(
  root: RootEvaluation,
  definition: ModuleDefinition,
  prefix: string,
  because: readonly SourceRange[],
  ancestry: readonly string[],
  input: (name: string) => Value | null,
): ModuleInstance {
  const memo = new Map<string, Value>();
  const active = new Set<string>();
  const children = new Map<string, ChildModules | null>();
  const repeated = new Map<Block, Instances>();

  /** Once per name; a name that needs itself is a cycle. */
  const once = (key: string, at: SourceRange, make: () => Value): Value => {
    const known = memo.get(key);
    if (known !== undefined) return known;
    if (active.has(key)) {
      root.note('cycle', `${key} depends on itself`, at);
      return failure(`${prefix}${key} depends on itself`);
    }
    active.add(key);
    try {
      const value = make();
      memo.set(key, value);
      return value;
    } finally {
      active.delete(key);
    }
  };

  const environment: Environment = {
    files: root.files,
    budget: root.budget,
    fact: (ref) => root.facts.get(ref) ?? null,
    reference: (names, place) => {
      const [first = '', second = '', third = ''] = names;
      switch (first) {
        case 'var':
          return { value: variable(second), used: 2 };
        case 'local':
          return { value: local(second), used: 2 };
        case 'module':
          return { value: moduleValue(second, place), used: 2 };
        case 'path':
          return { value: path(second), used: 2 };
        case 'terraform':
        case 'tofu':
          return { value: second === 'workspace' ? workspace() : unknown(`unknown:terraform.${second}`), used: 2 };
        case 'data':
          return { value: resource(`data.${second}.${third}`), used: 3 };
        case 'each':
        case 'count':
        case 'self':
          return { value: unknown(`unknown:${first}`), used: 1 };
        default:
          if (names.length < 2) return { value: failure(`${first} is not declared`), used: 1 };
          return { value: resource(`${first}.${second}`), used: 2 };
      }
    },
  };
  const scope: Scope = { environment, bindings: new Map() };

  const variable = (name: string): Value => {
    const block = definition.variables.get(name);
    if (block === undefined) return failure(`${prefix}var.${name} is not declared`);
    return once(`var.${name}`, block, () => {
      const given = input(name);
      const fallback = attributeOf(block.body, 'default');
      const nullable = attributeOf(block.body, 'nullable');
      const notNull = nullable?.value.kind === 'literal' && nullable.value.value === false;
      const takeDefault = given === null || (given.t === 'null' && notNull);
      let value = given ?? unknown(`unknown:${prefix}var.${name}`);
      if (takeDefault && fallback !== undefined) value = via(evaluate(fallback.value, scope), fallback.value);
      const type = attributeOf(block.body, 'type')?.value;
      return type === undefined ? value : converted(value, type, scope);
    });
  };

  const local = (name: string): Value => {
    const attribute = definition.locals.get(name);
    if (attribute === undefined) return failure(`${prefix}local.${name} is not declared`);
    return once(`local.${name}`, attribute, () => via(evaluate(attribute.value, scope), attribute.value));
  };

  const path = (name: string): Value => {
    if (name === 'root') return str('.');
    if (name !== 'module') return unknown(`unknown:path.${name}`);
    return str(relativePath(root.directory, definition.directory));
  };

  const workspace = (): Value =>
    root.workspace === null ? unknown('unknown:terraform.workspace') : str(root.workspace);

  const resource = (key: string): Value => {
    const block = definition.resources.get(key);
    const address = `${prefix}${key}`;
    if (block === undefined) return unknown(`ref:${address}`);
    const instances = instancesOf(block);
    const one = (item: RepeatedItem): UnknownValue => ({
      ...unknown(`ref:${address}${item.suffix}`),
      attribute: (name) => resourceAttribute(block, key, item, name),
    });
    return collected(instances, one, `ref:${address}`);
  };

  const resourceAttribute = (block: Block, key: string, item: RepeatedItem, name: string): Value => {
    const text = `ref:${prefix}${key}${item.suffix}.${name}`;
    const fact = root.facts.get(text);
    const written = attributeOf(block.body, name);
    const readable = written !== undefined && !key.startsWith('data.') && name !== 'id' && name !== 'arn';
    if (readable) {
      const value = once(text, written, () => evaluate(written.value, item.scope));
      if (value.t !== 'unknown' && value.t !== 'null') return via(value, written.value);
    }
    return fact ?? unknown(text);
  };

  const moduleValue = (name: string, place: SourceRange): Value => {
    const found = childrenOf(name);
    if (found === null) return unknown(`ref:${prefix}module.${name}`);
    if (found.instances.length !== found.repetition.items.length) return unknown(`ref:${prefix}module.${name}`);
    const byItem = new Map(found.repetition.items.map((item, i) => [item, found.instances[i]!] as const));
    const one = (item: RepeatedItem): UnknownValue => ({
      ...unknown(`ref:${prefix}module.${name}${item.suffix}`),
      attribute: (output) => via(byItem.get(item)!.output(output), place),
    });
    return collected(found.repetition, one, `ref:${prefix}module.${name}`);
  };

  const output = (name: string): Value => {
    const block = definition.outputs.get(name);
    if (block === undefined) return unknown(`ref:${prefix.slice(0, -1)}.${name}`);
    return once(`output.${name}`, block, () => {
      const value = attributeOf(block.body, 'value');
      return value === undefined
        ? failure(`output ${name} has no value`)
        : via(evaluate(value.value, scope), value.value);
    });
  };

  const instancesOf = (block: Block): Instances => {
    const known = repeated.get(block);
    if (known !== undefined) return known;
    const key = `instances:${block.file}:${block.start}`;
    if (active.has(key)) {
      root.note('cycle', `count or for_each of this ${block.type} depends on itself`, block);
      return {
        kind: 'single',
        known: false,
        expression: null,
        value: null,
        items: [{ suffix: '[*]', scope, key: null, value: null }],
      };
    }
    active.add(key);
    const instances = repeat(block, scope);
    active.delete(key);
    repeated.set(block, instances);
    return instances;
  };

  const childrenOf = (name: string): ChildModules | null => {
    const known = children.get(name);
    if (known !== undefined) return known;
    const block = definition.calls.get(name);
    if (block === undefined) return null;
    const key = `module.${name}`;
    if (active.has(key)) {
      root.note('cycle', `module ${name} depends on itself`, block);
      return null;
    }
    active.add(key);
    const made = callChildren(block, name);
    active.delete(key);
    children.set(name, made);
    return made;
  };

  const callChildren = (block: Block, name: string): ChildModules | null => {
    const source = attributeOf(block.body, 'source');
    const location = source === undefined ? null : toText(evaluate(source.value, scope));
    const called = location === null ? null : resolve(location, name);
    if (called !== null && isModel(called.directory))
      root.note(
        'module-model',
        `the code of module ${name} is not in this tree, so its rules are told by its documented inputs; terraform init puts it here`,
        block,
      );
    if (called === null) {
      root.note('unresolved-module', `the source of module ${name} is not in this tree`, block);
      return null;
    }
    if (ancestry.length > MAX_MODULE_DEPTH || ancestry.includes(called.directory)) {
      root.note('cycle', `module ${name} calls itself`, block);
      return null;
    }
    const repetition = instancesOf(block);
    // Modules that call two each make a million instances in twenty levels, each without an expression to count.
    root.budget.steps -= STEPS_PER_MODULE * repetition.items.length;
    if (root.budget.steps <= 0) return null;
    const instances = repetition.items.map((item) => {
      const inputs = new Map<string, Value>();
      const given = (variableName: string): Value | null => {
        const attribute = attributeOf(block.body, variableName);
        if (attribute === undefined) return null;
        const ready = inputs.get(variableName);
        if (ready !== undefined) return ready;
        const value = via(evaluate(attribute.value, item.scope), attribute.value);
        inputs.set(variableName, value);
        return value;
      };
      const reasons = [
        ...(item.key?.from ?? []),
        ...(item.value?.from ?? []),
        { file: block.file, start: block.start, end: block.end },
      ];
      return instantiate(
        root,
        called,
        `${prefix}module.${name}${item.suffix}.`,
        [...reasons, ...because],
        [...ancestry, called.directory],
        given,
      );
    });
    return { repetition, instances };
  };

  const resolve = (location: string, name: string): ModuleDefinition | null => {
    if (location.startsWith('./') || location.startsWith('../')) {
      const directory = joinPath(definition.directory, location);
      return directory === null ? null : root.definition(directory);
    }
    const key = `${prefix}module.${name}`.replaceAll(/\[[^\]]*\]/g, '').replaceAll('module.', '');
    const directory = root.installed(key);
    const own = directory === null ? null : root.definition(directory);
    if (own !== null) return own;
    const model = modelDirectory(location, definition.directory, name);
    return model === null ? null : root.definition(model);
  };

  return { definition, prefix, because, scope, output, children: childrenOf, instancesOf };
}

function collected(instances: Instances, one: (item: RepeatedItem) => UnknownValue, ref: string): Value {
  const origin = instances.value?.from ?? [];
  if (instances.kind === 'single') return one(instances.items[0]!);
  if (!instances.known) return unknown(ref, origin);
  if (instances.kind === 'count') return list(instances.items.map(one), 'tuple', origin);
  const entries = instances.items.map((item): [string, MapEntry] => {
    const key = item.key ?? str('');
    return [toText(key) ?? '', { key, value: one(item) }];
  });
  return map(entries, 'object', origin);
}

/** As Terraform prints path.module: relative to the root, `.` for the root itself. */
function relativePath(from: string, to: string): string {
  if (from === to) return '.';
  const a = from === '.' ? [] : from.split('/');
  const b = to === '.' ? [] : to.split('/');
  let same = 0;
  while (same < a.length && same < b.length && a[same] === b[same]) same += 1;
  const up = a.slice(same).map(() => '..');
  return [...up, ...b.slice(same)].join('/') || '.';
}
