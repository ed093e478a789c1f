import { describe, expect, it } from 'vitest';
import { appSettings, stepSettings } from '../../bot/lambda/settings.ts';
import { readSettings } from '../../infra/settings.ts';
import { stepEnvironment } from '../../infra/step-environment.ts';
import { EVERYTHING, LEAST } from '../infra/configurations.ts';

describe('what the program tells the functions', () => {
  it.each([
    ['least', LEAST],
    ['everything', EVERYTHING],
  ])('is what they read (%s)', (_, configuration) => {
    const settings = readSettings((key) => configuration[key]);
    const read = stepSettings(stepEnvironment(settings, 'pare-data') as Record<string, string>);
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
