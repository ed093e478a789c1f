import type { SourceRange } from '../../contract.ts';
import type { Expression, ForExpression, TemplatePart } from '../syntax/ast.ts';
import { alike, asString, elementsOf, numberOf, toBool, toNumber, toText } from './convert.ts';
import { callFunction } from './functions/call.ts';
import { add, divide, modulo, multiply, negate, parseFloat512 } from './number.ts';
import { bind, type Scope } from './scope.ts';
import {
  bool,
  compareNumbers,
  equal,
  failure,
  float,
  floatOf,
  hasError,
  list,
  type MapEntry,
  map,
  type NumberValue,
  nameOf,
  num,
  numberText,
  origins,
  str,
  tooLarge,
  type UnknownValue,
  unknown,
  type Value,
  via,
  weight,
} from './value.ts';

/** Steps that one evaluation of a root may take: far above any real module, low enough to end a bomb within a second or two. */
export const MAX_STEPS = 400_000;
const MAX_ELEMENTS = 20_000;
/** Values within one value: more than any file that yamldecode reads. */
const MAX_WEIGHT = 200_000;
/** Locals that need locals that need…: each takes several frames of the stack. */
const MAX_NESTING = 400;
/** In UTF-16 code units. */
const MAX_TEXT = 2_000_000;

/** Evaluates; never throws. What cannot be known is an unknown with a name, an error an unknown that `try` catches. */
export function evaluate(expression: Expression, scope: Scope): Value {
  const { budget } = scope.environment;
  budget.steps -= 1;
  if (budget.steps <= 0 || budget.depth > MAX_NESTING) return tooLarge();
  const kept = expression.kind === 'tuple' || expression.kind === 'object';
  const known = kept ? constants.get(expression) : undefined;
  if (known !== undefined) return known;
  budget.depth += 1;
  try {
    const value = evaluateHere(expression, scope);
    if (weight(value) > MAX_WEIGHT) return tooLarge(value.from);
    if (kept && value.t !== 'unknown' && isConstant(expression)) constants.set(expression, value);
    return value;
  } finally {
    budget.depth -= 1;
  }
}

/** What literals alone make is the same in every evaluation of its file: a table of a module's defaults is made once. A literal is made faster than it is found. */
const constants = new WeakMap<Expression, Value>();
const constancy = new WeakMap<Expression, boolean>();

function isConstant(e: Expression): boolean {
  if (e.kind === 'literal') return true;
  if (e.kind !== 'tuple' && e.kind !== 'object' && e.kind !== 'parentheses') return false;
  const known = constancy.get(e);
  if (known !== undefined) return known;
  const made =
    e.kind === 'parentheses'
      ? isConstant(e.inner)
      : e.kind === 'tuple'
        ? e.items.every(isConstant)
        : e.items.every(({ key, value }) => isConstant(key) && isConstant(value));
  constancy.set(e, made);
  return made;
}

function evaluateHere(e: Expression, scope: Scope): Value {
  switch (e.kind) {
    case 'literal':
      return literal(e, e);
    case 'parentheses':
      return evaluate(e.inner, scope);
    case 'template':
      return template(e.parts, scope, e);
    case 'tuple':
      return list(
        e.items.map((item) => via(evaluate(item, scope), item)),
        'tuple',
        [place(e)],
      );
    case 'object':
      return object(e, scope);
    case 'variable':
    case 'attribute':
      return reference(e, scope);
    case 'index':
      return via(index(evaluate(e.of, scope), evaluate(e.key, scope), scope), e);
    case 'splat':
      return splat(e, scope);
    case 'splat-element':
      return scope.bindings.get(splatName(e)) ?? failure('a splat out of place');
    case 'call':
      return call(e, scope);
    case 'for':
      return forExpression(e, e, scope);
    case 'conditional':
      return conditional(e, scope);
    case 'binary':
      return binary(e.operator, evaluate(e.left, scope), () => evaluate(e.right, scope), e);
    case 'unary':
      return unary(e.operator, evaluate(e.operand, scope), e);
    case 'invalid':
      return failure(e.why, [place(e)]);
  }
}

function place(e: SourceRange): SourceRange {
  return { file: e.file, start: e.start, end: e.end };
}

