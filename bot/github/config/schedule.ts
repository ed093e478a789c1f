import type { EpochSeconds } from '@pare/analyzer/model/interface.ts';
import { Cron } from 'croner';
import type { PareConfig } from './schema.ts';

/** The first slot after a time; null where the pattern names no day any more. */
export function nextSlot({ schedule }: PareConfig, after: EpochSeconds): EpochSeconds | null {
  const cron = new Cron(schedule.cron, { timezone: schedule.timezone, mode: '5-part' });
  const next = cron.nextRun(new Date(after * 1000));
  return next === null ? null : Math.floor(next.getTime() / 1000);
}

/** Never ran: due at once, so that the first pull requests do not wait for a week. */
export function isDue(config: PareConfig, lastRun: EpochSeconds | null, now: EpochSeconds): boolean {
  if (lastRun === null) return true;
  const next = nextSlot(config, lastRun);
  return next !== null && next <= now;
}

/** `YYYY-MM-DD` and weekday of a moment, as the people of the time zone call it. */
export function localDay(time: EpochSeconds, timeZone: string): { date: string; weekday: string } {
  const parts = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    weekday: 'short',
  }).formatToParts(new Date(time * 1000));
  const part = (type: string) => parts.find((one) => one.type === type)?.value ?? '';
  return {
    date: `${part('year').padStart(4, '0')}-${part('month')}-${part('day')}`,
    weekday: part('weekday').toLowerCase(),
  };
}

/** Why nothing is to be opened or changed at this moment; null when nothing speaks against it. */
export function quietReason(config: PareConfig, now: EpochSeconds): string | null {
  const { date, weekday } = localDay(now, config.schedule.timezone);
  const period = config.quiet.periods.find((one) => one.from <= date && date <= one.to);
  if (period !== undefined) return `quiet from ${period.from} to ${period.to}: ${period.reason}`;
  const day = config.quiet.weekdays.find((one) => one === weekday);
  return day === undefined ? null : `quiet on this day of the week (${day})`;
}
