import { describe, expect, it } from 'vitest';
import { groupSummaries, interfaceSummaries } from '../../analyzer/usage/summaries.ts';
import { eni, group, inventory } from '../advice/build.ts';

describe('what reports say of groups', () => {
  const teamOf = (tags: Record<string, string>): string | null =>
    groupSummaries(inventory({ groups: [group('sg-1', { tags })] }))[0]!.team;

  it('is their names and whose they are, in the order of the inventory', () => {
    const groups = [group('sg-b', { groupName: 'web', vpcId: null }), group('sg-a', { tags: { team: 'shop' } })];
    expect(groupSummaries(inventory({ groups }))).toEqual([
      { groupId: 'sg-b', groupName: 'web', accountId: '111122223333', region: 'eu-west-1', vpcId: null, team: null },
      { groupId: 'sg-a', groupName: 'a', accountId: '111122223333', region: 'eu-west-1', vpcId: 'vpc-1', team: 'shop' },
    ]);
  });

  it.each<[Record<string, string>, string | null]>([
    [{ Team: 'shop' }, 'shop'],
    [{ SQUAD: 'web' }, 'web'],
    [{ Owner: 'ada' }, 'ada'],
    [{ 'service-owner': 'ops' }, 'ops'],
    [{ 'service-owner': 'd', owner: 'c', squad: 'b', team: 'a' }, 'a'],
    [{ 'service-owner': 'd', owner: 'c', squad: 'b' }, 'b'],
    [{ 'service-owner': 'd', owner: 'c' }, 'c'],
    [{ team: '', owner: 'ada' }, 'ada'],
    [{ team: 'small', TEAM: 'large' }, 'large'],
    [{ TEAM: 'large', team: 'small' }, 'large'],
    [{ teams: 'no', name: 'no' }, null],
    [{}, null],
  ])('the team of %j is %s', (tags, team) => expect(teamOf(tags)).toBe(team));
});

describe('what reports say of interfaces', () => {
  it('is what was last known of each that wore a group, and all groups that it ever wore, sorted', () => {
    const interfaces = [
      eni('eni-2', ['sg-c', 'sg-a'], ['10.0.0.2', '10.0.0.3'], {
        from: 100,
        interfaceType: 'lambda',
        description: 'new',
      }),
      eni('eni-2', ['sg-b'], ['10.0.0.9'], { from: 50, interfaceType: null, description: 'old' }),
      eni('eni-1', ['sg-a'], [], { description: '' }),
      eni('eni-0', [], ['10.0.0.1']),
    ];
    expect(interfaceSummaries(inventory({ interfaces }))).toEqual([
      { interfaceId: 'eni-1', type: 'interface', description: null, address: null, groups: ['sg-a'] },
      {
        interfaceId: 'eni-2',
        type: 'lambda',
        description: 'new',
        address: '10.0.0.2',
        groups: ['sg-a', 'sg-b', 'sg-c'],
      },
    ]);
  });

  it('of two states with one start is the later in the inventory, and the order of the states else does not matter', () => {
    const early = eni('eni-1', ['sg-a'], ['10.0.0.1'], { from: 1, description: 'early' });
    const late = eni('eni-1', ['sg-a'], ['10.0.0.2'], { from: 2, description: 'late' });
    const twin = eni('eni-1', [], ['10.0.0.3'], { from: 2, description: null });
    const said = (...interfaces: (typeof early)[]) => interfaceSummaries(inventory({ interfaces }))[0]!.address;
    expect([said(early, late), said(late, early), said(early, late, twin)]).toEqual([
      '10.0.0.2',
      '10.0.0.2',
      '10.0.0.3',
    ]);
  });
});
