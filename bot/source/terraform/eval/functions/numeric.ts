import { toNumber } from '../convert.ts';
import { failure, list, num, type Value } from '../value.ts';
import { known, MANY, ofNumbers, partial, type Registered } from './helpers.ts';

const MAX_RANGE = 1024;

function range(args: readonly Value[]): Value {
  const numbers = args.map(toNumber);
  if (numbers.some((n) => n === null)) return failure('range of something else than numbers');
  const [first, second, third] = numbers as number[];
  const start = args.length === 1 ? 0 : first!;
  const limit = args.length === 1 ? first! : second!;
  const step = third ?? (limit < start ? -1 : 1);
  if (step === 0 || (limit > start && step < 0) || (limit < start && step > 0))
    return failure('range with a step that never ends');
  const items: Value[] = [];
  for (let n = start; step > 0 ? n < limit : n > limit; n += step) {
    // Terraform itself stops at 1024 elements.
    if (items.length >= MAX_RANGE) return failure('range of more than 1024 elements');
    items.push(num(n));
  }
  return list(items, 'list');
}

/** max and min also take one list with `...`; that is expanded before. */
function extreme(name: string, pick: (...n: number[]) => number): Registered {
  return ofNumbers(name, [1, MANY], (...n) => pick(...n));
}

export const numericFunctions: readonly Registered[] = [
  ofNumbers('abs', [1, 1], (n) => Math.abs(n!)),
  ofNumbers('ceil', [1, 1], (n) => Math.ceil(n!)),
  ofNumbers('floor', [1, 1], (n) => Math.floor(n!)),
  ofNumbers('log', [2, 2], (n, base) => Math.log(n!) / Math.log(base!)),
  ofNumbers('pow', [2, 2], (n, power) => n! ** power!),
  ofNumbers('signum', [1, 1], (n) => (Number.isInteger(n) ? Math.sign(n!) : null)),
  extreme('max', Math.max),
  extreme('min', Math.min),
  known('range', [1, 3], range),
  partial('sum', [1, 1], ([value], { open }) => {
    if (value?.t !== 'list' || value.items.some((item) => item.t === 'unknown')) return open();
    const numbers = value.items.map(toNumber);
    if (numbers.length === 0 || numbers.some((n) => n === null)) return failure('sum of something else than numbers');
    return num((numbers as number[]).reduce((a, b) => a + b, 0));
  }),
];
