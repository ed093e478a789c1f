import { describe, expect, it } from 'vitest';
import { createProgress, progressLine } from '../../bot/cli/progress.ts';

function fake(terminal: boolean, width = 80) {
  let clock = 0;
  const written: string[] = [];
  const progress = createProgress({ write: (text) => written.push(text), terminal, width, now: () => clock });
  return { progress, written, at: (ms: number) => (clock = ms) };
}

describe('progress', () => {
  it('redraws one line on a terminal, not more often than the eye needs, and takes it away', () => {
    const { progress, written, at } = fake(true);
    for (let ms = 0; ms <= 400; ms += 10) {
      at(ms);
      progress.report({ phase: 'reading', done: ms, total: 400, unit: 'files' });
    }
    expect(written.length).toBeGreaterThan(2);
    expect(written.length).toBeLessThan(8);
    for (const text of written) {
      expect(text.startsWith('\r\u001b[K')).toBe(true);
      expect(text.slice(1)).not.toMatch(/[\r\n]/);
    }
    progress.clear();
    expect(written.at(-1)).toBe('\r\u001b[K');
  });

  it('writes plain lines every few seconds elsewhere, and none in a short run', () => {
    const { progress, written, at } = fake(false);
    const until = (from: number, to: number) => {
      for (let ms = from; ms <= to; ms += 100) {
        at(ms);
        progress.report({ phase: 'reading', done: ms, total: 24_000, unit: 'bytes' });
      }
    };
    until(0, 4_900);
    expect(written).toEqual([]);
    until(5_000, 12_000);
    progress.clear();
    expect(written).toEqual([
      'reading  20%  5.0 kB of 24.0 kB  1.0 kB/s  19 s left\n',
      'reading  41%  10.0 kB of 24.0 kB  1.0 kB/s  14 s left\n',
    ]);
  });

  it('is never wider than the terminal, and shows no control character of a phase', () => {
    const { progress, written } = fake(true, 40);
    progress.report({ phase: `\u001b[2J${'long '.repeat(30)}`, done: 1, total: 2, unit: 'steps' });
    expect(written[0]!.slice(4).length).toBeLessThanOrEqual(39);
    expect(written[0]!.slice(4)).not.toContain('\u001b');
  });

  it('guesses no rest before there is something to go by', () => {
    expect(progressLine({ phase: 'reading', done: 0, total: 10, unit: 'files' }, 5_000)).toBe(
      'reading  0%  0 of 10 files',
    );
    expect(progressLine({ phase: 'reading', done: 5, total: 10, unit: 'files' }, 500)).toBe(
      'reading  50%  5 of 10 files',
    );
    expect(progressLine({ phase: 'reading', done: 5, total: 0, unit: 'files' }, 2_000)).toBe(
      'reading  5 files  2.5 files/s',
    );
  });
});
