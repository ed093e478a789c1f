import type { Schema } from '../openapi/types.ts';
import { schemaOf, violations } from '../openapi/validate.ts';

const samples = new Map<string, unknown>();

/** What is given, with everything that the schema asks for besides: the least that GitHub would answer. */
export function fill(schema: Schema, given: unknown): unknown {
  if (given === undefined) return sample(schema);
  if (schema.$ref !== undefined) return fill(schemaOf(schema.$ref), given);
  if (schema.allOf !== undefined) return schema.allOf.reduce<unknown>((out, one) => fill(one, out), given);
  if (schema.anyOf !== undefined) {
    const filled = schema.anyOf.map((one) => ({ one, value: fill(one, given) }));
    return filled.find(({ one, value }) => violations(value, one, false).length === 0)?.value ?? given;
  }
  if (schema.type === 'array') return Array.isArray(given) ? given.map((one) => fill(schema.items ?? {}, one)) : given;
  if (schema.type !== 'object' || typeof given !== 'object' || given === null || Array.isArray(given)) return given;
  const out: Record<string, unknown> = { ...given };
  for (const [name, one] of Object.entries(schema.properties ?? {}))
    if (name in out) out[name] = fill(one, out[name]);
    else if (schema.required?.includes(name) === true) out[name] = sample(one);
  return out;
}

function sample(schema: Schema): unknown {
  if (schema.$ref !== undefined) {
    if (!samples.has(schema.$ref)) samples.set(schema.$ref, sample(schemaOf(schema.$ref)));
    return structuredClone(samples.get(schema.$ref));
  }
  if (schema.const !== undefined) return schema.const;
  if (schema.allOf !== undefined) return schema.allOf.reduce<unknown>((out, one) => fill(one, out), {});
  if (schema.anyOf !== undefined)
    return schema.anyOf.some((one) => one.type === 'null') ? null : sample(schema.anyOf[0] ?? {});
  switch (schema.type) {
    case 'object':
      return fill(schema, {});
    case 'array':
      return [];
    case 'string':
      return '';
    case 'number':
      return 0;
    case 'boolean':
      return false;
    default:
      return null;
  }
}
