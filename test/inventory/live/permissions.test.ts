import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { OPERATIONS } from '../../../analyzer/inventory/live/operations.ts';
import {
  callerPolicy,
  memberPolicy,
  permissionsTable,
  sessionPolicy,
  trustPolicy,
} from '../../../analyzer/inventory/live/permissions.ts';

const doc = readFileSync(new URL('../../../docs/permissions.md', import.meta.url), 'utf8');
const block = (name: string): string =>
  new RegExp(`<!-- ${name} -->\n(?:\`\`\`json\n)?([\\s\\S]*?)\n(?:\`\`\`\n)?<!-- end -->`).exec(doc)?.[1] ?? '';

describe('permissions', () => {
  test.each([
    ['member', memberPolicy()],
    ['caller', callerPolicy('PareInventory')],
    ['trust', trustPolicy('arn:aws:iam::111122223333:role/PareCaller', 'pare-4711')],
  ])('the %s policy of docs/permissions.md is that of the code', (name, policy) => {
    expect(JSON.parse(block(name))).toEqual(policy);
  });

  test('the table of docs/permissions.md is that of the code', () => {
    expect(block('table')).toBe(permissionsTable());
  });

  test('every action reads, none is a wildcard, and each call is in exactly one policy', () => {
    const actions = [...memberPolicy().Statement, ...callerPolicy('R').Statement].flatMap(({ Action }) => Action);
    expect(actions).toEqual([...new Set(actions)]);
    expect(new Set(actions)).toEqual(new Set(Object.values(OPERATIONS).flatMap(({ action }) => action ?? [])));
    for (const action of actions) expect(action).toMatch(/^[a-z0-9]+:(Describe|Get|List|Lookup|AssumeRole)\w*$/);
  });

  test('an option that is not used asks for nothing', () => {
    const actions = memberPolicy([]).Statement.flatMap(({ Action }) => Action);
    expect(actions.filter((action) => !action.startsWith('ec2:'))).toEqual([]);
    expect(actions).not.toContain('ec2:DescribeRegions');
  });

  test('the session policy allows the same actions and fits into the 2,048 characters that AWS takes', () => {
    const text = sessionPolicy(['--region all', '--config-history', '--rule-ages']);
    expect(text.length).toBeLessThanOrEqual(2_048);
    const { Statement } = JSON.parse(text) as ReturnType<typeof memberPolicy>;
    expect(Statement[0]!.Action).toEqual(
      memberPolicy()
        .Statement.flatMap(({ Action }) => Action)
        .sort(),
    );
  });
});
