import { describe, expect, it } from 'vitest';
import type { LedgerRow } from '../../analyzer/flowlogs/ledger.ts';
import { formatAddress } from '../../analyzer/model/address.ts';
import type { Inventory } from '../../analyzer/model/inventory.ts';
import { attribute } from '../../analyzer/usage/attribute.ts';
import type { Evidence } from '../../analyzer/usage/evidence.ts';
import { days, eni, FROM, flow, group, inventory, rule } from '../advice/build.ts';
import { batches } from './worlds.ts';

const DAY = 86_400;
const WIDE = [rule('ingress all * 0.0.0.0/0'), rule('ingress all * ::/0'), rule('egress all * 0.0.0.0/0')];

function attributed(parts: Partial<Inventory>, rows: readonly LedgerRow[]): Promise<Evidence> {
  return attribute({
    inventory: inventory({ rules: WIDE, ...parts }),
    ledger: batches(rows),
    coverage: batches([]),
    window: days(30),
  });
}

const told = (evidence: Evidence): string[] =>
  evidence.classes.map(
    (c) =>
      `${evidence.groupSets[c.groupSet]!.join('+')} ${c.direction} ${c.protocol} ${c.port ?? '-'} ${formatAddress(c.peer)} ${c.records}`,
  );

describe('connection classes', () => {
  it('are as many as there are kinds of connection, whatever they differ in, in one order', async () => {
    const rows = [
      flow(1, 17, 9, '10.0.0.1'),
      flow(1, 6, 9, '10.0.0.1'),
      flow(1, 6, 1, '10.0.0.1'),
      flow(1, 6, 0, '10.0.0.1'),
      flow(1, 6, null, '10.0.0.1'),
      flow(1, 6, 1, '10.0.0.2'),
      flow(1, 6, 1, '::1'),
      flow(1, 6, null, '10.0.0.1', { opened: 'outbound', peerPort: 1 }),
      flow(2, 6, 1, '10.0.0.1', { records: 5 }),
    ];
    const expected = [
      'sg-web egress 6 1 10.0.0.1 1',
      'sg-web ingress 6 - 10.0.0.1 1',
      'sg-web ingress 6 0 10.0.0.1 1',
      'sg-web ingress 6 1 10.0.0.1 6',
      'sg-web ingress 6 1 10.0.0.2 1',
      'sg-web ingress 6 1 ::1 1',
      'sg-web ingress 6 9 10.0.0.1 1',
      'sg-web ingress 17 9 10.0.0.1 1',
    ];
    expect(told(await attributed({}, rows))).toEqual(expected);
    expect(told(await attributed({}, rows.toReversed()))).toEqual(expected);
  });

  it('are told apart by the groups worn, however many there are', async () => {
    const ids = Array.from({ length: 300 }, (_, i) => `sg-${String(i).padStart(3, '0')}`);
    const rules = ids.map((groupId) => rule('ingress all * 0.0.0.0/0', { groupId, ruleId: `sgr-${groupId}` }));
    const interfaces = ids.map((id) => eni(`eni-${id}`, [id], []));
    const rows = ids.flatMap((id) =>
      [45, 46, 47].map((protocol) => flow(1, protocol, null, '10.0.0.1', { interfaceId: `eni-${id}` })),
    );
    const evidence = await attributed({ groups: ids.map((id) => group(id)), rules, interfaces }, rows);
    expect(evidence.classes).toHaveLength(900);
    for (const c of evidence.classes) {
      expect(c.records).toBe(1);
      expect(c.yes.map((i) => evidence.rules[i]!.groupId)).toEqual(evidence.groupSets[c.groupSet]);
    }
  });

  it('name the interfaces they were seen on, each once, sorted', async () => {
    const ids = ['eni-3', 'eni-1', 'eni-2', 'eni-1', 'eni-3'];
    const interfaces = ['eni-1', 'eni-2', 'eni-3'].map((id) => eni(id, ['sg-web'], []));
    const seen = async (...on: string[]) =>
      (
        await attributed(
          { interfaces },
          on.map((interfaceId) => flow(1, 6, 1, '10.0.0.1', { interfaceId })),
        )
      ).classes.map((c) => c.interfaces);
    expect(await seen(...ids)).toEqual([['eni-1', 'eni-2', 'eni-3']]);
    expect(await seen('eni-2', 'eni-2')).toEqual([['eni-2']]);
    expect(await seen('eni-2', 'eni-1')).toEqual([['eni-1', 'eni-2']]);
  });

  it('that are in doubt name them too', async () => {
    const interfaces = ['eni-1', 'eni-2'].map((id) => eni(id, ['sg-web'], []));
    const doubt = (interfaceId: string) => flow(1, 6, 1, '10.0.0.1', { interfaceId, opened: 'unknown', peerPort: 2 });
    const { classes } = await attributed({ interfaces }, [doubt('eni-2'), doubt('eni-1')]);
    expect(classes.map((c) => [c.direction, c.certain, c.interfaces])).toEqual([
      ['egress', false, ['eni-1', 'eni-2']],
      ['ingress', false, ['eni-1', 'eni-2']],
    ]);
  });

  it('list the rules of all groups worn, in the order of the rules', async () => {
    const rules = [
      rule('ingress tcp 1 10.0.0.0/8', { groupId: 'sg-b', ruleId: 'sgr-1' }),
      rule('ingress tcp 1-9 10.0.0.0/8', { groupId: 'sg-b', ruleId: 'sgr-2' }),
      rule('ingress all * 10.0.0.0/8', { groupId: 'sg-a', ruleId: 'sgr-3' }),
      rule('ingress tcp 1 pl-dark', { groupId: 'sg-a', ruleId: 'sgr-4' }),
      rule('ingress tcp 1 pl-darker', { groupId: 'sg-b', ruleId: 'sgr-5' }),
      rule('ingress udp 1 10.0.0.0/8', { groupId: 'sg-a', ruleId: 'sgr-6' }),
    ];
    const evidence = await attributed(
      { groups: [group('sg-a'), group('sg-b')], rules, interfaces: [eni('eni-web', ['sg-b', 'sg-a'], [])] },
      [flow(1, 6, 1, '10.0.0.1'), flow(1, 6, 1, '10.0.0.2')],
    );
    expect(evidence.classes.map((c) => [c.yes, c.maybe])).toEqual([
      [
        [0, 3, 4],
        [1, 5],
      ],
      [
        [0, 3, 4],
        [1, 5],
      ],
    ]);
  });

  it('that some rule only may have let in are use too', async () => {
    const evidence = await attributed({ rules: [rule('ingress tcp 1 pl-dark'), rule('ingress tcp 1 10.0.0.0/8')] }, [
      flow(1, 6, 1, '10.0.0.1'),
    ]);
    expect(evidence.totals).toEqual({ explained: 1, unfiltered: 0, unexplained: 0 });
    expect(evidence.classes.map((c) => [c.yes, c.maybe, c.certain])).toEqual([[[0], [1], true]]);
  });

  it('of one and the same reading are certain, though two states led to it', async () => {
    const interfaces = [
      eni('eni-web', ['sg-web'], ['10.0.0.10'], { to: FROM + DAY + 3630 }),
      eni('eni-web', ['sg-web'], ['10.0.0.10', '10.0.0.11'], { from: FROM + DAY + 3630 }),
    ];
    const evidence = await attributed({ interfaces }, [flow(1, 6, 1, '10.0.0.1')]);
    expect(evidence.classes.map((c) => [c.certain, c.records])).toEqual([[true, 1]]);
    expect(evidence.ambiguous).toEqual([]);
  });
});

