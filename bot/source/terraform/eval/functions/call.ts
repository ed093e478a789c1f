import type { SourceRange } from '../../../contract.ts';
import type { CallContext, Scope, TerraformFunction } from '../scope.ts';
import { failure, hasError, nameOf, origins, tooLarge, unknown, type Value, weight, whollyKnown } from '../value.ts';
import { collectionFunctions } from './collection.ts';
import { encodingFunctions } from './encoding.ts';
import { fileFunctions } from './file.ts';
import { networkFunctions } from './network.ts';
import { numericFunctions } from './numeric.ts';
import { stringFunctions } from './string.ts';
import { conversionFunctions } from './type.ts';

const FUNCTIONS: ReadonlyMap<string, TerraformFunction> = new Map([
  ...stringFunctions,
  ...collectionFunctions,
  ...numericFunctions,
  ...networkFunctions,
  ...encodingFunctions,
  ...conversionFunctions,
  ...fileFunctions,
]);

/** Those that take null; of all others it is an error. */
const OF_NULL: ReadonlySet<string> = new Set([
  'coalesce',
  'format',
  'formatlist',
  'issensitive',
  'jsonencode',
  'lookup',
  'merge',
  'nonsensitive',
  'one',
  'sensitive',
  'templatefile',
  'tobool',
  'tolist',
  'tomap',
  'tonumber',
  'toset',
  'tostring',
  'type',
  'yamlencode',
]);

/** Elements, or hundreds of characters, that one call may take. */
const MAX_SIZE = 20_000;

function sizeOf(value: Value): number {
  if (value.t === 'list') return weight(value);
  if (value.t === 'map') return value.entries.size;
  return value.t === 'string' ? 1 + Math.trunc(value.v.length / 100) : 1;
}

export function callFunction(
  written: string,
  args: readonly Value[],
  scope: Scope,
  place: SourceRange,
  evaluate: CallContext['evaluate'],
): Value {
  const name = written.replace(/^core::/, '');
  const from = origins(args);
  const open = (): Value => {
    const error = args.some(hasError);
    return { ...unknown(`unknown:${name}(${args.map(nameOf).join(',')})`, from), ...(error ? { error: true } : {}) };
  };
  const found = FUNCTIONS.get(name);
  // The clock, a provider's function, one of tomorrow: not known, and no error that `try` may catch.
  if (found === undefined) return open();
  if (args.length < found.arity[0] || args.length > found.arity[1])
    return failure(`${name} takes other arguments`, from);
  if (!OF_NULL.has(name) && args.some((arg) => arg.t === 'null')) return failure(`${name} of null`, from);
  if (found.arguments === 'known' ? !args.every(whollyKnown) : args.some(hasError)) return open();
  const size = args.reduce((sum, arg) => sum + sizeOf(arg), 0);
  scope.environment.budget.steps -= size;
  if (size > MAX_SIZE) return tooLarge(from);
  const value = bounded(() => found.run(args, { scope, place, open, evaluate }), from);
  return value.from.length === 0 ? { ...value, from } : value;
}

/** A text or number beyond what the engine holds is an error of the expression, not ours. */
function bounded(run: () => Value, from: Value['from']): Value {
  try {
    return run();
  } catch (error) {
    if (error instanceof RangeError) return tooLarge(from);
    throw error;
  }
}