function literal({ value, source }: Extract<Expression, { kind: 'literal' }>, at: SourceRange): Value {
  const from = [place(at)];
  if (value === null) return { t: 'null', from };
  if (typeof value === 'string') return str(value, from);
  if (typeof value !== 'number') return bool(value, from);
  if (Number.isSafeInteger(value)) return { ...num(value, from), literal: true };
  const exact = parseFloat512(source ?? String(value));
  return exact === null ? tooLarge(from) : float(exact, from);
}

function template(parts: readonly TemplatePart[], scope: Scope, at: SourceRange): Value {
  const used: Value[] = [];
  const text: string[] = [];
  let open = false;
  // A list or null within text is an error, not something unknown.
  let wrong = false;
  const walk = (list: readonly TemplatePart[], inner: Scope): void => {
    for (const part of list) {
      if (part.kind === 'text') text.push(part.text);
      else if (part.kind === 'interpolation') {
        const value = evaluate(part.value, inner);
        used.push(value);
        const piece = toText(value);
        if (piece === null) open = true;
        if (piece === null && value.t !== 'unknown') wrong = true;
        text.push(piece ?? `\${${nameOf(value)}}`);
      } else if (part.kind === 'if') {
        const condition = evaluate(part.condition, inner);
        const truth = toBool(condition);
        used.push(condition);
        if (truth === null) {
          open = true;
          if (condition.t !== 'unknown') wrong = true;
          text.push(`\${${nameOf(condition)}}`);
        } else walk(truth ? part.yes : part.no, inner);
      } else {
        const collection = evaluate(part.collection, inner);
        used.push(collection);
        const pairs = pairsOf(collection);
        if (pairs === null) {
          open = true;
          if (collection.t !== 'unknown') wrong = true;
          text.push(`\${${nameOf(collection)}}`);
          continue;
        }
        for (const { key, value } of pairs) {
          const names = part.keyName === null ? {} : { [part.keyName]: key };
          walk(part.body, bind(inner, { ...names, [part.valueName]: value }));
        }
      }
    }
  };
  walk(parts, scope);
  const error = used.find((value): value is UnknownValue => value.t === 'unknown' && value.error === true);
  const from = [...origins(used), place(at)];
  const length = text.reduce((sum, piece) => sum + piece.length, 0);
  scope.environment.budget.steps -= Math.trunc(length / 100);
  if (length > MAX_TEXT) return tooLarge(from);
  if (!open) return str(text.join(''), from);
  return { ...unknown(`unknown:${text.join('')}`, from), ...(error === undefined && !wrong ? {} : { error: true }) };
}

function object(e: Extract<Expression, { kind: 'object' }>, scope: Scope): Value {
  const entries: [string, MapEntry][] = [];
  for (const item of e.items) {
    const key = asString(evaluate(item.key, scope));
    const value = via(evaluate(item.value, scope), item.value);
    if (key.t === 'unknown')
      return { ...unknown(`unknown:{${nameOf(key)}=${nameOf(value)}}`, [place(e)]), ...errorOf(key) };
    if (key.t !== 'string') return failure('an object key is not a string', [place(e)]);
    entries.push([key.v, { key: via(key, item.key), value }]);
  }
  return map(entries, 'object', [place(e)]);
}

/** A run of names is resolved as one: `aws_vpc.main.cidr_block` has no value for `aws_vpc` alone. */
function reference(e: Extract<Expression, { kind: 'variable' | 'attribute' }>, scope: Scope): Value {
  const names: string[] = [];
  let base: Expression = e;
  while (base.kind === 'attribute') {
    names.unshift(base.name);
    base = base.of;
  }
  if (base.kind !== 'variable') {
    const value = names.reduce((v, name) => attribute(v, name, scope), evaluate(base, scope));
    return via(value, e);
  }
  const bound = scope.bindings.get(base.name);
  if (bound !== undefined)
    return via(
      names.reduce((v, name) => attribute(v, name, scope), bound),
      e,
    );
  const { value, used } = scope.environment.reference([base.name, ...names], place(e));
  return via(
    names.slice(used - 1).reduce((v, name) => attribute(v, name, scope), value),
    e,
  );
}

export function attribute(value: Value, name: string, scope: Scope): Value {
  if (value.t === 'map') {
    const entry = value.entries.get(name);
    return entry === undefined ? failure(`attribute ${name} of ${nameOf(value)}`, value.from) : entry.value;
  }
  if (value.t === 'unknown') {
    if (value.attribute !== undefined) return value.attribute(name);
    return extend(value, `.${name}`, scope);
  }
  if (value.t === 'list' && /^\d+$/.test(name)) return index(value, num(Number(name)), scope);
  return failure(`attribute ${name} of ${nameOf(value)}`, value.from);
}

