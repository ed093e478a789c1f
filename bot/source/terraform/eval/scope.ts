import type { SourceRange } from '../../contract.ts';
import type { Expression } from '../syntax/ast.ts';
import type { Value } from './value.ts';

/** What an expression can see besides its own bindings: the module instance it stands in. */
export interface Environment {
  /** Resolves `var.x`, `local.x`, `module.m…`, `data.t.n…`, `aws_x.n…`, `path.…`, `terraform.…`; `used` says how many names it took. */
  reference(names: readonly string[], place: SourceRange): { value: Value; used: number };
  /** A value from outside the source for `ref:…`; null when there is none. */
  fact(ref: string): Value | null;
  files: FileAccess;
  budget: Budget;
}

/** What is left of an evaluation: steps in all, and how deep it is now. */
export interface Budget {
  steps: number;
  depth: number;
}

export interface Scope {
  environment: Environment;
  /** `each`, `count`, iterators of dynamic blocks, variables of for expressions. */
  bindings: ReadonlyMap<string, Value>;
}

export function bind(scope: Scope, names: Readonly<Record<string, Value>>): Scope {
  const bindings = new Map(scope.bindings);
  for (const [name, value] of Object.entries(names)) bindings.set(name, value);
  return { ...scope, bindings };
}

/** Files that functions may read: those of the tree only. Paths are Terraform's, relative to the root's directory. */
export interface FileAccess {
  read(path: string): string | null;
  exists(path: string): boolean;
  /** Paths under a directory that match a glob pattern, relative to it. */
  match(directory: string, pattern: string): string[] | null;
  /** A template's text as an expression. */
  template(text: string, place: SourceRange): Expression;
}

export interface CallContext {
  scope: Scope;
  place: SourceRange;
  /** The name of the unknown that this call makes when an argument is unknown. */
  open: () => Value;
  /** The evaluator itself, for templates. */
  evaluate: (expression: Expression, scope: Scope) => Value;
}

export interface TerraformFunction {
  /** Least and most arguments. */
  arity: readonly [number, number];
  /** `known`: run only when every part of every argument is known. `partial`: run always, the function looks itself. */
  arguments: 'known' | 'partial';
  run: (args: readonly Value[], context: CallContext) => Value;
}
