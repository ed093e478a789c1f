import { type Cidr, formatAddress, formatCidr, parseAddress, parseCidr } from '@pare/analyzer/model/address.ts';
import { numberOf, toNumber, toText } from '../convert.ts';
import { truncate } from '../number.ts';
import { failure, floatOf, list, str, type Value } from '../value.ts';
import { known, MANY, ofStrings, type Registered } from './helpers.ts';

function network(value: Value): Cidr | null {
  const text = toText(value);
  return text?.includes('/') ? parseCidr(decimalOctets(text)) : null;
}

/** Terraform reads 010.1.0.0 as it did before Go refused it (hashicorp/terraform, internal/ipaddr): decimal. */
function decimalOctets(text: string): string {
  return /^[0-9.]+\/\d+$/.test(text) ? text.replace(/(?<![0-9])0+(?=[0-9]+[./])/g, '') : text;
}

/** An IPv4 address written as IPv6 is one or the other, by function: left unknown. */
const MAPPED = /^[0:]*:ffff:/i;

function isMapped(value: Value): boolean {
  return MAPPED.test(toText(value) ?? '');
}

function bits(cidr: Cidr): number {
  return cidr.family === 4 ? 32 : 128;
}

function at(cidr: Cidr, offset: bigint, length: number): Cidr {
  const value = BigInt(cidr.value) + offset;
  return cidr.family === 4 ? { family: 4, value: Number(value), length } : { family: 6, value, length };
}

function subnet(cidr: Cidr, newbits: number, number: bigint): Cidr | null {
  const length = cidr.length + newbits;
  if (!Number.isInteger(newbits) || newbits < 0 || length > bits(cidr)) return null;
  if (number < 0n || number >= 1n << BigInt(newbits)) return null;
  return at(cidr, number << BigInt(bits(cidr) - length), length);
}

/** As Go's cidr.Host: negative numbers count from the end. */
function host(cidr: Cidr, number: bigint): string | null {
  const room = 1n << BigInt(bits(cidr) - cidr.length);
  if (number >= room || -number > room) return null;
  return formatAddress(at(cidr, number < 0n ? room + number : number, bits(cidr)));
}

function whole(value: Value): bigint | null {
  const number = numberOf(value);
  if (number === null) return null;
  const exact = floatOf(number);
  return exact.e < 0 ? null : truncate(exact);
}

/** As Terraform's cidrsubnets: each next network begins where the last ended, moved up to its own alignment. */
function subnets(base: Cidr, sizes: readonly number[]): Value {
  const out: Value[] = [];
  let next = BigInt(base.value);
  const end = next + (1n << BigInt(bits(base) - base.length));
  for (const newbits of sizes) {
    const length = base.length + newbits;
    if (!Number.isInteger(newbits) || newbits < 1 || newbits > 32 || length > bits(base))
      return failure('cidrsubnets does not fit');
    const size = 1n << BigInt(bits(base) - length);
    const start = ((next + size - 1n) / size) * size;
    if (start + size > end) return failure('cidrsubnets does not fit');
    out.push(str(formatCidr(at(base, start - BigInt(base.value), length))));
    next = start + size;
  }
  return list(out, 'list');
}

export const networkFunctions: readonly Registered[] = [
  known('cidrsubnet', [3, 3], ([prefix, newbits, number], context) => {
    // What it makes of numbers below 0 is no part of the network.
    if (isMapped(prefix!) || (toNumber(newbits!) ?? 0) < 0 || (toNumber(number!) ?? 0) < 0) return context.open();
    const [cidr, more, n] = [network(prefix!), toNumber(newbits!), whole(number!)];
    const result = cidr === null || more === null || n === null ? null : subnet(cidr, more, n);
    return result === null ? failure('cidrsubnet does not fit') : str(formatCidr(result));
  }),
  known('cidrhost', [2, 2], ([prefix, number], context) => {
    const size = whole(number!);
    // go-cidr keeps only a part of numbers beyond 64 bits.
    if (isMapped(prefix!) || (size !== null && (size >= 1n << 63n || size < -(1n << 63n)))) return context.open();
    const [cidr, n] = [network(prefix!), whole(number!)];
    const result = cidr === null || n === null ? null : host(cidr, n);
    return result === null ? failure('cidrhost does not fit') : str(result);
  }),
  known('cidrnetmask', [1, 1], ([prefix], context) => {
    if (isMapped(prefix!)) return context.open();
    const cidr = network(prefix!);
    if (cidr === null || cidr.family !== 4) return failure('cidrnetmask of something else');
    return str(formatAddress({ family: 4, value: cidr.length === 0 ? 0 : 2 ** 32 - 2 ** (32 - cidr.length) }));
  }),
  known('cidrsubnets', [1, MANY], ([prefix, ...sizes], context) => {
    const cidr = network(prefix!);
    // Of a whole address space Terraform makes an error where the sizes are small.
    if (isMapped(prefix!) || cidr?.length === 0) return context.open();
    const numbers = sizes.map(toNumber);
    if (cidr === null || numbers.some((n) => n === null)) return failure('cidrsubnets of something else');
    return subnets(cidr, numbers as number[]);
  }),
  ofStrings('cidrcontains', 2, (container, part) => {
    const outer = parseCidr(container!);
    const inner = part!.includes('/') ? parseCidr(part!) : cidrOfAddress(part!);
    if (outer === null || inner === null || outer.family !== inner.family) return null;
    if (inner.length < outer.length) return false;
    const shift = BigInt(bits(outer) - outer.length);
    return BigInt(outer.value) >> shift === BigInt(inner.value) >> shift;
  }),
];

function cidrOfAddress(text: string): Cidr | null {
  return parseAddress(text) === null ? null : parseCidr(text);
}
