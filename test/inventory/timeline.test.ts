import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ConfigItem } from '../../analyzer/inventory/index.ts';
import { buildTimeline } from '../../analyzer/inventory/index.ts';
import type { InterfaceState } from '../../analyzer/model/interface.ts';

const facts = (group: string): NonNullable<ConfigItem['facts']> => ({
  interfaceId: 'eni-1',
  vpcId: 'vpc-1',
  subnetId: 'subnet-1',
  groups: [group],
  addresses: ['10.0.0.1'],
  publicAddresses: [],
  interfaceType: 'interface',
  requesterManaged: false,
  description: null,
});
const item = (capturedAt: number, status: ConfigItem['status'], group: string, stateId: string): ConfigItem => ({
  interfaceId: 'eni-1',
  accountId: '111122223333',
  region: 'eu-west-1',
  capturedAt,
  stateId,
  status,
  createdAt: null,
  facts: status === 'deleted' || status === 'unrecorded' ? null : facts(group),
  origin: 'config-history',
});
const group = fc.constantFrom('sg-a', 'sg-b', 'sg-c');
const items = fc
  .array(
    fc.tuple(
      fc.integer({ min: 1, max: 40 }),
      fc.constantFrom('present' as const, 'present' as const, 'unrecorded' as const),
      group,
    ),
    { maxLength: 8 },
  )
  .map((list) =>
    list
      .sort(([a], [b]) => a - b)
      .map(([time, status, name], i) =>
        item(time * 10, i === 0 && status === 'present' ? 'first' : status, name, String(i)),
      ),
  );
const present = fc.option(group).map((name): InterfaceState[] =>
  name === null
    ? []
    : [
        {
          ...facts(name),
          accountId: '111122223333',
          region: 'eu-west-1',
          from: 0,
          to: null,
          origin: 'inventory',
          startKnown: false,
        },
      ],
);
const groupsAt = (states: readonly InterfaceState[], moment: number): string[] =>
  [
    ...new Set(states.filter((s) => s.from <= moment && (s.to === null || moment < s.to)).flatMap((s) => s.groups)),
  ].sort();

describe('law 1: uncertainty counts as use', () => {
  test('at every moment each state that may have held then is in the timeline, and where one is certain it stands alone', () => {
    fc.assert(
      fc.property(items, present, (history, now) => {
        const states = buildTimeline(now, { items: history });
        for (let moment = 5; moment < 420; moment += 10) {
          const possible = new Set<string>();
          const past = history.filter((i) => i.capturedAt <= moment);
          const future = history.filter((i) => i.capturedAt > moment);
          const last = past.findLast((i) => i.facts !== null);
          if (last === undefined) continue;
          possible.add(last.facts!.groups[0]!);
          const next = future.find((i) => i.facts !== null)?.facts?.groups[0] ?? now[0]?.groups[0];
          const dark = past.slice(past.lastIndexOf(last)).some((i) => i.status === 'unrecorded');
          // The next one may have begun already: in the dark, or after the last item of all, when only the present tells.
          if (next !== undefined && (dark || !future.some((i) => i.facts !== null))) possible.add(next);
          const stated = groupsAt(states, moment);
          for (const name of possible) expect(stated).toContain(name);
          const quiet = !history.some((i) => i.status === 'unrecorded') && future.length > 0;
          expect(quiet ? stated : []).toEqual(quiet ? [...possible].sort() : []);
        }
      }),
      { numRuns: 500 },
    );
  });

  test('states are sorted, never empty in time, and the present is among them', () => {
    fc.assert(
      fc.property(items, present, (history, now) => {
        const states = buildTimeline(now, { items: history });
        for (const state of states) expect(state.to === null || state.to > state.from).toBe(true);
        const froms = states.map((state) => state.from);
        expect(froms).toEqual([...froms].sort((a, b) => a - b));
        const worn = groupsAt(states, 10_000);
        for (const state of now) expect(worn).toContain(state.groups[0]);
      }),
    );
  });

  test('two states captured within one second both count for it', () => {
    const states = buildTimeline([], {
      items: [item(100.1, 'first', 'sg-a', '1'), item(100.7, 'present', 'sg-b', '2')],
    });
    expect(states.map((s) => [s.groups[0], s.from, s.to])).toEqual([
      ['sg-a', 100, 101],
      ['sg-b', 100, null],
    ]);
  });
});
