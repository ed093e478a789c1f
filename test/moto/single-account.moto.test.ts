import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  DescribeNetworkInterfacesCommand,
  DescribeSecurityGroupRulesCommand,
  DescribeSecurityGroupsCommand,
} from '@aws-sdk/client-ec2';
import { beforeAll, describe, expect, test } from 'vitest';
import { readInventory } from '../../analyzer/inventory/index.ts';
import { shapeKey } from '../../analyzer/model/rule.ts';
import { filesIn, useBench } from './harness.ts';
import { ec2Of, OWN_ACCOUNT, type Seeded, seedNetwork } from './seed.ts';

const bench = useBench();
/** A region with nothing but what every account has. */
const SMALL = ['--region', 'us-west-2'];
let seeded: Seeded;

beforeAll(async () => {
  const client = await ec2Of(bench.moto, 'eu-west-1');
  seeded = await seedNetwork(client, 25, 1_010);
});

const THROTTLED = ['DescribeSecurityGroupRules', 'DescribeNetworkInterfaces', 'DescribeFlowLogs'];
const count = (operation: string): number => bench.proxy.seen.filter((seen) => seen.operation === operation).length;

describe('one account and region with more than one page of everything that counts', () => {
  test('what is read back is what the live source says, rule by rule and interface by interface', async () => {
    const outcome = await bench.pull([]);
    expect(outcome.stderr).toContain('wrote ');
    expect(outcome.code).toBe(0);
    const inventory = await readInventory(join(bench.dir, 'out'));

    const client = await ec2Of(bench.moto, 'eu-west-1');
    const live = await client.send(new DescribeSecurityGroupRulesCommand({}));
    expect(live.SecurityGroupRules!.length).toBeGreaterThan(1_200);
    const said = live.SecurityGroupRules!.map((rule) => {
      const peer = rule.CidrIpv4 ?? rule.CidrIpv6 ?? rule.PrefixListId ?? rule.ReferencedGroupInfo!.GroupId;
      return [rule.SecurityGroupRuleId, rule.GroupId, rule.IsEgress ? 'egress' : 'ingress', peer].join(' ');
    });
    const read = inventory.rules.map((rule) => {
      const peer =
        rule.peer.kind === 'prefixList'
          ? rule.peer.prefixListId
          : 'cidr' in rule.peer
            ? rule.peer.cidr
            : rule.peer.groupId;
      return [rule.ruleId, rule.groupId, rule.direction, peer].join(' ');
    });
    expect(read).toEqual(said.sort());
    expect(new Set(inventory.rules.map(shapeKey)).size).toBeGreaterThan(1_000);

    const interfaces = await client.send(new DescribeNetworkInterfacesCommand({}));
    expect(interfaces.NetworkInterfaces!.length).toBeGreaterThan(1_000);
    expect(
      inventory.interfaces.map((state) => [state.interfaceId, state.groups, state.addresses[0], state.vpcId]),
    ).toEqual(
      interfaces
        .NetworkInterfaces!.map((it) => [
          it.NetworkInterfaceId!,
          it.Groups!.map((g) => g.GroupId),
          it.PrivateIpAddress,
          it.VpcId,
        ])
        .sort(([a], [b]) => (String(a) < String(b) ? -1 : 1)),
    );
    const groups = await client.send(new DescribeSecurityGroupsCommand({}));
    expect(inventory.groups.map((group) => [group.groupId, group.groupName, group.description])).toEqual(
      groups
        .SecurityGroups!.map((group) => [group.GroupId!, group.GroupName, group.Description])
        .sort(([a], [b]) => (String(a) < String(b) ? -1 : 1)),
    );
    expect(inventory.prefixLists.find((list) => list.prefixListId === seeded.prefixListId)?.cidrs).toHaveLength(120);
    expect(inventory.flowLogs?.map((log) => [log.resourceId, log.trafficType, log.destination])).toEqual([
      [seeded.vpcId, 'ALL', 'flows'],
    ]);
    expect(inventory.holders?.map((holder) => [holder.groupId, holder.name, holder.versions])).toEqual([
      [seeded.groupIds.at(-1), 'workers', [1]],
    ]);
    expect(inventory.peerings).toHaveLength(1);
    expect(inventory.warnings.map((warning) => warning.code)).toEqual([]);
    expect(count('DescribeSecurityGroupRules')).toBe(2);
    expect(count('DescribeNetworkInterfaces')).toBe(2);
    expect(bench.proxy.seen.filter(({ input }) => input.PrefixListId === seeded.prefixListId)).toHaveLength(2);
  });

  test('the same pull twice writes the same bytes, whatever order the pages come in', async () => {
    await bench.pull(SMALL);
    const first = new Map(
      filesIn(join(bench.dir, 'out')).map((file) => [file, readFileSync(join(bench.dir, 'out', file), 'utf8')]),
    );
    expect((await bench.pull(SMALL)).code).toBe(0);
    const second = filesIn(join(bench.dir, 'out'));
    expect(second).toEqual([...first.keys()]);
    for (const file of second) {
      if (file === 'pare-inventory.json') continue;
      expect(readFileSync(join(bench.dir, 'out', file), 'utf8')).toBe(first.get(file));
    }
    expect(second.filter((file) => file.startsWith(`${OWN_ACCOUNT}/us-west-2/`))).toHaveLength(second.length - 1);
  });

  test('throttled calls are tried again until AWS gives way', async () => {
    const tries = new Map<string, number>();
    bench.proxy.faults = ({ operation }) => {
      const n = (tries.get(operation) ?? 0) + 1;
      tries.set(operation, n);
      if (n > 2 || !THROTTLED.includes(operation)) return null;
      return { status: 503, code: 'RequestLimitExceeded', message: 'Request limit exceeded.' };
    };
    const outcome = await bench.pull(SMALL);
    expect(outcome.code).toBe(0);
    expect(outcome.stdout).toMatch(/complete\n$/);
    expect(count('DescribeSecurityGroupRules')).toBe(3);
  });

  test('a connection that breaks in the middle of a listing is taken up again at the page that was lost', async () => {
    let broken = false;
    bench.proxy.faults = ({ operation, input }) => {
      if (broken || operation !== 'DescribeNetworkInterfaces' || input.NextToken === undefined) return null;
      broken = true;
      return 'reset';
    };
    expect((await bench.pull([])).code).toBe(0);
    expect(broken).toBe(true);
    expect((await readInventory(join(bench.dir, 'out'))).interfaces.length).toBeGreaterThan(1_000);
  });

  test('a listing that may be missing is told by name with the permission to add, and everything else is written', async () => {
    bench.proxy.faults = ({ operation }) =>
      operation === 'DescribeFlowLogs'
        ? {
            status: 403,
            code: 'UnauthorizedOperation',
            message: 'You are not authorized to perform this operation. Encoded authorization failure message: abc',
          }
        : null;
    const outcome = await bench.pull(SMALL);
    expect(outcome.code).toBe(1);
    expect(outcome.stderr).toContain(
      `warning: ${OWN_ACCOUNT} us-west-2 flow-logs: access denied: the caller in account ${OWN_ACCOUNT} may not call ec2:DescribeFlowLogs; allow ec2:DescribeFlowLogs on *`,
    );
    expect(outcome.stdout).toMatch(/incomplete\n$/);
    const inventory = await readInventory(join(bench.dir, 'out'));
    expect(inventory.failedScopes).toMatchObject([{ listing: 'flow-logs', code: 'aws-access-denied' }]);
    expect(inventory.warnings.map((warning) => warning.code)).toEqual(['inventory-listing-failed']);
    expect(inventory.missingListings?.map(({ listing }) => listing)).toContain('flow-logs');
  });

  test('without the rules nothing is written, and an earlier inventory stays as it was', async () => {
    await bench.pull(SMALL);
    const before = readFileSync(join(bench.dir, 'out', 'pare-inventory.json'), 'utf8');
    bench.proxy.faults = ({ operation }) =>
      operation === 'DescribeSecurityGroupRules'
        ? { status: 403, code: 'UnauthorizedOperation', message: 'with an explicit deny in a service control policy' }
        : null;
    const outcome = await bench.pull(SMALL);
    expect(outcome.code).toBe(1);
    expect(outcome.stderr).toContain('a service control policy denies ec2:DescribeSecurityGroupRules');
    expect(outcome.stderr).toContain('nothing was written');
    expect(readFileSync(join(bench.dir, 'out', 'pare-inventory.json'), 'utf8')).toBe(before);
    expect(filesIn(bench.dir).filter((file) => !file.startsWith('out/'))).toEqual([]);
  });

  test.each(['SIGINT', 'SIGTERM'] as const)(
    '%s in the middle leaves nothing behind, and an earlier inventory untouched',
    async (signal) => {
      await bench.pull(SMALL);
      bench.proxy.reset();
      const before = filesIn(bench.dir);
      let reached = false;
      bench.proxy.faults = ({ operation }) => (operation === 'DescribeVpcs' ? { delayMs: 30_000 } : null);
      const outcome = await bench.pull(SMALL, {
        started: (child) => {
          const watch = setInterval(() => {
            if (!bench.proxy.seen.some((seen) => seen.operation === 'DescribeVpcs')) return;
            reached = true;
            clearInterval(watch);
            child.kill(signal);
          }, 20);
          child.on('exit', () => clearInterval(watch));
        },
      });
      expect(reached).toBe(true);
      expect(outcome.code).toBe(130);
      expect(outcome.stderr).toContain('nothing was left half-written');
      expect(filesIn(bench.dir)).toEqual(before);
    },
  );
});
