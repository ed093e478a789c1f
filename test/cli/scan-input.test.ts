import { describe, expect, it } from 'vitest';
import type { InterfaceState } from '../../analyzer/model/interface.ts';
import { changeDays, interfaceAddresses } from '../../bot/cli/work/scan-input.ts';

const DAY = 86_400;
function state(part: Partial<InterfaceState>): InterfaceState {
  return {
    interfaceId: 'eni-1',
    accountId: '1',
    region: 'r',
    vpcId: null,
    subnetId: null,
    groups: [],
    addresses: [],
    publicAddresses: [],
    interfaceType: null,
    requesterManaged: false,
    description: null,
    origin: 'inventory',
    startKnown: true,
    from: 0,
    to: null,
    ...part,
  };
}

describe('what the scan is told of the inventory', () => {
  it('names all addresses that an interface ever had, sorted and once', () => {
    const states = [
      state({ interfaceId: 'eni-2', addresses: ['10.0.0.9'] }),
      state({ addresses: ['10.0.0.2', '10.0.0.1'], to: 5 }),
      state({ addresses: ['10.0.0.2', '2001:db8::1'], from: 5 }),
    ];
    expect(interfaceAddresses(states)).toEqual([
      { interfaceId: 'eni-1', addresses: ['10.0.0.1', '10.0.0.2', '2001:db8::1'] },
      { interfaceId: 'eni-2', addresses: ['10.0.0.9'] },
    ]);
  });

  it('keeps by the hour the day of each change, and the neighbour of a change near midnight', () => {
    expect(changeDays([state({ from: 10 * DAY + 43_200 })])).toEqual([{ interfaceId: 'eni-1', day: 10 * DAY }]);
    expect(changeDays([state({ from: 10 * DAY + 300 })])).toEqual([
      { interfaceId: 'eni-1', day: 9 * DAY },
      { interfaceId: 'eni-1', day: 10 * DAY },
    ]);
    expect(changeDays([state({ from: 10 * DAY + 43_200, startKnown: false })])).toEqual([]);
    expect(changeDays([state({ startKnown: false, to: 3 * DAY + 43_200 })])).toEqual([
      { interfaceId: 'eni-1', day: 3 * DAY },
    ]);
  });
});