function extend(value: UnknownValue, step: string, scope: Scope): Value {
  const { error } = value;
  const text = `${value.text}${step}`;
  if (text.startsWith('ref:')) {
    const fact = scope.environment.fact(text);
    if (fact !== null) return { ...fact, from: value.from };
  }
  return { ...unknown(text, value.from), ...(error === undefined ? {} : { error }) };
}

export function index(value: Value, key: Value, scope: Scope): Value {
  if (value.t === 'unknown') {
    const step = key.t === 'number' ? numberText(key) : nameOf(key);
    return extend(value, `[${step}]`, scope);
  }
  if (key.t === 'unknown') {
    const why = `unknown:${nameOf(value)}[${nameOf(key)}]`;
    return { ...unknown(why, origins([key, value])), ...(key.error === true ? { error: true } : {}) };
  }
  if (value.t === 'list') {
    const at = toNumber(key);
    if (at === null || !Number.isInteger(at) || at < 0 || value.as === 'set')
      return failure(`index ${nameOf(key)}`, value.from);
    const many = value.items.findIndex((item) => item.t === 'unknown' && item.many === true);
    if (many >= 0 && many <= at) return unknown(`unknown:${nameOf(value)}[${at}]`, value.from);
    return value.items[at] ?? failure(`index ${at} of a list of ${value.items.length}`, value.from);
  }
  if (value.t === 'map') {
    const text = toText(key);
    const entry = text === null ? undefined : value.entries.get(text);
    return entry === undefined ? failure(`key ${nameOf(key)} of ${nameOf(value)}`, value.from) : entry.value;
  }
  return failure(`index of ${nameOf(value)}`, value.from);
}

function splatName(e: SourceRange): string {
  return `*${e.file}:${e.start}`;
}

function splat(e: Extract<Expression, { kind: 'splat' }>, scope: Scope): Value {
  const of = evaluate(e.of, scope);
  const name = splatName(e.placeholder);
  const each = (item: Value) => evaluate(e.element, bind(scope, { [name]: item }));
  if (of.t === 'null') return list([], 'tuple', of.from);
  if (of.t === 'unknown' && of.error === true) return of;
  if (of.t === 'list') {
    const element = of.items.length === 0 && of.as !== 'tuple' ? of.element?.k : undefined;
    if ((element === 'string' || element === 'number' || element === 'bool') && e.element.kind !== 'splat-element')
      return failure(`an attribute of a ${element}`, of.from);
    const items = of.items.map((item) => {
      const value = each(item);
      return item.t === 'unknown' && item.many === true && value.t === 'unknown' ? { ...value, many: true } : value;
    });
    return list(items, of.as === 'set' ? 'list' : of.as, [...of.from, place(e)]);
  }
  if (of.t === 'unknown' && of.attribute === undefined) {
    const item = each(extend(of, '[*]', scope));
    const fact = item.t === 'list' ? item : null;
    if (fact !== null) return fact;
    return list([item.t === 'unknown' ? { ...item, many: true } : item], 'tuple', [...of.from, place(e)]);
  }
  return list([each(of)], 'tuple', [...of.from, place(e)]);
}

function call(e: Extract<Expression, { kind: 'call' }>, scope: Scope): Value {
  if (e.name === 'try') {
    let last: Value = failure('try without an argument', [place(e)]);
    for (const argument of e.args) {
      last = evaluate(argument, scope);
      if (!hasError(last)) return via(last, e);
    }
    return via(last, e);
  }
  if (e.name === 'can') {
    const value = e.args[0] === undefined ? failure('can without an argument') : evaluate(e.args[0], scope);
    if (value.t === 'unknown' && value.error !== true) return unknown(`unknown:can(${nameOf(value)})`, [place(e)]);
    return bool(!hasError(value), [place(e)]);
  }
  const args = e.args.map((argument) => evaluate(argument, scope));
  if (e.expand) {
    const last = args.pop();
    const rest = last === undefined ? [] : elementsOf(last);
    if (rest === null || rest.some((item) => item.t === 'unknown' && item.many === true))
      return unknown(`unknown:${e.name}(${[...args, last!].map(nameOf).join(',')}...)`, [place(e)]);
    args.push(...rest);
  }
  return via(callFunction(e.name, args, scope, place(e), evaluate), e);
}

