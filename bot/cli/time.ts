import type { EpochSeconds } from '@pare/analyzer/model/interface.ts';
import { PareError } from '@pare/analyzer/model/problem.ts';
import { terminalSafe } from '@pare/analyzer/model/text.ts';

const SECONDS: Readonly<Record<string, number>> = { h: 3_600, d: 86_400, w: 604_800 };

/** `90d`, `12w`, `24h`: whole, positive, at most ten years. Seconds. Throws PareError naming the option. */
export function parseDuration(text: string, option: string): number {
  const match = /^(\d{1,5})([hdw])$/.exec(text);
  const seconds = match === null ? 0 : Number(match[1]) * SECONDS[match[2]!]!;
  if (seconds <= 0 || seconds > 3_660 * 86_400) {
    throw badOption(option, text, 'a duration: a whole number and h, d or w, for example 90d, 12w or 24h');
  }
  return seconds;
}

/**
 * ISO 8601 with a zone (`2026-10-01T00:00:00Z`, `…+02:00`), or a date alone, which means its start in UTC. Whole seconds. A time without a
 * zone is refused: it would mean another hour on another machine.
 */
export function parseTime(text: string, option: string): EpochSeconds {
  const match =
    /^(\d{4})-(\d{2})-(\d{2})(?:T(\d{2}):(\d{2})(?::(\d{2})(?:\.0{1,9})?)?(Z|[+-]\d{2}:\d{2}))?$/.exec(text) ?? null;
  if (match === null) throw badTime(option, text);
  const [year, month, day, hour, minute, second] = [1, 2, 3, 4, 5, 6].map((i) => Number(match[i] ?? 0)) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const local = Date.UTC(year, month - 1, day, hour, minute, second);
  const back = new Date(local);
  const exists =
    back.getUTCFullYear() === year &&
    back.getUTCMonth() === month - 1 &&
    back.getUTCDate() === day &&
    hour < 24 &&
    minute < 60 &&
    second < 60;
  const zone = match[7] ?? 'Z';
  const zoneMinutes = zone === 'Z' ? 0 : Number(zone.slice(1, 3)) * 60 + Number(zone.slice(4, 6));
  if (!exists || zoneMinutes > 14 * 60) throw badTime(option, text);
  return local / 1_000 - (zone.startsWith('-') ? -zoneMinutes : zoneMinutes) * 60;
}

export interface WindowOptions {
  window?: string;
  from?: string;
  to?: string;
}

/** `--window` ends at `--to`, by default at the newest record; `--from` needs `--to` and excludes `--window`. */
export function parseWindow(
  options: WindowOptions,
): { from: EpochSeconds; to: EpochSeconds } | { lastSeconds: number; to: EpochSeconds | null } {
  const to = options.to === undefined ? null : parseTime(options.to, '--to');
  if (options.from === undefined) return { lastSeconds: parseDuration(options.window ?? '90d', '--window'), to };
  if (options.window !== undefined)
    throw conflict('--from and --window exclude each other', 'give --from with --to, or --window alone');
  if (to === null) throw conflict('--from needs --to', 'add --to, for example --to 2026-10-01');
  const from = parseTime(options.from, '--from');
  if (from >= to)
    throw conflict(
      `--from ${options.from} is not before --to ${options.to}`,
      'give a window that ends after it begins',
    );
  return { from, to };
}

function badTime(option: string, text: string): PareError {
  return badOption(
    option,
    text,
    'a date (2026-10-01, its start in UTC) or an ISO 8601 time with a zone (2026-10-01T00:00:00Z)',
  );
}

function badOption(option: string, text: string, wanted: string): PareError {
  return new PareError({
    code: 'bad-option',
    message: `${option} ${terminalSafe(text)} is not understood`,
    next: `give ${wanted}`,
    fault: 'configuration',
  });
}

function conflict(message: string, next: string): PareError {
  return new PareError({ code: 'options-exclude-each-other', message, next, fault: 'configuration' });
}
