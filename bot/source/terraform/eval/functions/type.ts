import { asBool, asList, asMap, asNumber, asSet, asString } from '../convert.ts';
import { nameOf, str, type Value } from '../value.ts';
import { known, partial, type Registered } from './helpers.ts';

const conversion = (name: string, run: (value: Value) => Value): Registered =>
  partial(name, [1, 1], ([value], { open }) =>
    value!.t === 'unknown' ? (name === 'tostring' || name === 'tolist' ? value! : open()) : run(value!),
  );

function typeName(value: Value): string {
  if (value.t === 'list') return value.as;
  if (value.t === 'map') return value.as;
  return value.t === 'unknown' ? nameOf(value) : value.t;
}

export const conversionFunctions: readonly Registered[] = [
  conversion('tostring', asString),
  conversion('tonumber', asNumber),
  conversion('tobool', asBool),
  conversion('tolist', asList),
  conversion('toset', asSet),
  conversion('tomap', asMap),
  known('type', [1, 1], ([value]) => str(typeName(value!))),
];
