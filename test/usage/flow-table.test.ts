import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EVIDENCE_CLASSES } from '../../analyzer/flowlogs/ledger.ts';
import { ClassIndex, serviceKey, serviceOf } from '../../analyzer/usage/class-index.ts';
import { FlowTable, flowKind, kindOf } from '../../analyzer/usage/flow-table.ts';
import { Sightings } from '../../analyzer/usage/sightings.ts';
import { TallyTable } from '../../analyzer/usage/tally.ts';
import { flow } from '../advice/build.ts';

const DAY = 86_400;

describe('flat tables against maps that say the same slowly', () => {
  it('sum the flows of the explorer by period, through growth and a merge', () => {
    const row = fc.tuple(fc.nat(40), fc.integer({ min: -1, max: 30 }), fc.nat(9), fc.nat(50));
    fc.assert(
      fc.property(fc.array(row, { maxLength: 900, size: 'max' }), (rows) => {
        const table = new FlowTable();
        const wanted = new Map<string, [number, number, number][]>();
        for (const [interfaceId, peer, period, records] of rows) {
          table.add(table.of(flowKind(interfaceId, 'outbound', 'REJECT', 17, 53), peer), period, records, records * 2);
          const list = wanted.get(`${interfaceId}|${peer}`) ?? [];
          wanted.set(`${interfaceId}|${peer}`, list);
          const known = list.find(([at]) => at === period);
          if (known === undefined) list.push([period, records, records * 2]);
          else [known[1], known[2]] = [known[1] + records, known[2] + records * 2];
        }
        const again = FlowTable.from(
          table,
          Array.from({ length: table.count }, (_, i) => i),
        );
        for (const told of [table, again]) {
          expect(told.count).toBe(wanted.size);
          for (const [key, list] of wanted) {
            const [interfaceId, peer] = key.split('|').map(Number);
            const id = told.of(flowKind(interfaceId!, 'outbound', 'REJECT', 17, 53), peer!);
            expect(told.periods(id)).toEqual(list.sort(([a], [b]) => a - b));
            expect(told.records(id)).toBe(list.reduce((sum, [, n]) => sum + n, 0));
            expect(told.bytes(id)).toBe(told.records(id) * 2);
          }
        }
      }),
      { numRuns: 30 },
    );
  });

  it('tell what makes a flow or a class from its number', () => {
    const parts = fc.record({
      interfaceId: fc.integer({ min: -1, max: 2_000_000 }),
      opened: fc.constantFrom('inbound' as const, 'outbound' as const, 'unknown' as const),
      action: fc.constantFrom('ACCEPT' as const, 'REJECT' as const),
      protocol: fc.nat(255),
      port: fc.integer({ min: -1, max: 65_535 }),
    });
    fc.assert(
      fc.property(parts, fc.boolean(), fc.boolean(), (kind, egress, certain) => {
        const { interfaceId, opened, action, protocol, port } = kind;
        expect(kindOf(flowKind(interfaceId, opened, action, protocol, port))).toEqual(kind);
        const service = { groupSet: interfaceId + 1, egress, certain, protocol, port: port < 0 ? null : port };
        const key = serviceKey(service.groupSet, egress, certain, protocol, service.port);
        expect(serviceOf(key)).toEqual(service);
      }),
    );
  });

  it('sum days and evidence of tallies in any order', () => {
    const row = fc.tuple(fc.nat(3), fc.nat(12), fc.constantFrom(...EVIDENCE_CLASSES), fc.integer({ min: 1, max: 9 }));
    fc.assert(
      fc.property(fc.array(row, { maxLength: 300, size: 'max' }), (rows) => {
        const table = new TallyTable();
        for (const [id, day, evidence, records] of rows) {
          table.add(id * 50, flow(0, 6, 80, '10.0.0.1', { bucket: day * DAY + 3600, evidence, records }));
        }
        for (const id of [0, 1, 2, 3]) {
          const own = rows.filter(([of]) => of === id);
          const sum = (part: typeof own) => part.reduce((n, [, , , records]) => n + records, 0);
          const { records, days, evidence } = table.totals(id * 50);
          expect(records).toBe(sum(own));
          const all = [...new Set(own.map(([, day]) => day))].sort((a, b) => a - b);
          expect(days).toEqual(all.map((day) => ({ day, records: sum(own.filter(([, d]) => d === day)) })));
          const names = EVIDENCE_CLASSES.filter((name) => own.some(([, , kind]) => kind === name));
          expect(Object.entries(evidence)).toEqual(names.map((n) => [n, sum(own.filter(([, , kind]) => kind === n))]));
        }
      }),
    );
  });

  it('name each interface of a class once, wherever its rows stand', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(200), fc.nat(4)), { maxLength: 300, size: 'max' }), (seen) => {
        const sightings = new Sightings();
        for (const [id, wearer] of seen) sightings.note(id, wearer);
        for (let id = 0; id <= 201; id += 1) {
          const wanted = new Set(seen.filter(([of]) => of === id).map(([, wearer]) => wearer));
          expect(sightings.of(id).sort()).toEqual([...wanted].sort());
        }
      }),
    );
  });
});

describe('law 1: a class is recalled only for whom and when it was found', () => {
  it('answers with the class whose VPC and time fit, through every growth, and with none otherwise', () => {
    const asked = fc.record({ service: fc.nat(3), peer: fc.nat(60), set: fc.nat(2) });
    fc.assert(
      fc.property(fc.array(asked, { maxLength: 400, size: 'max' }), (all) => {
        const index = new ClassIndex();
        const known = new Map<string, number>();
        // In the world of this test a VPC sees the set of its number, and from the hundredfold of it on for a hundred seconds.
        for (const { service, peer, set } of all) {
          const key = `${service}|${peer}|${set}`;
          expect(index.find(service, peer, set)).toBe(known.get(key) ?? -1);
          expect(index.recall(service, peer, set, set * 100, set * 100 + 50)).toBe(known.get(key) ?? -1);
          if (known.has(key)) continue;
          const id = index.create(service, peer, set, 0);
          known.set(key, id);
          expect(index.recall(service, peer, set, set * 100, set * 100 + 50)).toBe(-1);
          index.remember(id, set, set * 100, set * 100 + 100);
          expect(index.recall(service, peer, set, set * 100 - 1, set * 100 + 50)).toBe(-1);
          expect(index.recall(service, peer, set, set * 100, set * 100 + 100)).toBe(-1);
          expect(index.recall(service, peer, set + 1, set * 100, set * 100 + 50)).toBe(-1);
        }
      }),
      { numRuns: 50 },
    );
  });
});
