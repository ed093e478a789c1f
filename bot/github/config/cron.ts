import { Cron } from 'croner';

const HOUR = 3600;
const SAMPLES = 24;

export function isTimeZone(text: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: text });
    // Offsets such as +02:00 are accepted by Intl but know no summer time.
    return /^[A-Za-z]/.test(text);
  } catch {
    return false;
  }
}

/** Five fields, due some day, and never twice within an hour: each run costs an analysis. */
export function isCron(text: string): boolean {
  if (text.trim().split(/\s+/).length !== 5) return false;
  try {
    const runs = new Cron(text, { timezone: 'UTC', mode: '5-part' }).nextRuns(SAMPLES, new Date(0));
    if (runs.length === 0) return false;
    return runs.every((run, at) => at === 0 || run.getTime() - runs[at - 1]!.getTime() >= HOUR * 1000);
  } catch {
    return false;
  }
}
