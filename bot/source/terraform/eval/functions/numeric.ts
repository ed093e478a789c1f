import { numberOf } from '../convert.ts';
import { add, negate, ofInteger, parseFloat512, truncate } from '../number.ts';
import {
  compareNumbers,
  failure,
  float,
  floatOf,
  list,
  type NumberValue,
  num,
  tooLarge,
  type Value,
} from '../value.ts';
import { known, MANY, ofNumbers, partial, type Registered } from './helpers.ts';

const MAX_RANGE = 1024;

function numbersOf(args: readonly Value[]): NumberValue[] | null {
  const numbers = args.map(numberOf).filter((n) => n !== null);
  return numbers.length === args.length ? numbers : null;
}

function range(args: readonly Value[]): Value {
  const numbers = numbersOf(args);
  if (numbers === null) return failure('range of something else than numbers');
  const zero = num(0);
  const [start, limit] = args.length === 1 ? [zero, numbers[0]!] : [numbers[0]!, numbers[1]!];
  const down = compareNumbers(limit, start) < 0;
  const step = numbers[2] ?? num(down ? -1 : 1);
  const rises = compareNumbers(step, zero);
  if (rises === 0 || (compareNumbers(limit, start) > 0 && rises < 0) || (down && rises > 0))
    return failure('range with a step that never ends');
  const items: Value[] = [];
  for (let n = start; ; n = float(add(floatOf(n), floatOf(step)))) {
    const left = compareNumbers(n, limit);
    if (rises > 0 ? left >= 0 : left <= 0) break;
    // Terraform itself stops at 1024 elements.
    if (items.length >= MAX_RANGE) return failure('range of more than 1024 elements');
    items.push(n);
  }
  return { ...list(items, 'list'), element: { k: 'number' } };
}

/** max and min also take one list with `...`; that is expanded before. */
function extreme(name: string, sign: 1 | -1): Registered {
  return known(name, [1, MANY], (args) => {
    const numbers = numbersOf(args);
    if (numbers === null) return failure(`${name} of something else than numbers`);
    return numbers.reduce((a, b) => (sign * compareNumbers(b, a) > 0 ? b : a));
  });
}

/** Of a number as it is, whatever its precision. */
function exactly(name: string, run: (n: NumberValue) => Value): Registered {
  return known(name, [1, 1], ([value]) => {
    const number = numberOf(value!);
    return number === null ? failure(`${name} of something else than a number`) : run(number);
  });
}

function whole(n: NumberValue, up: boolean): Value {
  const exact = floatOf(n);
  const cut = truncate(exact);
  const rest = compareNumbers(n, float(ofInteger(cut)));
  const result = up ? (rest > 0 ? cut + 1n : cut) : rest < 0 ? cut - 1n : cut;
  return float(ofInteger(result, exact.p));
}

export const numericFunctions: readonly Registered[] = [
  exactly('abs', (n) => (n.v < 0 ? float(negate(floatOf(n))) : n)),
  exactly('ceil', (n) => whole(n, true)),
  exactly('floor', (n) => whole(n, false)),
  ofNumbers('log', [2, 2], (n, base) => Math.log(n!) / Math.log(base!)),
  known('pow', [2, 2], ([base, power], { open }) => {
    const [a, b] = [numberOf(base!), numberOf(power!)];
    if (a === null || b === null) return failure('pow of something else than numbers');
    const result = a.v ** b.v;
    // Whole numbers are exact; of others Go's last digit may be another one.
    return Number.isSafeInteger(result) || (result * 4096) % 1 === 0 ? num(result) : open();
  }),
  ofNumbers('signum', [1, 1], (n) => (Number.isInteger(n) && Math.abs(n!) < 2 ** 63 ? Math.sign(n!) : null)),
  extreme('max', 1),
  extreme('min', -1),
  known('range', [1, 3], range),
  partial('sum', [1, 1], ([value], { open }) => {
    if (value?.t !== 'list' || value.items.some((item) => item.t === 'unknown')) return open();
    const numbers = numbersOf(value.items);
    if (numbers === null || numbers.length === 0) return failure('sum of something else than numbers');
    return numbers.reduce((a, b) => float(add(floatOf(a), floatOf(b))));
  }),
];

/** Numbers of decoded text; null where none. */
export function decodedNumber(text: string): Value {
  const exact = parseFloat512(text);
  // A zero keeps its sign there.
  if (exact === null || (exact.m === 0n && text.startsWith('-'))) return tooLarge();
  return float(exact);
}