/** Key and value as a for expression or for_each sees them; null where the collection is unknown or none. */
export function pairsOf(value: Value): { key: Value; value: Value }[] | null {
  if (value.t === 'map') return [...value.entries.values()];
  if (value.t === 'list')
    return value.items.map((item, i) => ({ key: value.as === 'set' ? item : num(i, item.from), value: item }));
  return null;
}

function forExpression(e: ForExpression, at: SourceRange, scope: Scope): Value {
  const collection = evaluate(e.collection, scope);
  const from = [...collection.from, place(at)];
  if (collection.t === 'unknown' && collection.attribute === undefined) {
    if (e.key !== null || collection.error === true)
      return {
        ...unknown(`unknown:for(${nameOf(collection)})`, from),
        ...(collection.error === true ? { error: true } : {}),
      };
    const item = extend(collection, '[*]', scope);
    const names = e.keyName === null ? {} : { [e.keyName]: unknown(`unknown:key of ${nameOf(collection)}`) };
    const value = evaluate(e.value, bind(scope, { ...names, [e.valueName]: item }));
    const kept: UnknownValue = { ...unknown(`unknown:for(${nameOf(value)})`, value.from), many: true };
    return list([kept], 'tuple', from);
  }
  const pairs = pairsOf(collection);
  if (pairs === null) return failure(`for over ${nameOf(collection)}`, from);
  if (pairs.length > MAX_ELEMENTS) return tooLarge(from);
  const items: Value[] = [];
  const entries = new Map<string, MapEntry>();
  const groups = new Map<string, { key: Value; values: Value[] }>();
  if (pairs.length === 0 && e.condition !== null) {
    // Terraform asks for the condition's type also where there is nothing to ask it of.
    const none = unknown('unknown:element');
    const condition = evaluate(
      e.condition,
      bind(scope, { ...(e.keyName === null ? {} : { [e.keyName]: none }), [e.valueName]: none }),
    );
    if (condition.t !== 'unknown' && toBool(condition) === null) return failure(`for if ${nameOf(condition)}`, from);
  }
  for (const pair of pairs) {
    if (scope.environment.budget.steps <= 0) return tooLarge(from);
    const names = e.keyName === null ? {} : { [e.keyName]: pair.key };
    const inner = bind(scope, { ...names, [e.valueName]: pair.value });
    let maybe = pair.value.t === 'unknown' && pair.value.many === true;
    if (e.condition !== null) {
      const condition = evaluate(e.condition, inner);
      const truth = toBool(condition);
      if (truth === false) continue;
      if (truth === null) {
        if (e.key !== null) return { ...unknown(`unknown:for(if ${nameOf(condition)})`, from), ...errorOf(condition) };
        maybe = true;
      }
    }
    const value = evaluate(e.value, inner);
    if (e.key === null) {
      items.push(maybe ? { ...unknown(`unknown:for(${nameOf(value)})`, value.from), many: true } : value);
      continue;
    }
    const key = asString(evaluate(e.key, inner));
    if (key.t !== 'string') return { ...unknown(`unknown:for({${nameOf(key)}})`, from), ...errorOf(key) };
    if (e.grouped) {
      const group = groups.get(key.v);
      if (group === undefined) groups.set(key.v, { key, values: [value] });
      else group.values.push(value);
    } else if (entries.has(key.v)) return failure(`the key ${JSON.stringify(key.v)} comes twice`, from);
    else entries.set(key.v, { key, value });
  }
  if (e.key === null) return list(items, 'tuple', from);
  for (const [key, group] of groups)
    entries.set(key, { key: group.key, value: list(group.values, 'tuple', origins(group.values)) });
  return map(entries, 'object', from);
}

function errorOf(value: Value): { error?: boolean } {
  return hasError(value) ? { error: true } : {};
}

function conditional(e: Extract<Expression, { kind: 'conditional' }>, scope: Scope): Value {
  const condition = evaluate(e.condition, scope);
  const truth = toBool(condition);
  if (truth === null && condition.t !== 'unknown')
    return failure(`${nameOf(condition)} ? …`, [...condition.from, place(e)]);
  if (truth === null) {
    const yes = evaluate(e.yes, scope);
    const no = evaluate(e.no, scope);
    const same = equal(yes, no) === true || (yes.t === 'unknown' && no.t === 'unknown' && yes.text === no.text);
    if (same && condition.t === 'unknown' && condition.error !== true)
      return { ...yes, from: [...origins([yes, no]), place(e)] };
    const name = `unknown:${nameOf(condition)}?${nameOf(yes)}:${nameOf(no)}`;
    return { ...unknown(name, [...origins([condition, yes, no]), place(e)]), ...errorOf(condition) };
  }
  const value = evaluate(truth ? e.yes : e.no, scope);
  return via(alike(value, evaluate(truth ? e.no : e.yes, scope)), e);
}

