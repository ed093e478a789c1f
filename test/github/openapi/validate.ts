import { readFileSync } from 'node:fs';
import type { Description, Operation, Schema } from './types.ts';

const description = JSON.parse(readFileSync(new URL('fixtures/github.json', import.meta.url), 'utf8')) as Description;

/** The operation of a request, by the most literal path; null where the App may not call such a route. */
export function operationOf(method: string, path: string): Operation | null {
  const fitting = description.operations.filter((one) => one.method === method && patternOf(one.path).test(path));
  return fitting.sort((a, b) => a.path.split('{').length - b.path.split('{').length)[0] ?? null;
}

export function schemaOf(name: string): Schema {
  const found = description.schemas[name];
  if (found === undefined) throw new Error(`no schema ${name}`);
  return found;
}

/** The last part may hold slashes where GitHub allows it: paths of files, names of refs. */
const patterns = new Map<string, RegExp>();
function patternOf(path: string): RegExp {
  const known = patterns.get(path);
  if (known !== undefined) return known;
  const source = path
    .replace(/[.*+?^$()|[\]\\]/g, '\\$&')
    .replace(/\{(path|ref)\}/g, '.+')
    .replace(/\{[a-z_]+\}/g, '[^/]+');
  const pattern = new RegExp(`^${source}$`);
  patterns.set(path, pattern);
  return pattern;
}

/** What is wrong with a value; empty: nothing. `strict`: names that the schema does not know are wrong too, as they are in a request. */
export function violations(value: unknown, schema: Schema, strict: boolean, at = '$'): string[] {
  if (schema.$ref !== undefined) return violations(value, schemaOf(schema.$ref), strict, at);
  if (schema.allOf !== undefined) return schema.allOf.flatMap((one) => violations(value, one, false, at));
  if (schema.anyOf !== undefined) {
    const all = schema.anyOf.map((one) => violations(value, one, strict, at));
    if (all.some((one) => one.length === 0)) return [];
    return all.sort((a, b) => a.length - b.length)[0] ?? [`${at}: nothing is allowed here`];
  }
  if (schema.const !== undefined)
    return value === schema.const ? [] : [`${at}: ${show(value)} is not ${show(schema.const)}`];
  switch (schema.type) {
    case undefined:
      return [];
    case 'null':
      return value === null ? [] : [`${at}: ${show(value)} is not null`];
    case 'array':
      if (!Array.isArray(value)) return [`${at}: ${show(value)} is no array`];
      return value.flatMap((one, n) => violations(one, schema.items ?? {}, strict, `${at}[${n}]`));
    case 'object':
      return objectViolations(value, schema, strict, at);
    default:
      return typeof value === schema.type ? [] : [`${at}: ${show(value)} is no ${schema.type}`];
  }
}

function objectViolations(value: unknown, schema: Schema, strict: boolean, at: string): string[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return [`${at}: ${show(value)} is no object`];
  const out: string[] = [];
  for (const name of schema.required ?? []) if (!(name in value)) out.push(`${at}.${name} is missing`);
  for (const [name, one] of Object.entries(value)) {
    const known = schema.properties?.[name] ?? schema.values;
    if (known !== undefined) out.push(...violations(one, known, strict, `${at}.${name}`));
    else if (strict && schema.properties !== undefined) out.push(`${at}.${name} is unknown`);
  }
  return out;
}

function show(value: unknown): string {
  return (JSON.stringify(value) ?? 'undefined').slice(0, 60);
}

/** Query values are text; numbers and booleans are meant by their text. */
export function queryViolations(query: URLSearchParams, operation: Operation): string[] {
  return [...query].flatMap(([name, text]) => {
    const schema = operation.query?.properties?.[name];
    // The routes that list refs page by links that GitHub itself gives.
    if (schema === undefined) return [`query ${name} is unknown`];
    const meant = [text, Number(text), text === 'true' ? true : text === 'false' ? false : text];
    return meant.some((one) => violations(one, schema, true).length === 0)
      ? []
      : [`query ${name}=${text} is not allowed`];
  });
}

/** Throws where a request or its reply is not what GitHub describes. */
export function assertExchange(
  request: { method: string; path: string; query: URLSearchParams; body: unknown },
  response: { status: number; body: unknown },
): void {
  const operation = operationOf(request.method, request.path);
  if (operation === null) throw new Error(`${request.method} ${request.path} is no route of used.ts`);
  const problems = queryViolations(request.query, operation);
  if (operation.body !== null) {
    if (request.body !== null) problems.push(...violations(request.body, operation.body, true));
    else if (operation.bodyRequired) problems.push('the body is missing');
  } else if (request.body !== null && JSON.stringify(request.body) !== '{}')
    problems.push('a body is sent and none is described');
  if (!(String(response.status) in operation.responses) && response.status < 500)
    problems.push(`status ${response.status} is not described`);
  const reply = operation.responses[String(response.status)];
  if (reply !== null && reply !== undefined) problems.push(...violations(response.body, reply, false));
  if (problems.length > 0) throw new Error(`${operation.id}: ${problems.slice(0, 8).join('; ')}`);
}
