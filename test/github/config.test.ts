import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatProblem } from '../../analyzer/model/problem.ts';
import { isCron, isTimeZone } from '../../bot/github/config/cron.ts';
import { readConfig } from '../../bot/github/config/read.ts';
import { isDue, localDay, nextSlot, quietReason } from '../../bot/github/config/schedule.ts';
import { configJsonSchema, defaultConfig } from '../../bot/github/config/schema.ts';
import { matches, matchesPath, sparedBy } from '../../bot/github/config/select.ts';
import { firstConfig } from '../../bot/github/run/onboarding.ts';
import { finding } from '../change/fake.ts';

function problems(text: string): string[] {
  const read = readConfig(text);
  return read.ok ? [] : read.problems.map(formatProblem);
}

function config(text: string) {
  const read = readConfig(text);
  if (!read.ok) throw new Error(problems(text).join('; '));
  return read.config;
}

function at(time: string): number {
  return Date.parse(time) / 1000;
}

describe('.github/pare.yml', () => {
  it('has the published schema (else run: node docs/schema/generate.ts)', () => {
    const published = readFileSync(new URL('../../docs/schema/pare.schema.json', import.meta.url), 'utf8');
    expect(JSON.parse(published)).toEqual(configJsonSchema());
  });

  it('is weekly, by directory and cautious where nothing is said', () => {
    expect(config('')).toEqual(defaultConfig());
    expect(defaultConfig()).toMatchObject({
      schedule: { cron: '0 7 * * 1', timezone: 'UTC' },
      grouping: 'directory',
      limits: { open: 5, new: 3 },
    });
  });

  it('accepts the file that onboarding writes, which says what holds anyway', () => {
    expect(config(firstConfig(defaultConfig()))).toEqual(defaultConfig());
    const uncommented = firstConfig(defaultConfig()).replace(/^# (?=keeps:| {2})/gm, '');
    expect(config(uncommented).keeps).toHaveLength(1);
  });

  it.each([
    ['enabeld: true', '.github/pare.yml:1: unknown key enabeld; did you mean enabled?'],
    ['limits:\n  open: 2\n  nwe: 1\n', '.github/pare.yml:3: unknown key limits.nwe; did you mean new?'],
    ['zzz: 1', 'the keys here are enabled, schedule, grouping'],
    ['keeps:\n  - rule: sgr-1\n    reason: x\n    author: y\n    untill: 2027-01-01\n', 'did you mean until?'],
    ['keeps:\n  - rule: sgr-1\n    author: y\n', '.github/pare.yml:2: keeps[0].reason'],
    ['keeps:\n  - reason: x\n    author: y\n', 'names nothing: give one of finding, rule, group'],
    ['keeps:\n  - {account: 123456789012, reason: x, author: y}\n', 'keeps[0].account'],
    ['schedule:\n  cron: "* * * * *"\n', '.github/pare.yml:2: schedule.cron: is no cron pattern'],
    ['schedule:\n  timezone: Mars/Olympus\n', '.github/pare.yml:2: schedule.timezone: is no IANA time zone'],
    ['grouping: directroy\n', 'use one of directory, stack, group, account, team'],
    ['quiet:\n  periods:\n    - {from: 2027-01-02, to: 2027-01-01, reason: x}\n', 'ends before it begins'],
    ['limits: {open: 0}', 'limits.open'],
    ['a: [', 'is no YAML'],
    ['limits: {open: 1}\nlimits: {open: 2}\n', 'is no YAML'],
    ['- a\n', 'the file: '],
    [
      `a: &a [x,x,x,x,x,x,x,x,x,x]\nb: &b [${'*a,'.repeat(20)}]\nc: &c [${'*b,'.repeat(20)}]\nd: [${'*c,'.repeat(20)}]\n`,
      'instead of using aliases',
    ],
    ['x'.repeat(200_001), 'larger than 200,000 characters'],
  ])('says of %j where it is wrong and what to do', (text, expected) => {
    expect(problems(text).join('\n')).toContain(expected);
    expect(problems(text).every((one) => !one.includes('\n'))).toBe(true);
  });

  it('never throws, whatever the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 200 }), (text) => typeof readConfig(text).ok === 'boolean'),
    );
  });
});

