import { describe, expect, test } from 'vitest';
import { pullRuleAges } from '../../../analyzer/inventory/live/rule-ages.ts';
import { fakeApi, NEVER, PLACE } from './fake-api.ts';

const at = new Date('2026-10-01T00:00:00Z');
const rules = [{ SecurityGroupRuleId: 'sgr-0a', GroupId: 'sg-1', IsEgress: false }];

function ages(events: Record<string, unknown[]>, given: Record<string, unknown>[] = rules) {
  const api = fakeApi(({ input }) => {
    const [{ AttributeValue }] = input.LookupAttributes as [{ AttributeValue: string }];
    return { Events: events[AttributeValue] ?? [] };
  });
  return pullRuleAges(api, PLACE, given, NEVER);
}
const event = (record: unknown) => ({
  EventTime: at,
  CloudTrailEvent: typeof record === 'string' ? record : JSON.stringify(record),
});
const authorize = (record: unknown) => ages({ AuthorizeSecurityGroupIngress: [event(record)] });
const items = { items: [{ securityGroupRuleId: 'sgr-0a' }] };

describe('rule ages', () => {
  test('times are those of the event, and the maker its identity', async () => {
    expect(
      await authorize({ responseElements: { securityGroupRuleSet: items }, userIdentity: { arn: 'arn:x' } }),
    ).toEqual([
      { SecurityGroupRuleId: 'sgr-0a', CreatedAt: '2026-10-01T00:00:00.000Z', ChangedAt: null, CreatedBy: 'arn:x' },
    ]);
  });

  test.each([
    [
      'a call that failed',
      { errorCode: 'Client.InvalidPermission.Duplicate', responseElements: { securityGroupRuleSet: items } },
    ],
    ['a rule that is only asked for, not made', { requestParameters: items, responseElements: null }],
    ['another rule', { responseElements: { securityGroupRuleSet: { items: [{ securityGroupRuleId: 'sgr-0b' }] } } }],
    ['text that is no JSON', '{"responseElements": {'],
    ['JSON that is no record', '[1]'],
    ['no record', 'null'],
  ])('%s tells nothing', async (_, record) => {
    expect(await authorize(record)).toEqual([]);
  });

  test("a group's own first rule is as old as the group, but no rule that only looks like part of it", async () => {
    const made = { CreateSecurityGroup: [event({ responseElements: { groupId: 'sg-1' } })] };
    const rule = (id: string, more: object) => ({
      SecurityGroupRuleId: id,
      GroupId: 'sg-1',
      IsEgress: true,
      IpProtocol: '-1',
      CidrIpv4: '0.0.0.0/0',
      ...more,
    });
    const given = [
      rule('sgr-1', {}),
      rule('sgr-2', { IsEgress: false }),
      rule('sgr-3', { CidrIpv4: '10.0.0.0/8' }),
      rule('sgr-4', { IpProtocol: 'tcp' }),
      rule('sgr-5', { GroupId: 'sg-2' }),
    ];
    expect((await ages(made, given)).map((item) => item.SecurityGroupRuleId)).toEqual(['sgr-1']);
  });
});
