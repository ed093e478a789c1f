import { readFileSync, writeFileSync } from 'node:fs';
import { parseType } from './parse.ts';
import type { Description, Operation, Schema } from './types.ts';
import { USED } from './used.ts';

/**
 * `node test/github/openapi/trim.ts`: fixtures/github.json anew, GitHub's OpenAPI description as published in @octokit/openapi-types,
 * trimmed to the operations of used.ts. test/github/openapi.test.ts fails when it was forgotten.
 */
export function trimmed(): Description {
  // It comes with @octokit/rest, whose types are made from it.
  const read = (name: string) =>
    readFileSync(new URL(`../../../node_modules/@octokit/openapi-types/${name}`, import.meta.url), 'utf8');
  const manifest = JSON.parse(read('package.json')) as { version: string };
  const text = read('types.d.ts');
  const paths = interfaceOf(text, 'paths');
  const operations = interfaceOf(text, 'operations');
  const components = interfaceOf(text, 'components');

  const wanted = new Set<string>(USED);
  const out: Operation[] = [];
  for (const [path, methods] of Object.entries(paths.properties ?? {}))
    for (const [method, ref] of Object.entries(methods.properties ?? {})) {
      const id = ref.$ref?.split('#')[1];
      if (id === undefined || !wanted.delete(id)) continue;
      out.push(operationOf(id, method, path, operations.properties![id]!, components));
    }
  if (wanted.size > 0) throw new Error(`not in the description: ${[...wanted].join(', ')}`);
  const schemas: Record<string, Schema> = {};
  const collect = (schema: Schema): void => {
    if (schema.$ref !== undefined) {
      if (schemas[schema.$ref] !== undefined) return;
      const found = lookup(schema.$ref, components);
      schemas[schema.$ref] = found;
      collect(found);
    }
    for (const one of childrenOf(schema)) collect(one);
  };
  for (const one of out)
    for (const schema of [one.query, one.body, ...Object.values(one.responses)]) if (schema) collect(schema);
  return {
    source: `@octokit/openapi-types ${manifest.version}`,
    operations: out.sort((a, b) => (a.id < b.id ? -1 : 1)),
    schemas: Object.fromEntries(Object.entries(schemas).sort(([a], [b]) => (a < b ? -1 : 1))),
  };
}

function interfaceOf(text: string, name: string): Schema {
  return parseType(text, text.indexOf('{', text.indexOf(`export interface ${name} `))).schema;
}

function operationOf(id: string, method: string, path: string, operation: Schema, components: Schema): Operation {
  const part = (schema: Schema | undefined, name: string) => schema?.properties?.[name];
  const body = part(part(operation, 'requestBody'), 'content');
  const responses: Record<string, Schema | null> = {};
  for (const [status, response] of Object.entries(part(operation, 'responses')?.properties ?? {})) {
    const resolved = response.$ref === undefined ? response : lookup(response.$ref, components);
    responses[status] = part(part(resolved, 'content'), 'application/json') ?? null;
  }
  const query = part(part(operation, 'parameters'), 'query');
  return {
    id,
    method: method.toUpperCase(),
    path,
    query: query === undefined ? null : inlined(query, components),
    body: part(body, 'application/json') ?? null,
    bodyRequired: operation.required?.includes('requestBody') ?? false,
    responses,
  };
}

/** Parameters are components of their own. */
function inlined(query: Schema, components: Schema): Schema {
  const properties = Object.fromEntries(
    Object.entries(query.properties ?? {}).map(([name, schema]) => [
      name,
      schema.$ref === undefined ? schema : lookup(schema.$ref, components),
    ]),
  );
  return { ...query, properties };
}

function lookup(ref: string, components: Schema): Schema {
  const [, kind, name] = ref.split('#');
  const found = components.properties?.[kind!]?.properties?.[name!];
  if (found === undefined) throw new Error(`no ${ref}`);
  return found;
}

function childrenOf(schema: Schema): Schema[] {
  return [
    ...Object.values(schema.properties ?? {}),
    ...(schema.values === undefined ? [] : [schema.values]),
    ...(schema.items === undefined ? [] : [schema.items]),
    ...(schema.anyOf ?? []),
    ...(schema.allOf ?? []),
  ];
}

/** One line for each operation and schema, so that a difference can be read. */
export function printed({ source, operations, schemas }: Description): string {
  const lines = Object.entries(schemas).map(([name, schema]) => `${JSON.stringify(name)}: ${JSON.stringify(schema)}`);
  return `{"source": ${JSON.stringify(source)},\n"operations": [\n${operations.map((one) => JSON.stringify(one)).join(',\n')}\n],\n"schemas": {\n${lines.join(',\n')}\n}}\n`;
}

if (import.meta.main) writeFileSync(new URL('fixtures/github.json', import.meta.url), printed(trimmed()));
