import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { SILENT } from '../../bot/cli/progress.ts';
import type { Runtime } from '../../bot/cli/runtime.ts';
import { type InventoryCommandOptions, inventory } from '../../bot/cli/work/inventory.ts';
import { folderWith, problemOf } from './aws-output.ts';

const runtime: Runtime = {
  write: async () => {},
  note: () => {},
  progress: SILENT,
  signal: new AbortController().signal,
  color: false,
  width: 80,
};

describe('options that do not fit are told before anything is asked of AWS', () => {
  test.each<[string, Partial<InventoryCommandOptions>, RegExp]>([
    [
      'an account id that is none',
      { accounts: ['1234'], roleName: 'R' },
      /--accounts 1234 is no account id; give twelve digits/,
    ],
    ['one bad account among several', { accounts: ['111122223333,abc'], roleName: 'R' }, /--accounts abc/],
    ['accounts without a role', { accounts: ['111122223333'] }, /--accounts needs --role-name/],
    ['an organization without a role', { organization: true }, /--organization needs --role-name/],
    ['a role without accounts', { roleName: 'R' }, /--role-name without accounts; add --organization or --accounts/],
    ['two ways at once', { roleArn: 'arn:aws:iam::111122223333:role/R', organization: true }, /--role-arn excludes/],
    [
      'an ARN of something else',
      { roleArn: 'arn:aws:iam::111122223333:user/R' },
      /is no ARN of a role; give arn:aws:iam/,
    ],
    ['a role name with a space', { organization: true, roleName: 'a b' }, /is no name of a role/],
    ['an external id for nobody', { externalId: 'x' }, /--external-id without a role/],
    [
      'a region that is none',
      { region: ['eu-west-1', 'Frankfurt'] },
      /--region Frankfurt is no region; give names like/,
    ],
    ['all and one', { region: ['all', 'eu-west-1'] }, /--region all is no region.*all alone/],
    ['a session name that STS refuses', { sessionName: 'a b' }, /--session-name a b is not allowed/],
    ['a tag without a value', { sessionTag: ['team'] }, /--session-tag team is no tag; give key=value/],
    ['a duration that is none', { configHistory: 'long' }, /--config-history long/],
    ['no workers', { concurrency: '0' }, /--concurrency 0 is not understood; give a whole number from 1 to 64/],
    ['a bound that is none', { maxConfigInterfaces: '1e3' }, /--max-config-interfaces 1e3/],
  ])('%s', async (_, more, line) => {
    const out = join(folderWith({}), 'out');
    const options: InventoryCommandOptions = {
      out,
      sessionName: 'pare-inventory',
      maxConfigInterfaces: '5000',
      concurrency: '8',
      ...more,
    };
    const problem = await problemOf(inventory(options, runtime));
    expect(problem.fault).toBe('configuration');
    expect(`${problem.message}; ${problem.next}`).toMatch(line);
  });

  test('a folder with other files is refused before AWS is asked', async () => {
    const out = folderWith({ 'mine.txt': 'x' });
    const options = { out, sessionName: 'pare-inventory', maxConfigInterfaces: '5000', concurrency: '8' };
    expect(await problemOf(inventory(options, runtime))).toMatchObject({ code: 'inventory-folder-in-use' });
  });
});
