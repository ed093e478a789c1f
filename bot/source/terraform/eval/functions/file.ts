import { createHash } from 'node:crypto';
import { toText } from '../convert.ts';
import { bind, type CallContext } from '../scope.ts';
import { bool, failure, str, type Value } from '../value.ts';
import { fromJson } from './encoding.ts';
import { known, partial, type Registered } from './helpers.ts';

function read(path: Value | undefined, context: CallContext): string | null {
  const text = path === undefined ? null : toText(path);
  return text === null ? null : context.scope.environment.files.read(text);
}

/** A file that is not in the tree may exist elsewhere: unknown, not an error. */
function reading(name: string, run: (text: string) => Value): Registered {
  return known(name, [1, 1], ([path], context) => {
    const text = read(path, context);
    return text === null ? context.open() : run(text);
  });
}

const digest = (algorithm: string, encoding: 'hex' | 'base64') => (text: string) =>
  str(createHash(algorithm).update(text, 'utf8').digest(encoding));

export const fileFunctions: readonly Registered[] = [
  reading('file', (text) => str(text)),
  reading('filebase64', (text) => str(Buffer.from(text, 'utf8').toString('base64'))),
  reading('filemd5', digest('md5', 'hex')),
  reading('filesha1', digest('sha1', 'hex')),
  reading('filesha256', digest('sha256', 'hex')),
  reading('filesha512', digest('sha512', 'hex')),
  reading('filebase64sha256', digest('sha256', 'base64')),
  reading('filebase64sha512', digest('sha512', 'base64')),
  known('fileexists', [1, 1], ([path], context) =>
    context.scope.environment.files.exists(toText(path!) ?? '') ? bool(true) : context.open(),
  ),
  known('fileset', [2, 2], ([directory, pattern], context) => {
    const found = context.scope.environment.files.match(toText(directory!) ?? '', toText(pattern!) ?? '');
    if (found === null) return context.open();
    const value = fromJson(found);
    return value.t === 'list' ? { ...value, as: 'set' } : value;
  }),
  known('basename', [1, 1], ([path]) => str((toText(path!) ?? '').replace(/\/+$/, '').split('/').at(-1) || '.')),
  known('dirname', [1, 1], ([path]) => {
    const parts = (toText(path!) ?? '').split('/').slice(0, -1);
    return str(parts.length === 0 ? '.' : parts.join('/') || '/');
  }),
  partial('templatefile', [2, 2], ([path, variables], context) => {
    const text = read(path, context);
    if (text === null || variables?.t !== 'map') return context.open();
    return render(text, variables, context);
  }),
  partial('templatestring', [2, 2], ([text, variables], context) => {
    const source = text === undefined ? null : toText(text);
    return source === null || variables?.t !== 'map' ? context.open() : render(source, variables, context);
  }),
];

function render(text: string, variables: Value, context: CallContext): Value {
  if (variables.t !== 'map') return failure('templatefile takes a map');
  const expression = context.scope.environment.files.template(text, context.place);
  const names = Object.fromEntries([...variables.entries].map(([key, entry]) => [key, entry.value]));
  return context.evaluate(expression, bind({ ...context.scope, bindings: new Map() }, names));
}
