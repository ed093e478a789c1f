import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { InterfaceState } from '../../analyzer/model/interface.ts';
import { compareText, spansCover, statesWithin, timelines } from '../../analyzer/usage/timeline.ts';
import { eni } from '../advice/build.ts';

const state = (from: number, to: number | null, more: Partial<InterfaceState> = {}): InterfaceState =>
  eni('eni-1', ['sg-a'], ['10.0.0.1'], { from, to, ...more });
const spans = (...states: InterfaceState[]): [number, number][] =>
  (timelines(states).get('eni-1') ?? []).map(({ from, to }) => [from, to]);

describe('the time in which a state must be reckoned with', () => {
  it.each<[string, InterfaceState[], [number, number][]]>([
    ['a known span is itself', [state(10, 20)], [[10, 20]]],
    ['an open end has no limit', [state(10, null)], [[10, Infinity]]],
    ['an unknown start reaches back without limit', [state(10, 20, { startKnown: false })], [[-Infinity, 20]]],
    [
      'an unknown start reaches back to the end of the state before',
      [state(0, 5), state(10, null, { startKnown: false })],
      [
        [0, 5],
        [5, Infinity],
      ],
    ],
    [
      'a known start leaves the gap',
      [state(0, 5), state(10, null)],
      [
        [0, 5],
        [10, Infinity],
      ],
    ],
    [
      'an unknown start is never moved forward by a state that ends later',
      [state(0, 15), state(10, 20, { startKnown: false })],
      [
        [0, 15],
        [10, 20],
      ],
    ],
    [
      'nobody wore anything before the interface was made',
      [state(10, 20, { startKnown: false, existsSince: 7 })],
      [[7, 20]],
    ],
    ['a birth after the start counts too', [state(10, 20, { existsSince: 12 })], [[12, 20]]],
  ])('%s', (_, states, expected) => {
    expect(spans(...states)).toEqual(expected);
    expect(spans(...states.toReversed())).toEqual(expected);
  });

  it('is told by interface, in the order of their ids, each sorted by what it reaches', () => {
    const held = timelines([
      eni('eni-2', [], [], { from: 0, to: 6 }),
      eni('eni-1', [], [], { from: 3, to: 9 }),
      eni('eni-1', [], [], { from: 3, to: 4 }),
      eni('eni-1', [], [], { from: 1, to: null }),
      eni('eni-1', [], [], { from: 1, to: 2 }),
    ]);
    expect([...held.keys()]).toEqual(['eni-1', 'eni-2']);
    expect(held.get('eni-1')!.map(({ from, to }) => [from, to])).toEqual([
      [1, 2],
      [1, Infinity],
      [3, 4],
      [3, 9],
    ]);
  });

  it('is sorted by what it reaches, where a birth moved a start', () => {
    expect(spans(state(1, 20, { existsSince: 8 }), state(5, 6))).toEqual([
      [5, 6],
      [8, 20],
    ]);
    expect(spans(state(1, 20, { existsSince: 8 }), state(8, 9))).toEqual([
      [8, 9],
      [8, 20],
    ]);
  });
});

describe('states within a span', () => {
  it('are those that hold at some moment of it: the start counts, the end does not', () => {
    const at = (from: number, to: number, ...held: { from: number; to: number }[]) => statesWithin(held, from, to);
    const one = { from: 10, to: 20 };
    const two = { from: 20, to: 30 };
    expect(at(0, 9, one)).toEqual([]);
    expect(at(0, 10, one)).toEqual([one]);
    expect(at(19, 19, one)).toEqual([one]);
    expect(at(20, 25, one)).toEqual([]);
    expect(at(19, 20, one, two)).toEqual([one, two]);
    expect(at(20, 20, one, two)).toEqual([two]);
    expect(at(0, 9, one, two)).toEqual([]);
    expect(at(0, 10, one, two)).toEqual([one]);
    expect(at(30, 40, one, two)).toEqual([]);
    expect(at(0, 10)).toEqual([]);
  });
});

describe('whether spans hold throughout', () => {
  it('agrees with asking every moment', () => {
    const moment = fc.integer({ min: 0, max: 9 });
    fc.assert(
      fc.property(fc.array(fc.tuple(moment, moment), { maxLength: 4 }), moment, moment, (pairs, a, b) => {
        const held = pairs.map(([x, y]) => ({ from: Math.min(x, y), to: Math.max(x, y) + 1 }));
        const [from, to] = [Math.min(a, b), Math.max(a, b)];
        let every = true;
        for (let t = from; t <= to; t += 1) every &&= held.some((h) => h.from <= t && t < h.to);
        expect(spansCover(held, from, to)).toBe(every);
      }),
      { numRuns: 500 },
    );
  });
});

describe('text', () => {
  it('is compared by its code units, not by a language', () => {
    expect(['b', 'a', 'B', 'ä', 'a'].sort(compareText)).toEqual(['B', 'a', 'a', 'b', 'ä']);
    expect([compareText('a', 'b'), compareText('b', 'a'), compareText('a', 'a')]).toEqual([-1, 1, 0]);
  });
});
