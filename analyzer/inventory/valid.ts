import type { z } from 'zod';
import { PareError } from '../model/problem.ts';

/** A raw item with the place it was read from, for messages. */
export interface Located<T> {
  value: T;
  file: string;
  /** JSON path, e.g. `SecurityGroupRules[3]`. */
  at: string;
}

/** Turns raw JSON into its valid type, once; the first thing wrong becomes one line with file and JSON path. */
export function validItem<T>(schema: z.ZodType<T>, raw: unknown, file: string, at: string, next: string): Located<T> {
  const result = schema.safeParse(raw);
  if (result.success) return { value: result.data, file, at };
  const issue = result.error.issues[0];
  const path = `${at}${(issue?.path ?? []).map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`)).join('')}`;
  throw wrongShape(file, path, issue?.message ?? 'wrong shape', next);
}

export function wrongShape(file: string, at: string, message: string, next: string): PareError {
  return new PareError({ code: 'inventory-wrong-shape', message, next, fault: 'input', file, at });
}

/** Order by code units: the same on every machine, whatever its locale. */
export function byText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** ISO 8601, or seconds since 1970 as the CLI's version 1 prints them; null for anything else. */
export function parseTime(value: string | number | null | undefined): number | null {
  if (value === null || value === undefined || value === '') return null;
  if (typeof value === 'string' && !/^\d{4}-\d\d-\d\d/.test(value))
    return Number.isFinite(Number(value)) ? Number(value) : null;
  const seconds = typeof value === 'number' ? value : Date.parse(value) / 1000;
  return Number.isFinite(seconds) ? seconds : null;
}
