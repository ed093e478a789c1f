import type { Expression } from '../syntax/ast.ts';
import type { TypeConstraint } from './convert.ts';
import type { Value } from './value.ts';

/** The type expression of a variable; what is not understood is `any`. `evaluate` reads the defaults of optional attributes. */
export function typeOf(e: Expression, evaluate: (e: Expression) => Value): TypeConstraint {
  if (e.kind === 'parentheses') return typeOf(e.inner, evaluate);
  const name = e.kind === 'variable' ? e.name : e.kind === 'literal' && typeof e.value === 'string' ? e.value : null;
  if (name === 'string' || name === 'number' || name === 'bool') return { type: name };
  if (name === 'list' || name === 'set' || name === 'map') return { type: name, element: { type: 'any' } };
  if (e.kind !== 'call') return { type: 'any' };
  const [first] = e.args;
  if (first === undefined) return { type: 'any' };
  if (e.name === 'list' || e.name === 'set' || e.name === 'map')
    return { type: e.name, element: typeOf(first, evaluate) };
  if (e.name === 'tuple' && first.kind === 'tuple')
    return { type: 'tuple', elements: first.items.map((item) => typeOf(item, evaluate)) };
  if (e.name === 'object' && first.kind === 'object') {
    const attributes = first.items.flatMap((item) => {
      const key = item.key.kind === 'literal' ? String(item.key.value) : null;
      if (key === null) return [];
      const optional = item.value.kind === 'call' && item.value.name === 'optional';
      const inner = item.value.kind === 'call' && optional ? item.value.args[0] : item.value;
      const otherwise = item.value.kind === 'call' && optional ? item.value.args[1] : undefined;
      const type = inner === undefined ? ({ type: 'any' } as const) : typeOf(inner, evaluate);
      return [[key, { type, optional, otherwise: otherwise === undefined ? null : evaluate(otherwise) }] as const];
    });
    return { type: 'object', attributes: new Map(attributes) };
  }
  return { type: 'any' };
}
