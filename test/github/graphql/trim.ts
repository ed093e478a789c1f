import { readFileSync, writeFileSync } from 'node:fs';
import {
  buildSchema,
  type GraphQLNamedType,
  type GraphQLSchema,
  getNamedType,
  isInputObjectType,
  isInterfaceType,
  isObjectType,
  isUnionType,
  parse,
  TypeInfo,
  validate,
  visit,
  visitWithTypeInfo,
} from 'graphql';
import { BLAME, TO_DRAFT, TO_READY } from '../../../bot/github/platform/graphql.ts';

/** Every document that the App may send. */
export const DOCUMENTS = [BLAME, TO_DRAFT, TO_READY];

/**
 * `node test/github/graphql/trim.ts SCHEMA`: schema.graphql anew from GitHub's public GraphQL schema (schema.graphql of the npm package
 * @octokit/graphql-schema, unpacked), trimmed to the fields and arguments that the App's documents name, with the types they need.
 */
export function trimmed(text: string): string {
  const schema = buildSchema(text, { assumeValid: true });
  const fields = new Map<string, Set<string>>();
  const types = new Map<string, GraphQLNamedType>();
  const take = (type: GraphQLNamedType): void => {
    if (types.has(type.name)) return;
    types.set(type.name, type);
    if (isInputObjectType(type)) for (const one of Object.values(type.getFields())) take(getNamedType(one.type));
  };
  for (const document of DOCUMENTS) {
    const ast = parse(document);
    const errors = validate(schema, ast);
    if (errors.length > 0) throw errors[0]!;
    const info = new TypeInfo(schema);
    visit(
      ast,
      visitWithTypeInfo(info, {
        Field() {
          const parent = info.getParentType()!;
          const field = info.getFieldDef()!;
          take(parent);
          fields.set(parent.name, (fields.get(parent.name) ?? new Set()).add(field.name));
          take(getNamedType(field.type));
          for (const one of field.args) take(getNamedType(one.type));
        },
      }),
    );
  }
  return [...types.values()]
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map((type) => printed(type, schema, fields.get(type.name) ?? new Set(), types))
    .filter((one) => one !== '')
    .join('\n\n');
}

function printed(
  type: GraphQLNamedType,
  schema: GraphQLSchema,
  wanted: ReadonlySet<string>,
  types: ReadonlyMap<string, GraphQLNamedType>,
): string {
  const block = (kind: string, lines: readonly string[]) =>
    `${kind} {\n${lines.map((one) => `  ${one}`).join('\n')}\n}`;
  if (isInputObjectType(type))
    return block(
      `input ${type.name}`,
      Object.values(type.getFields()).map((one) => `${one.name}: ${String(one.type)}`),
    );
  if (isObjectType(type) || isInterfaceType(type)) {
    const lines = Object.values(type.getFields())
      .filter((one) => wanted.has(one.name))
      .map((one) => {
        const args = one.args.map((arg) => `${arg.name}: ${String(arg.type)}`).join(', ');
        return `${one.name}${args === '' ? '' : `(${args})`}: ${String(one.type)}`;
      });
    // What is reached by its implementations alone has no field of its own; a type must have one.
    if (lines.length === 0) lines.push('id: ID!');
    const bases = type.getInterfaces().filter((one) => types.has(one.name));
    if (bases.length > 0 && !lines.includes('id: ID!')) lines.push('id: ID!');
    const implementing = bases.length > 0 ? ` implements ${bases.map((one) => one.name).join(' & ')}` : '';
    return block(`${isObjectType(type) ? 'type' : 'interface'} ${type.name}${implementing}`, lines.sort());
  }
  if (isUnionType(type))
    throw new Error(`${type.name}: unions are not needed yet, in ${String(schema.getQueryType())}`);
  if ('getValues' in type)
    return block(
      `enum ${type.name}`,
      type.getValues().map((one) => one.name),
    );
  return ['ID', 'String', 'Int', 'Float', 'Boolean'].includes(type.name) ? '' : `scalar ${type.name}`;
}

if (process.argv[1] === import.meta.filename) {
  const [from] = process.argv.slice(2);
  if (from === undefined) throw new Error('usage: node test/github/graphql/trim.ts SCHEMA');
  writeFileSync(new URL('schema.graphql', import.meta.url), `${trimmed(readFileSync(from, 'utf8'))}\n`);
}
