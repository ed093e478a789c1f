import { describe, expect, it } from 'vitest';
import { PareError } from '../../analyzer/model/problem.ts';
import { parseDuration, parseTime, parseWindow } from '../../bot/cli/time.ts';

describe('durations', () => {
  it.each([
    ['90d', 90 * 86_400],
    ['12w', 84 * 86_400],
    ['24h', 86_400],
    ['1h', 3_600],
  ])('%s', (text, seconds) => {
    expect(parseDuration(text, '--window')).toBe(seconds);
  });

  it.each(['', '90', 'd', '0d', '-1d', '1.5d', '90 d', '90D', '3m', '99999w', '1e3d', '９d'])('refuses %j', (text) => {
    expect(() => parseDuration(text, '--window')).toThrow(PareError);
  });
});

describe('times', () => {
  it.each([
    ['2026-10-01', '2026-10-01T00:00:00Z'],
    ['2026-10-01T00:00Z', '2026-10-01T00:00:00Z'],
    ['2026-10-01T02:00:00+02:00', '2026-10-01T00:00:00Z'],
    ['2026-09-30T18:30:00-05:30', '2026-10-01T00:00:00Z'],
    ['2026-10-01T00:00:00.000Z', '2026-10-01T00:00:00Z'],
    ['2028-02-29', '2028-02-29T00:00:00Z'],
  ])('%s is %s', (text, same) => {
    expect(parseTime(text, '--to')).toBe(Date.parse(same) / 1_000);
  });

  it.each([
    '',
    'yesterday',
    '2026-10',
    '2026-10-01T00:00:00',
    '2026-02-29',
    '2026-13-01',
    '2026-10-01T24:00:00Z',
    '2026-10-01T00:60:00Z',
    '2026-10-01 00:00:00Z',
    '2026-10-01T00:00:00.5Z',
    '2026-10-01T00:00:00+15:00',
    '1759276800',
    '01/10/2026',
  ])('refuses %j', (text) => {
    expect(() => parseTime(text, '--to')).toThrow(/--to .* is not understood; give a date/);
  });
});

describe('the window', () => {
  it('is 90 days up to the newest record unless said otherwise', () => {
    expect(parseWindow({})).toEqual({ lastSeconds: 90 * 86_400, to: null });
  });
  it('ends at --to', () => {
    expect(parseWindow({ window: '2d', to: '1970-01-11' })).toEqual({ lastSeconds: 172_800, to: 864_000 });
  });
  it('goes from --from to --to', () => {
    expect(parseWindow({ from: '1970-01-01', to: '1970-01-02' })).toEqual({ from: 0, to: 86_400 });
  });
  it.each([
    [{ from: '2026-01-01' }, /--from needs --to/],
    [{ from: '2026-01-01', to: '2026-02-01', window: '5d' }, /exclude each other/],
    [{ from: '2026-02-01', to: '2026-02-01' }, /is not before/],
  ])('refuses %j', (options, message) => {
    expect(() => parseWindow(options)).toThrow(message);
  });
});
