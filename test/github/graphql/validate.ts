import { readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { buildSchema, executeSync, type GraphQLError, isObjectType, parse, validate } from 'graphql';

const SCHEMA = buildSchema(readFileSync(new URL('schema.graphql', import.meta.url), 'utf8'));

/** A reply's `data` as the schema would have it told: every field asked for, of its type, and nothing else. */
export function assertGraphql(sent: unknown, reply: { status: number; body: unknown }): void {
  const { query, variables } = (sent ?? {}) as { query?: unknown; variables?: Record<string, unknown> };
  if (typeof query !== 'string') throw new Error('POST /graphql: no query');
  const document = parse(query);
  fail('the request', validate(SCHEMA, document));
  const { data, errors } = (reply.body ?? {}) as { data?: unknown; errors?: readonly { message?: unknown }[] };
  if (reply.status !== 200 || errors !== undefined) {
    // The variables are judged all the same.
    const { errors: wrong } = run(document, variables, null);
    fail(
      'the request',
      (wrong ?? []).filter((one) => one.path === undefined),
    );
    if (reply.status === 200 && errors?.every((one) => typeof one.message === 'string') !== true)
      throw new Error('POST /graphql: an error without a message');
    return;
  }
  const told = run(document, variables, data);
  fail('the exchange', told.errors ?? []);
  if (!isDeepStrictEqual(plain(told.data), plain(data)))
    throw new Error(`POST /graphql: the reply is ${JSON.stringify(data)}, asked was ${JSON.stringify(told.data)}`);
}

function run(
  document: ReturnType<typeof parse>,
  variableValues: Record<string, unknown> | undefined,
  rootValue: unknown,
) {
  return executeSync({
    schema: SCHEMA,
    document,
    rootValue,
    ...(variableValues === undefined ? {} : { variableValues }),
    // A reply does not say which of an interface's types it is; the App asks for one.
    typeResolver: (_value, _context, _info, abstract) => SCHEMA.getPossibleTypes(abstract).find(isObjectType)?.name,
    fieldResolver: (source, _args, _context, info) =>
      (source as Record<string, unknown> | null)?.[info.path.key as string],
  });
}

const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

function fail(what: string, errors: readonly (GraphQLError | Error)[]): void {
  if (errors.length > 0) throw new Error(`POST /graphql: ${what}: ${errors.map((one) => one.message).join('; ')}`);
}
