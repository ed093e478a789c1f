import { describe, expect, it } from 'vitest';
import { appSettings, stepSettings } from '../../bot/lambda/settings.ts';
import { readSettings } from '../../infra/settings.ts';
import { stepSettings as deployedSettings } from '../../infra/step-environment.ts';
import { EVERYTHING, LEAST } from '../infra/configurations.ts';

describe('what the program tells the functions', () => {
  it.each([
    ['least', LEAST],
    ['everything', EVERYTHING],
  ])('is what they read (%s)', (_, configuration) => {
    const settings = readSettings((key) => configuration[key]);
    const read = stepSettings({ ...deployedSettings(settings), PARE_BUCKET: 'pare-data' });
    expect(read).toMatchObject({
      bucket: 'pare-data',
      inventory: settings.inventory,
      window: settings.window,
      repositories: settings.repositories,
    });
    expect(read.flowLogs.length).toBe(
      settings.flowLogs.reduce((sum, one) => sum + one.accounts.length * one.regions.length, 0),
    );
    for (const place of read.flowLogs) expect(place).toMatch(/\{yyyy\}.*\{MM\}.*\{dd\}\/$/);
  });
});

describe('an organization of 500 accounts in 17 regions', () => {
  it('has more places than a function’s environment takes, and one object has them all', () => {
    const accounts = Array.from({ length: 500 }, (_, i) => String(100_000_000_000 + i));
    const regions = Array.from({ length: 17 }, (_, i) => `eu-west-${i + 1}`);
    const settings = readSettings((key) =>
      key === 'flowLogs' ? [{ name: 'main', bucket: 'logs', accounts, regions }] : undefined,
    );
    expect(stepSettings({ ...deployedSettings(settings), PARE_BUCKET: 'b' }).flowLogs).toHaveLength(8500);
  });
});

describe('settings that are wrong', () => {
  const good = { PARE_BUCKET: 'b', PARE_FLOW_LOGS: '["s3://l/AWSLogs/{yyyy}/{MM}/{dd}/"]' };
  it.each([
    [{ PARE_BUCKET: '' }, 'PARE_BUCKET is not set'],
    [{ PARE_FLOW_LOGS: '[' }, 'PARE_FLOW_LOGS is no JSON'],
    [{ PARE_FLOW_LOGS: '[]' }, 'PARE_FLOW_LOGS'],
    [{ PARE_FLOW_LOGS: '["s3://l/x/"]' }, 'an s3:// prefix with {yyyy}, {MM} and {dd}'],
    [{ PARE_INVENTORY: '{"acounts": []}' }, 'PARE_INVENTORY'],
    [{ PARE_REPOSITORIES: '["../../x"]' }, 'owner/name'],
    [{ PARE_LATE_DAYS: '-1' }, 'PARE_LATE_DAYS'],
  ])('%j is refused by name', (change, message) => {
    expect(() => stepSettings({ ...good, ...change })).toThrow(message);
  });

  it('of the App are refused by name, too', () => {
    expect(() => appSettings({ PARE_BUCKET: 'b' })).toThrow('PARE_TABLE is not set');
  });
});
