import { parseTime } from '../valid.ts';

/** Seconds since 1970 of a time as the SDK gives it (Date) or as JSON holds it (ISO 8601, seconds); null for anything else. */
export function momentOf(value: unknown): number | null {
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.getTime() / 1000;
  return typeof value === 'string' || typeof value === 'number' ? parseTime(value) : null;
}
