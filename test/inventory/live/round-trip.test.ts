import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { writeFailures, writeScope } from '../../../analyzer/inventory/adapters/write-scope.ts';
import { readInventory } from '../../../analyzer/inventory/index.ts';
import type { OperationName } from '../../../analyzer/inventory/live/operations.ts';
import { pullInventory } from '../../../analyzer/inventory/live/pull.ts';
import { generateState, inventoryDocuments } from '../../generator/index.ts';
import { random } from '../../generator/random.ts';
import { folderWith } from '../aws-output.ts';
import { fakeApi, NEVER } from './fake-api.ts';

/** File and key of the listing that each call gives. */
const ANSWERS: Readonly<Partial<Record<OperationName, readonly [file: string, key: string]>>> = {
  DescribeSecurityGroups: ['security-groups.json', 'SecurityGroups'],
  DescribeSecurityGroupRules: ['security-group-rules.json', 'SecurityGroupRules'],
  DescribeNetworkInterfaces: ['network-interfaces.json', 'NetworkInterfaces'],
  DescribeManagedPrefixLists: ['managed-prefix-lists.json', 'PrefixLists'],
  DescribeVpcs: ['vpcs.json', 'Vpcs'],
  DescribeSubnets: ['subnets.json', 'Subnets'],
  DescribeFlowLogs: ['flow-logs.json', 'FlowLogs'],
};

describe('a pull and its reading', () => {
  test.each(Array.from({ length: 12 }, (_, n) => n + 1))(
    'what is written of generated VPC %i reads as what the live source said, however it was paged',
    async (seed) => {
      const { state } = generateState(seed);
      const documents = inventoryDocuments(state, []);
      const account = String(state.accountId);
      const region = String(state.region);
      const rnd = random(seed);
      let tokens = 0;
      const api = fakeApi(({ operation, input, place }) => {
        if (operation === 'GetCallerIdentity') return { Account: account, Arn: `arn:aws:iam::${account}:user/x` };
        const [file, key] = ANSWERS[operation] ?? [`prefix-list-entries/${String(input.PrefixListId)}.json`, 'Entries'];
        const all = (documents[file] as Record<string, unknown[]> | undefined)?.[key] ?? [];
        expect(place.region).toBe(region);
        const from = Number(String(input.NextToken ?? 0).split(' ')[0]);
        const size = rnd.between(0, 5);
        return {
          [key]: all.slice(from, from + size),
          ...(from + size < all.length ? { NextToken: `${from + size} ${tokens++}` } : {}),
        };
      });
      const out = folderWith({});
      const result = await pullInventory(
        { target: { kind: 'own' }, regions: [region], configHistory: null, ruleAges: false, concurrency: 1 },
        { api, write: (scope) => writeScope(out, scope), progress: () => {}, signal: NEVER },
      );
      expect(result.failures).toEqual([]);
      await writeFailures(out, result.failures);

      const printed = folderWith({});
      for (const [name, content] of Object.entries(documents)) {
        const path = join(printed, account, region, name);
        mkdirSync(dirname(path), { recursive: true });
        writeFileSync(path, JSON.stringify(content));
      }
      const place = (dir: string) => async () => {
        const { missingListings, warnings, ...rest } = await readInventory(dir);
        expect(missingListings).toBeDefined();
        return { ...rest, warnings: warnings.map(({ code, message }) => ({ code, message })) };
      };
      const read = await place(out)();
      expect(read.rules.length).toBeGreaterThan(0);
      expect(read.interfaces.length).toBeGreaterThan(0);
      expect(read).toEqual(await place(printed)());
    },
  );

  test('a listing of more items than one file takes comes back whole', async () => {
    const items = Array.from({ length: 20_001 }, (_, i) => ({
      NetworkInterfaceId: `eni-${String(i).padStart(17, '0')}`,
      OwnerId: '111122223333',
      Groups: [{ GroupId: 'sg-1' }],
      PrivateIpAddress: '10.0.0.1',
    }));
    const out = folderWith({});
    const listing = (name: string, key: string, list: object[]) => ({
      name,
      key,
      items: list as Record<string, unknown>[],
    });
    await writeScope(out, {
      accountId: '111122223333',
      region: 'eu-west-1',
      listings: [
        listing('security-groups', 'SecurityGroups', [{ GroupId: 'sg-1', GroupName: 'a' }]),
        listing('security-group-rules', 'SecurityGroupRules', []),
        listing('network-interfaces', 'NetworkInterfaces', items),
      ],
      entries: [],
      configHistory: null,
      failures: [],
    });
    expect((await readInventory(out)).interfaces).toHaveLength(20_001);
  });
});