describe('the schedule', () => {
  it.each([
    ['0 7 * * 1', true],
    ['0 * * * *', true],
    ['*/30 * * * *', false],
    ['0,59 7 * * *', false],
    ['0 7 30 2 *', false],
    ['0 7 * *', false],
    ['0 0 7 * * 1', false],
    ['61 7 * * *', false],
  ])('takes %s as a pattern: %s', (text, expected) => expect(isCron(text)).toBe(expected));

  it.each([
    ['Europe/Berlin', true],
    ['UTC', true],
    ['+02:00', false],
    ['Berlin', false],
    ['', false],
  ])('takes %s as a time zone: %s', (text, expected) => expect(isTimeZone(text)).toBe(expected));

  it('follows the summer time of its zone', () => {
    const berlin = config('schedule: {cron: "0 7 * * 1", timezone: Europe/Berlin}\n');
    expect(nextSlot(berlin, at('2026-10-20T00:00:00Z'))).toBe(at('2026-10-26T06:00:00Z'));
    expect(nextSlot(berlin, at('2026-10-13T00:00:00Z'))).toBe(at('2026-10-19T05:00:00Z'));
  });

  it('is due at once where it never ran, then at each slot', () => {
    const weekly = defaultConfig();
    expect(isDue(weekly, null, at('2026-11-21T00:00:00Z'))).toBe(true);
    expect(isDue(weekly, at('2026-11-16T07:00:01Z'), at('2026-11-23T06:59:59Z'))).toBe(false);
    expect(isDue(weekly, at('2026-11-16T07:00:01Z'), at('2026-11-23T07:00:00Z'))).toBe(true);
  });

  it('is quiet on the days that people of its zone mean', () => {
    const quiet = config(
      'schedule: {timezone: Pacific/Auckland}\nquiet: {periods: [{from: 2026-12-20, to: 2027-01-03, reason: freeze}], weekdays: [sat]}\n',
    );
    expect(localDay(at('2026-12-19T12:00:00Z'), 'Pacific/Auckland')).toEqual({ date: '2026-12-20', weekday: 'sun' });
    expect(quietReason(quiet, at('2026-12-19T12:00:00Z'))).toContain('freeze');
    expect(quietReason(quiet, at('2027-01-03T12:00:00Z'))).toBeNull();
    expect(quietReason(quiet, at('2026-12-18T12:00:00Z'))).toContain('sat');
  });
});

describe('entries', () => {
  it.each([
    ['web-*', 'web-prod', true],
    ['*', '', true],
    ['a*b*c', 'a-b-c', true],
    ['a*b*c', 'a-c', false],
    ['ab*ba', 'aba', false],
    ['web', 'web2', false],
  ])('%s matches %s: %s', (pattern, text, expected) => expect(matches(pattern, text)).toBe(expected));

  it.each([
    ['live', 'live/x/main.tf', true],
    ['live/*', 'live/x/main.tf', true],
    ['live/*.tf', 'live/x/main.tf', false],
    ['**/main.tf', 'main.tf', true],
    ['live/**/main.tf', 'live/a/b/main.tf', true],
    ['/live/', 'live/main.tf', true],
    ['live', 'liver/main.tf', false],
  ])('path %s matches %s: %s', (pattern, path, expected) => expect(matchesPath(pattern, path)).toBe(expected));

  it('agree in every field they name, and end after their last day in the zone of the schedule', () => {
    const c = config(
      'schedule: {timezone: Europe/Berlin}\nkeeps:\n  - {group: sg-1, path: live, reason: r, author: a, until: 2026-11-30}\nignores:\n  - {account: "111111111111", reason: noise, author: b}\n',
    );
    const one = finding('sg-1', '22', '10.0.0.0/8', 'remove');
    expect(sparedBy(c, one, ['live/x.tf'], at('2026-11-30T22:59:59Z'))?.kind).toBe('keep');
    expect(sparedBy(c, one, ['live/x.tf'], at('2026-11-30T23:00:00Z'))?.kind).toBe('ignore');
    expect(sparedBy(c, one, ['shop/x.tf'], at('2026-11-01T00:00:00Z'))?.entry.reason).toBe('noise');
    expect(sparedBy(c, { ...one, accountId: '222222222222' }, ['shop/x.tf'], at('2026-11-01T00:00:00Z'))).toBeNull();
  });
});

describe('docs/github.md', () => {
  it('shows a configuration that is valid', () => {
    const text = readFileSync(new URL('../../docs/github.md', import.meta.url), 'utf8');
    const [, example] = /```yaml\n(.*?)```/s.exec(text)!;
    expect(problems(example!)).toEqual([]);
  });
});
