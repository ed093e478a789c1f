import { describe, expect, it } from 'vitest';
import { type AddressSet, addressSet, parseAddress, parseCidr, sameAddresses } from '../../analyzer/model/address.ts';

const set = (...cidrs: string[]): AddressSet => addressSet(cidrs.map((cidr) => parseCidr(cidr)!));

describe('addresses that are none', () => {
  it.each(['1::2::3', '::1::', '1:2:3:4:5:6:7:8::', '1:2:3:4:5:6:7', '1:2:3:4:5:6:7:8:9', '1.2.3.4::', '::1.2.3.4:5'])(
    '%s',
    (text) => expect(parseAddress(text)).toBeNull(),
  );
});

describe('addresses with an IPv4 tail', () => {
  it.each([
    ['1:2:3:4:5:6:7.8.9.10', '1:2:3:4:5:6:708:90a'],
    ['::ffff:10.0.0.1', '::ffff:a00:1'],
  ])('%s is %s', (text, plain) => expect(parseAddress(text)).toEqual(parseAddress(plain)));
});

describe('networks that are none', () => {
  it.each(['/8', '', '10.0.0.0/', '10.0.0.0/33', '10.0.0.0/-1', '10.0.0.0/8/8', '::/129', '::/1000'])('%j', (text) =>
    expect(parseCidr(text)).toBeNull(),
  );
});

describe('equal sets of addresses', () => {
  it('are those with the same addresses of both families, built apart', () => {
    expect(sameAddresses(set('10.0.0.0/8', 'fd00::/8'), set('fd00::/8', '10.0.0.0/9', '10.128.0.0/9'))).toBe(true);
    expect(sameAddresses(set('10.0.0.0/8', 'fd00::/8'), set('10.0.0.0/8'))).toBe(false);
    expect(sameAddresses(set('10.0.0.0/8', 'fd00::/8'), set('fd00::/8'))).toBe(false);
    expect(sameAddresses(set(), set())).toBe(true);
  });
});
