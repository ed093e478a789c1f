import { clip, terminalSafe } from '@pare/analyzer/model/text.ts';

/** How far a long step is. Goes to stderr: redrawn on a terminal, a plain line every few seconds elsewhere, nothing with --quiet. */
export interface Progress {
  /** `total` 0: not known. */
  report(event: ProgressEvent): void;
  /** Takes the line off the terminal, so that other output starts on a clean one. */
  clear(): void;
}
export interface ProgressEvent {
  phase: string;
  done: number;
  total: number;
  unit: 'files' | 'bytes' | 'steps';
}

export interface ProgressTarget {
  write(text: string): unknown;
  terminal: boolean;
  width: number;
  /** Milliseconds, monotonic. */
  now(): number;
}

const REDRAW_MS = 80;
const PLAIN_MS = 5_000;

export const SILENT: Progress = { report: () => {}, clear: () => {} };

export function createProgress(target: ProgressTarget): Progress {
  let phase: string | null = null;
  let began = 0;
  let last = Number.NEGATIVE_INFINITY;
  let drawn = false;

  function report(event: ProgressEvent): void {
    const now = target.now();
    const fresh = event.phase !== phase;
    if (fresh) {
      phase = event.phase;
      began = now;
    }
    const wait = target.terminal ? REDRAW_MS : PLAIN_MS;
    // Plain lines stay away from short runs: the first comes after the wait, not at the start.
    if (fresh && !target.terminal) {
      last = now;
      return;
    }
    if (!fresh && now - last < wait) return;
    last = now;
    const line = clip(progressLine(event, now - began), target.width - 1);
    if (!target.terminal) {
      target.write(`${line}\n`);
      return;
    }
    target.write(`\r\u001b[K${line}`);
    drawn = true;
  }

  function clear(): void {
    if (drawn) target.write('\r\u001b[K');
    drawn = false;
  }

  return { report, clear };
}

/** `reading flow logs  34%  120 of 350 files  12/s  19 s left`; the estimate waits until there is something to go by. */
export function progressLine(event: ProgressEvent, elapsedMs: number): string {
  const { phase, done, total, unit } = event;
  const parts = [terminalSafe(phase)];
  if (total > 0) parts.push(`${Math.min(100, Math.floor((done / total) * 100))}%`);
  if (unit !== 'steps') {
    parts.push(total > 0 ? ofTotal(done, total, unit) : amount(done, unit));
    const rate = elapsedMs > 1_000 ? done / (elapsedMs / 1_000) : 0;
    if (rate > 0) parts.push(`${amount(rate >= 10 ? Math.round(rate) : Math.round(rate * 10) / 10, unit)}/s`);
    if (rate > 0 && total > done && done > 0) parts.push(`${duration((total - done) / rate)} left`);
  }
  return parts.join('  ');
}

function ofTotal(done: number, total: number, unit: 'files' | 'bytes'): string {
  return unit === 'files' ? `${done} of ${amount(total, unit)}` : `${amount(done, unit)} of ${amount(total, unit)}`;
}

function amount(value: number, unit: 'files' | 'bytes'): string {
  if (unit === 'files') return `${value} files`;
  const scale = ['B', 'kB', 'MB', 'GB', 'TB'];
  let at = 0;
  let rest = value;
  while (rest >= 1_000 && at < scale.length - 1) {
    rest /= 1_000;
    at += 1;
  }
  return `${at === 0 || rest >= 100 ? Math.round(rest) : rest.toFixed(1)} ${scale[at]!}`;
}

function duration(seconds: number): string {
  if (seconds < 90) return `${Math.max(1, Math.round(seconds))} s`;
  if (seconds < 5_400) return `${Math.round(seconds / 60)} min`;
  return `${(seconds / 3_600).toFixed(1)} h`;
}