describe('records with more than one reading', () => {
  const both = (peerAddress: string, peerPacketAddress: string, records: number): LedgerRow =>
    flow(1, 6, 1, peerAddress, { peerPacketAddress, records, bytes: records * 10, packets: records });

  it('are counted once for each set of readings, in whatever order they come', async () => {
    const rows = [both('10.0.0.1', '10.0.0.2', 1), both('10.0.0.2', '10.0.0.1', 2), both('10.0.0.1', '10.0.0.3', 4)];
    for (const order of [rows, rows.toReversed()]) {
      const { ambiguous } = await attributed({}, order);
      expect(ambiguous.map((a) => [a.classes, a.records, a.bytes])).toEqual([
        [[0, 1], 3, 30],
        [[0, 2], 4, 40],
      ]);
    }
  });

  it('are sorted by their classes, number by number', async () => {
    const addresses = Array.from({ length: 13 }, (_, i) => `10.0.0.${i + 1}`);
    const rows = addresses.flatMap((a, i) => addresses.slice(i + 1).map((b) => both(b, a, 1)));
    const { ambiguous } = await attributed({}, rows);
    const wanted = addresses.flatMap((_, i) => addresses.slice(i + 1).map((__, j) => [i, i + 1 + j]));
    expect(ambiguous.map((a) => a.classes)).toEqual(wanted);
    expect((await attributed({}, rows.toReversed())).ambiguous.map((a) => a.classes)).toEqual(wanted);
  });

  it('of which one reading is allowed come before those with another beside it', async () => {
    const rules = [rule('ingress tcp 1 10.0.0.0/24')];
    const rows = [both('10.0.0.1', '10.0.0.2', 1), both('10.0.0.1', '192.0.2.1', 2)];
    const { ambiguous } = await attributed({ rules }, rows);
    expect(ambiguous.map((a) => [a.classes, a.records])).toEqual([
      [[0], 2],
      [[0, 1], 1],
    ]);
  });

  it('stand beside the certain classes of the same kind', async () => {
    const { classes, ambiguous } = await attributed({}, [both('10.0.0.1', '10.0.0.2', 1), flow(1, 6, 1, '10.0.0.1')]);
    expect(classes.map((c) => [formatAddress(c.peer), c.certain])).toEqual([
      ['10.0.0.1', true],
      ['10.0.0.1', false],
      ['10.0.0.2', false],
    ]);
    expect(ambiguous.map((a) => a.classes)).toEqual([[1, 2]]);
  });
});
