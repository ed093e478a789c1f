import { describe, expect, it } from 'vitest';
import { wornTogether } from '../../analyzer/advice/worn.ts';
import type { GroupHolder, Inventory } from '../../analyzer/model/inventory.ts';
import { days, eni, FROM, inventory } from './build.ts';

const DAY = 86_400;
const WINDOW = days(10);
const holder = (holderId: string, groupId: string): GroupHolder => ({
  groupId,
  kind: 'launch-template',
  holderId,
  name: null,
  versions: [1],
  accountId: null,
  region: null,
  byName: false,
});
const worn = (parts: Partial<Inventory>) =>
  Object.fromEntries(
    [...wornTogether(inventory(parts), WINDOW)].map(([id, { sets, interfaces }]) => [
      id,
      [interfaces, ...sets.map((s) => s.join('+'))],
    ]),
  );

describe('what a group was worn with', () => {
  it('is each distinct set, sorted, and on how many interfaces', () => {
    const interfaces = [
      eni('eni-3', ['sg-a', 'sg-c'], []),
      eni('eni-1', ['sg-a', 'sg-b'], []),
      eni('eni-2', ['sg-a', 'sg-b'], []),
      eni('eni-4', ['sg-c'], []),
      eni('eni-5', [], []),
    ];
    expect(worn({ interfaces })).toEqual({
      'sg-a': [3, 'sg-a+sg-b', 'sg-a+sg-c'],
      'sg-b': [2, 'sg-a+sg-b'],
      'sg-c': [2, 'sg-a+sg-c', 'sg-c'],
    });
  });

  it('counts an interface once, though it wore the group in two states', () => {
    const interfaces = [
      eni('eni-1', ['sg-a'], [], { to: FROM + DAY }),
      eni('eni-1', ['sg-a', 'sg-b'], [], { from: FROM + DAY }),
    ];
    expect(worn({ interfaces })).toEqual({ 'sg-a': [1, 'sg-a', 'sg-a+sg-b'], 'sg-b': [1, 'sg-a+sg-b'] });
  });

  it('leaves out what was before the window, and not what is after it', () => {
    const at = (from: number, to: number | null) =>
      Object.keys(worn({ interfaces: [eni('eni-1', ['sg-a'], [], { from, to })] })).length;
    expect(at(FROM - DAY, FROM)).toBe(0);
    expect(at(FROM - DAY, FROM + 1)).toBe(1);
    expect(at(WINDOW.to, null)).toBe(1);
    expect(at(WINDOW.to + DAY, WINDOW.to + 2 * DAY)).toBe(1);
    expect(at(FROM + DAY, FROM + DAY)).toBe(0);
  });

  it('takes a group of a launch template alone too, for what the template will start', () => {
    const interfaces = [eni('eni-1', ['sg-a', 'sg-b'], [])];
    const holders = [holder('lt-1', 'sg-a'), holder('lt-1', 'sg-c'), holder('lt-2', 'sg-a')];
    expect(worn({ interfaces, holders })).toEqual({ 'sg-a': [1, 'sg-a', 'sg-a+sg-b'], 'sg-b': [1, 'sg-a+sg-b'] });
  });

  it('of a group that no interface wore is nothing', () => {
    expect(worn({ interfaces: [], holders: [holder('lt-1', 'sg-a')] })).toEqual({});
  });
});