function unary(operator: string, operand: Value, at: SourceRange): Value {
  const from = [...operand.from, place(at)];
  if (operand.t === 'unknown')
    return { ...unknown(`unknown:${operator}${nameOf(operand)}`, from), ...errorOf(operand) };
  if (operator === '!') {
    const truth = toBool(operand);
    return truth === null ? failure(`!${nameOf(operand)}`, from) : bool(!truth, from);
  }
  const number = numberOf(operand);
  if (number === null) return failure(`-${nameOf(operand)}`, from);
  // It keeps its sign in text, and is equal to 0 all the same.
  if (number.v === 0) return unknown('unknown:-0', from);
  return number.exact === undefined ? num(-number.v, from) : float(negate(number.exact), from);
}

function binary(operator: string, left: Value, rightOf: () => Value, at: SourceRange): Value {
  const right = rightOf();
  const from = [...origins([left, right]), place(at)];
  const open = (): Value => ({
    ...unknown(`unknown:${nameOf(left)}${operator}${nameOf(right)}`, from),
    ...errorOf(left),
    ...errorOf(right),
  });
  if (operator === '==' || operator === '!=') {
    const same = hasError(left) || hasError(right) ? null : looselyEqual(left, right);
    return same === null ? open() : bool(operator === '==' ? same : !same, from);
  }
  if (operator === '&&' || operator === '||') {
    const [a, b] = [toBool(left), toBool(right)];
    const decisive = operator === '||';
    // Terraform 1.11 does not short-circuit errors, but a known operand decides over an unknown one.
    if (a === decisive && right.t === 'unknown' && right.error !== true) return bool(decisive, from);
    if (b === decisive && left.t === 'unknown' && left.error !== true) return bool(decisive, from);
    if (left.t === 'unknown' || right.t === 'unknown') return open();
    if (a === null || b === null) return failure(`${nameOf(left)} ${operator} ${nameOf(right)}`, from);
    return bool(operator === '&&' ? a && b : a || b, from);
  }
  if (left.t === 'unknown' || right.t === 'unknown') return open();
  const [a, b] = [numberOf(left), numberOf(right)];
  if (a === null || b === null) return failure(`${nameOf(left)} ${operator} ${nameOf(right)}`, from);
  try {
    return arithmetic(operator, a, b, from);
  } catch (error) {
    if (error instanceof RangeError) return tooLarge(from);
    throw error;
  }
}

function arithmetic(operator: string, a: NumberValue, b: NumberValue, from: Value['from']): Value {
  switch (operator) {
    case '<':
      return bool(compareNumbers(a, b) < 0, from);
    case '>':
      return bool(compareNumbers(a, b) > 0, from);
    case '<=':
      return bool(compareNumbers(a, b) <= 0, from);
    case '>=':
      return bool(compareNumbers(a, b) >= 0, from);
    case '+':
      return float(add(floatOf(a), floatOf(b)), from);
    case '-':
      return float(add(floatOf(a), negate(floatOf(b))), from);
    case '*':
      return float(multiply(floatOf(a), floatOf(b)), from);
    case '/':
    case '%':
      // Beyond 0 / 0 Terraform has an infinite number, which no attribute takes.
      if (b.v === 0)
        return a.v === 0 && operator === '/'
          ? failure('0 / 0', from)
          : unknown(`unknown:${nameOf(a)} ${operator} 0`, from);
      return float((operator === '/' ? divide : modulo)(floatOf(a), floatOf(b)), from);
    default:
      return failure(`the operator ${operator}`, from);
  }
}

/** `==` of Terraform: values of different primitive types are never equal (5 == "5" is false). */
function looselyEqual(a: Value, b: Value): boolean | null {
  if (a.t === 'unknown' && b.t === 'null') return a.attribute === undefined ? null : false;
  if (b.t === 'unknown' && a.t === 'null') return b.attribute === undefined ? null : false;
  if (a.t === 'unknown' && b.t === 'unknown' && a.error !== true && a.text === b.text && a.text.startsWith('ref:'))
    return true;
  return equal(a, b);
}
