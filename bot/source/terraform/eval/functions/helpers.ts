import { toNumber, toText } from '../convert.ts';
import type { TerraformFunction } from '../scope.ts';
import { bool, failure, list, num, str, unknown, type Value } from '../value.ts';

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
  if (typeof result !== 'number') return bool(result);
  if (Number.isNaN(result)) return failure(`${name} of these is no number`);
  // Terraform has an infinite number there, which no attribute takes.
  return Number.isFinite(result) ? num(result) : unknown(`unknown:${name} without bounds`);
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

const segmenter = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** The characters that a person sees, which Terraform counts: Unicode's extended grapheme clusters. */
export function graphemes(text: string): string[] {
  return /^[\x20-\x7e]*$/.test(text) ? [...text] : [...segmenter.segment(text)].map((one) => one.segment);
}
