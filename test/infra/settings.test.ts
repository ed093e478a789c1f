import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { readSettings, SETTING_KEYS } from '../../infra/settings.ts';
import { EVERYTHING, LEAST } from './configurations.ts';

function read(configuration: Readonly<Record<string, unknown>>) {
  return readSettings((key) => configuration[key]);
}

function refusal(configuration: Readonly<Record<string, unknown>>): string {
  try {
    read(configuration);
    return '';
  } catch (error) {
    return (error as Error).message;
  }
}

describe('the configuration of a stack', () => {
  it('needs to be told where flow logs lie, and nothing else', () => {
    expect(read(LEAST)).toMatchObject({ window: '90d', app: true, compute: 'lambda', scanLimitBytes: 1024 ** 4 });
    expect(refusal({})).toContain('pare:flowLogs');
  });

  it('takes everything at once', () => {
    expect(read(EVERYTHING).flowLogs.map(({ name }) => name)).toEqual(['main', 'lake']);
  });

  it('is documented in Pulumi.yaml key by key', () => {
    const text = readFileSync(new URL('../../Pulumi.yaml', import.meta.url), 'utf8');
    const { config } = parse(text) as { config: Record<string, { description: string }> };
    expect(Object.keys(config).sort()).toEqual(SETTING_KEYS.map((key) => `pare:${key}`));
    for (const { description } of Object.values(config)) expect(description.length).toBeGreaterThan(10);
  });

  it.each([
    [
      'a bucket that cannot be one',
      { flowLogs: [{ ...logs(), bucket: 's3://x' }] },
      'pare:flowLogs.0.bucket: the name of a bucket',
    ],
    ['a short account', { flowLogs: [{ ...logs(), accounts: ['123'] }] }, 'pare:flowLogs.0.accounts.0: an account id'],
    ['no region', { flowLogs: [{ ...logs(), regions: [] }] }, 'pare:flowLogs.0.regions'],
    ['a prefix without its slash', { flowLogs: [{ ...logs(), prefix: 'net' }] }, 'pare:flowLogs.0.prefix'],
    ['a key that nobody knows', { flowLogs: [{ ...logs(), layuot: 'hive' }] }, 'layuot'],
    ['two tables of one name', { flowLogs: [logs(), logs()] }, 'pare:flowLogs: two have the same name'],
    [
      'an organization without a role',
      { inventory: { organization: true } },
      'pare:inventory: organization and accounts need roleName',
    ],
    ['a role without its external id', { inventory: { organization: true, roleName: 'R' } }, 'needs externalId'],
    ['Fargate without an image', { compute: 'fargate' }, 'pare:compute: fargate needs image and subnets'],
    ['members without a role', { members: ['r-abcd'] }, 'pare:members: needs inventory.roleName'],
    ['a window longer than the ledger is kept', { window: '500d' }, 'pare:window: from 1 to 365 days'],
    ['a window of nothing', { window: '0d' }, 'pare:window'],
    ['a schedule in cron as Unix has it', { daily: '0 2 * * *' }, 'pare:daily: cron(…) or rate(…)'],
    ['an http address', { githubUrl: 'http://x' }, 'pare:githubUrl: an https:// address'],
    ['a scan limit below the least', { scanLimitBytes: 1 }, 'pare:scanLimitBytes: at least 10000000'],
    ['days that CloudWatch does not know', { logDays: 91 }, 'pare:logDays'],
    ['a digest to nobody', { digestFrom: 'a@b.example' }, 'pare:digestFrom: needs notify'],
  ])('refuses %s, and names the key', (_, change, message) => {
    expect(refusal({ ...LEAST, ...change })).toContain(message);
  });

  it('names all mistakes at once', () => {
    const said = refusal({ ...LEAST, daily: 'x', notify: ['x'], window: '1y' });
    for (const key of ['pare:daily', 'pare:notify.0', 'pare:window']) expect(said).toContain(key);
  });
});

function logs(): Record<string, unknown> {
  return { name: 'main', bucket: 'acme-flow-logs', accounts: ['111122223333'], regions: ['eu-west-1'] };
}
