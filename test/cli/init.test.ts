import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { firstConfig } from '../../bot/cli/work/init.ts';
import { readConfig } from '../../bot/github/config/read.ts';
import { finding, HOSTILE, sampleDocument } from '../report/fixture.ts';
import { pare, scratch } from './pare.ts';

let dir: ReturnType<typeof scratch>;
beforeEach(() => {
  dir = scratch();
});
afterEach(() => {
  dir.remove();
});

const SEEN = { timezone: 'UTC', codeowners: false, terraform: 1, templates: 0, document: null };

describe('pare init', () => {
  it('writes a configuration that Pare reads, and never over one that is there', async () => {
    const path = dir.path('.github', 'pare.yml');
    const args = ['init', '--source', dir.path(), '--timezone', 'Europe/Berlin'];
    const first = await pare(args);
    expect(first.code).toBe(0);
    expect(readFileSync(path, 'utf8')).toBe(first.stdout);
    expect(readConfig(first.stdout)).toMatchObject({ ok: true, config: { schedule: { timezone: 'Europe/Berlin' } } });
    writeFileSync(path, 'enabled: false\n');
    const second = await pare(args);
    expect(second.code).toBe(3);
    expect(second.stderr).toMatch(/there is a configuration already; edit it, or pass --force/);
    expect(readFileSync(path, 'utf8')).toBe('enabled: false\n');
    expect((await pare([...args, '--force'])).code).toBe(0);
    expect(readFileSync(path, 'utf8')).toBe(first.stdout);
  });

  it('writes nothing with --json, and refuses a time zone that is none', async () => {
    const shown = await pare(['init', '--source', dir.path(), '--json', '--timezone', 'UTC']);
    expect(JSON.parse(shown.stdout).config.schedule.timezone).toBe('UTC');
    expect(existsSync(dir.path('.github'))).toBe(false);
    const bad = await pare(['init', '--source', dir.path(), '--timezone', 'Europe/Atlantis']);
    expect(bad.code).not.toBe(0);
    expect(bad.stderr).toContain('IANA');
  });

  it('groups by team where there are owners, by stack where there are only templates', async () => {
    mkdirSync(dir.path('.github'), { recursive: true });
    writeFileSync(dir.path('.github', 'CODEOWNERS'), '* @org/platform\n');
    const { stdout } = await pare(['init', '--source', dir.path(), '--timezone', 'UTC']);
    expect(readConfig(stdout)).toMatchObject({ ok: true, config: { grouping: 'team' } });
    expect(firstConfig({ ...SEEN, terraform: 0, templates: 2 })).toContain('grouping: stack\n');
  });

  it.each(['DR replica', 'used in the quarterly close', 'break-glass access', 'failover'])(
    'keeps a rule that looks rare but vital: %s',
    (description) => {
      const rule = finding({ action: 'remove', findingId: 'f-0123456789ab', description });
      const text = firstConfig({ ...SEEN, document: { ...sampleDocument(), rules: [rule] } });
      expect(readConfig(text)).toMatchObject({ ok: true, config: { keeps: [{ finding: 'f-0123456789ab' }] } });
    },
  );

  it.each(HOSTILE)('stays valid whatever groups are called: %j', (text) => {
    const rule = finding({ action: 'remove', findingId: 'f-0123456789ab', description: 'dr', groupName: text });
    const config = readConfig(firstConfig({ ...SEEN, document: { ...sampleDocument(), rules: [rule] } }));
    expect(config).toMatchObject({ ok: true, config: { keeps: [{ finding: 'f-0123456789ab', author: 'pare init' }] } });
  });
});
