import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { buildTimeline, readConfigHistory } from '../../../analyzer/inventory/index.ts';
import { pullConfigHistory } from '../../../analyzer/inventory/live/config-history.ts';
import type { InterfaceState } from '../../../analyzer/model/interface.ts';
import { folderWith } from '../aws-output.ts';
import { awsError, fakeApi, NEVER, PLACE } from './fake-api.ts';

const ENI = 'eni-00000000000000001';
const wish = { since: 500, maxInterfaces: 100 };

function item(at: number, status: string, group: string): Record<string, unknown> {
  const configuration = JSON.stringify({
    networkInterfaceId: ENI,
    groups: [{ groupId: group }],
    privateIpAddress: '10.0.0.1',
  });
  return {
    configurationItemCaptureTime: new Date(at * 1000),
    configurationItemStatus: status,
    configurationStateId: String(at),
    resourceType: 'AWS::EC2::NetworkInterface',
    resourceId: ENI,
    accountId: '111122223333',
    awsRegion: 'eu-west-1',
    resourceCreationTime: new Date(1_000),
    ...(status === 'OK' || status === 'ResourceDiscovered' ? { configuration } : {}),
  };
}

/** Config's answers for one interface, newest first, two items on a page. */
function config(items: readonly Record<string, unknown>[], deletedAt: number | null = null) {
  const newest = [...items].reverse();
  return fakeApi(({ operation, input }) => {
    if (operation === 'ListDiscoveredResources')
      return {
        resourceIdentifiers: [
          { resourceId: ENI, ...(deletedAt === null ? {} : { resourceDeletionTime: new Date(deletedAt * 1000) }) },
        ],
      };
    const from = Number(input.nextToken ?? 0);
    return {
      configurationItems: newest.slice(from, from + 2),
      ...(from + 2 < newest.length ? { nextToken: String(from + 2) } : {}),
    };
  });
}

async function timeline(present: InterfaceState[], document: object): Promise<InterfaceState[]> {
  const dir = folderWith({ 'history.json': document });
  return buildTimeline(present, await readConfigHistory([dir]));
}

function presentState(group: string): InterfaceState {
  return {
    interfaceId: ENI,
    accountId: '111122223333',
    region: 'eu-west-1',
    vpcId: null,
    subnetId: null,
    groups: [group],
    addresses: ['10.0.0.1'],
    publicAddresses: [],
    interfaceType: null,
    requesterManaged: false,
    description: null,
    from: 0,
    to: null,
    origin: 'inventory',
    startKnown: false,
  };
}

const groupsAt = (states: readonly InterfaceState[], at: number): string[] =>
  [...new Set(states.filter((s) => s.from <= at && (s.to === null || at < s.to)).flatMap((s) => s.groups))].sort();

describe('law 2: of the time before a shortened history nothing is claimed', () => {
  test('from the moment asked for on, the shortened history says what the whole one says; before its first item it says nothing', async () => {
    const history = fc
      .uniqueArray(fc.integer({ min: 2, max: 100 }), { minLength: 1, maxLength: 10 })
      .chain((times) =>
        fc.tuple(
          fc.constant(times.sort((a, b) => a - b)),
          fc.array(
            fc.tuple(fc.constantFrom('OK', 'OK', 'OK', 'ResourceNotRecorded'), fc.constantFrom('sg-a', 'sg-b')),
            { minLength: times.length, maxLength: times.length },
          ),
        ),
      )
      .map(([times, kinds]) =>
        times.map((t, i) =>
          item(t * 10, i > 0 ? kinds[i]![0] : kinds[i]![1] === 'sg-a' ? 'ResourceDiscovered' : 'OK', kinds[i]![1]),
        ),
      );
    const now = fc.constantFrom(null, 'sg-a', 'sg-b');
    await fc.assert(
      fc.asyncProperty(history, now, async (items, worn) => {
        const pulled = await pullConfigHistory(config(items), PLACE, [], wish, NEVER);
        expect(pulled.failures).toEqual([]);
        const present = worn === null ? [] : [presentState(worn)];
        const cut = await timeline(present, { cutBefore: pulled.cutBefore, configurationItems: pulled.items });
        const whole = await timeline(present, { configurationItems: items });
        for (let at = 500; at <= 1_010; at += 5) expect(groupsAt(cut, at)).toEqual(groupsAt(whole, at));
        if (pulled.items!.length === items.length) return;
        const first = Math.min(
          ...pulled.items!.map((it) => (it.configurationItemCaptureTime as Date).getTime() / 1000),
        );
        for (let at = 0; at < first; at += 5) expect(groupsAt(cut, at)).toEqual([]);
      }),
      { numRuns: 80 },
    );
  });

  test('the item that held at the moment asked for is pulled, and none older', async () => {
    const items = [10, 20, 300, 450, 600, 700].map((at) => item(at, 'OK', 'sg-a'));
    const pulled = await pullConfigHistory(config(items), PLACE, [], wish, NEVER);
    expect(pulled.items!.map((it) => it.configurationStateId)).toEqual(['450', '600', '700']);
  });
});

describe('which interfaces AWS Config is asked about', () => {
  test.each([
    [499, 0],
    [500, 1],
    [501, 1],
  ])('one that was deleted at %i: asked %i times when the window begins at 500', async (deletedAt, times) => {
    const api = config([item(400, 'OK', 'sg-a')], deletedAt);
    await pullConfigHistory(api, PLACE, [], wish, NEVER);
    expect(api.calls.filter(({ operation }) => operation === 'GetResourceConfigHistory')).toHaveLength(times);
  });

  test('one that AWS Config has not discovered yet has no history and is no failure', async () => {
    const api = fakeApi(({ operation }) =>
      operation === 'GetResourceConfigHistory' ? awsError('ResourceNotDiscoveredException') : {},
    );
    expect(await pullConfigHistory(api, PLACE, [ENI], wish, NEVER)).toMatchObject({ items: [], failures: [] });
  });

  test('an interface whose second page fails is left out whole, and a thousand such are one line', async () => {
    const ids = Array.from({ length: 50 }, (_, i) => `eni-${i}`);
    const api = fakeApi(({ operation, input }) => {
      if (operation === 'ListDiscoveredResources') return {};
      if (input.nextToken !== undefined) return awsError('ThrottlingException');
      return { configurationItems: [{ ...item(900, 'OK', 'sg-a'), resourceId: input.resourceId }], nextToken: 'more' };
    });
    const pulled = await pullConfigHistory(api, PLACE, ids, wish, NEVER);
    expect(pulled.items).toEqual([]);
    expect(pulled.failures).toMatchObject([{ listing: 'config-history', code: 'aws-throttled' }]);
    expect(pulled.failures[0]!.message).toContain('for 50 interfaces');
  });
});
