import { toNumber, toText } from '../convert.ts';
import type { TerraformFunction } from '../scope.ts';
import { bool, failure, list, num, str, type Value } from '../value.ts';

export type Registered = readonly [string, TerraformFunction];

/** A function of strings only. */
export function ofStrings(
  name: string,
  count: number,
  run: (...args: string[]) => string | number | boolean | null,
): Registered {
  return [
    name,
    {
      arity: [count, count],
      arguments: 'known',
      run: (args) => {
        const texts = args.map(toText);
        if (texts.some((t) => t === null)) return failure(`${name} of something else than text`);
        return plain(name, run(...(texts as string[])));
      },
    },
  ];
}

/** A function of numbers only; null is an error. */
export function ofNumbers(
  name: string,
  arity: readonly [number, number],
  run: (...args: number[]) => number | null,
): Registered {
  return [
    name,
    {
      arity,
      arguments: 'known',
      run: (args) => {
        const numbers = args.map(toNumber);
        if (numbers.some((n) => n === null)) return failure(`${name} of something else than numbers`);
        return plain(name, run(...(numbers as number[])));
      },
    },
  ];
}

export function plain(name: string, result: string | number | boolean | null): Value {
  if (result === null) return failure(`${name} does not take these arguments`);
  if (typeof result === 'string') return str(result);
  return typeof result === 'number' ? num(result) : bool(result);
}

export function known(name: string, arity: readonly [number, number], run: TerraformFunction['run']): Registered {
  return [name, { arity, arguments: 'known', run }];
}

export function partial(name: string, arity: readonly [number, number], run: TerraformFunction['run']): Registered {
  return [name, { arity, arguments: 'partial', run }];
}

export function strings(values: readonly string[]): Value {
  return list(
    values.map((value) => str(value)),
    'list',
  );
}

export const MANY = Number.POSITIVE_INFINITY;
