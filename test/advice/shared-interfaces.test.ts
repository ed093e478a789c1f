import { describe, expect, it } from 'vitest';
import { covered, daily, days, eni, FROM, flow, group, inventory, judge, rule } from './build.ts';

const HOUR = 3600;
const DAY = 86_400;

describe('law 1: a Network Load Balancer that keeps client addresses', () => {
  const byGroup = rule('ingress tcp 443 sg-nlb');
  const front = (interfaceType: string) => eni('eni-nlb', ['sg-nlb'], ['10.0.2.5'], { interfaceType });
  const world = (interfaceType: string) =>
    inventory({
      groups: [group('sg-web'), group('sg-nlb')],
      rules: [byGroup],
      interfaces: [eni('eni-web', ['sg-web'], ['10.0.0.10']), front(interfaceType)],
    });
  const clients = daily(30, 6, 443, '203.0.113.9');

  it('may have let in a client of the Internet by its own group, so the rule that names the group stays', async () => {
    const { says, evidence } = await judge(world('network_load_balancer'), clients);
    expect(says).toEqual({ 'ingress tcp 443 sg-nlb': 'keep | in-use' });
    expect(evidence.classes.map((c) => [c.yes, c.maybe])).toEqual([[[], [0]]]);
  });

  it('which no other interface can: then the client is explained by nothing, and nothing is advised', async () => {
    const { says } = await judge(world('interface'), clients);
    expect(says).toEqual({ 'ingress tcp 443 sg-nlb': 'review | unexplained-traffic' });
  });
});

describe("law 1: Lambda's interfaces are shared, and go when the functions are idle", () => {
  const rules = [rule('egress tcp 443 10.0.0.0/8'), rule('egress tcp 5432 10.0.0.0/8')];
  const lambda = (id: string, from: number, to: number) =>
    eni(id, ['sg-web'], ['10.0.0.20'], { interfaceType: 'lambda', requesterManaged: true, from, to });
  const call = (day: number, interfaceId: string) =>
    flow(day, 6, null, '10.0.5.5', {
      interfaceId,
      opened: 'outbound',
      localAddress: '10.0.0.20',
      localPort: null,
      peerPort: 5432,
    });

  it('what one that is gone was seen to use stays used', async () => {
    const interfaces = [lambda('eni-l1', FROM, FROM + 10 * DAY), lambda('eni-l2', FROM + 12 * DAY, FROM + 30 * DAY)];
    const coverage = ['eni-l1', 'eni-l2'].flatMap((id) => covered(days(30), id));
    const rows = Array.from({ length: 9 }, (_, day) => call(day, 'eni-l1'));
    const { says } = await judge(inventory({ rules, interfaces }), rows, { coverage });
    expect(says['egress tcp 443 10.0.0.0/8']).toBe('remove | unused');
    expect(says['egress tcp 5432 10.0.0.0/8']).toMatch(/^narrow \| sources-unused/);
  });

  it('and hours here and there prove nothing of what was not seen', async () => {
    const interfaces = [3, 11, 19, 27].map((day) =>
      lambda(`eni-l${day}`, FROM + day * DAY, FROM + day * DAY + 5 * HOUR),
    );
    const coverage = interfaces.flatMap((i) => covered(days(30), i.interfaceId));
    const { says } = await judge(inventory({ rules, interfaces }), [], { coverage });
    expect(Object.values(says)).toEqual(['review | worn-too-briefly', 'review | worn-too-briefly']);
  });
});

describe('law 1: a group of a peered VPC', () => {
  it.each([
    ['active', 'certain', [[0], []]],
    ['deleted', 'possible', [[], [0]]],
  ])('whose peering is %s makes the use of a reference %s', async (peeringStatus, _, matches) => {
    const text = rule('ingress tcp 443 sg-far');
    const far = { vpcId: 'vpc-2', cidrs: ['10.9.0.0/16'], accountId: '111122223333', region: 'eu-west-1' };
    const near = { ...far, vpcId: 'vpc-1', cidrs: ['10.0.0.0/16'] };
    const inv = inventory({
      groups: [group('sg-web'), group('sg-far', { vpcId: 'vpc-2' })],
      rules: [{ ...text, peer: { kind: 'group', groupId: 'sg-far', peeringStatus } }],
      interfaces: [
        eni('eni-web', ['sg-web'], ['10.0.0.10']),
        eni('eni-far', ['sg-far'], ['10.9.0.5'], { vpcId: 'vpc-2' }),
      ],
      vpcs: [near, far],
    });
    const { says, evidence } = await judge(inv, daily(30, 6, 443, '10.9.0.5'));
    expect(Object.values(says)).toEqual(['keep | in-use']);
    expect(evidence.classes.map((c) => [c.yes, c.maybe])).toEqual([matches]);
  });
});
