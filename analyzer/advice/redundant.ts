import { canonical, type Interval, numbers } from '../model/interval.ts';
import { portsOfRule } from '../model/ports.ts';
import { ALL_PROTOCOLS } from '../model/protocol.ts';
import type { RuleShape } from '../model/rule.ts';
import { allowedSpace, isWithin, resolveNothing } from '../model/traffic.ts';

/** Whether everything that `inner` allows is allowed by `outer` together; by set algebra, names of groups and lists standing for themselves. */
export function isCovered(inner: readonly RuleShape[], outer: readonly RuleShape[]): boolean {
  const near = outer.filter((o) => inner.some((i) => mayOverlap(i, o)));
  if (near.length === 0) return inner.length === 0;
  return isWithin(allowedSpace(inner, resolveNothing), allowedSpace(near, resolveNothing));
}

/** Cheap and never wrong when it says no: keeps the algebra to the few rules that matter. */
function mayOverlap(a: RuleShape, b: RuleShape): boolean {
  if (a.direction !== b.direction) return false;
  if (a.protocol === ALL_PROTOCOLS || b.protocol === ALL_PROTOCOLS) return true;
  if (a.protocol !== b.protocol) return false;
  const x = portsOfRule(a.protocol, a.fromPort, a.toPort)[0]!;
  const y = portsOfRule(b.protocol, b.fromPort, b.toPort)[0]!;
  return x.from <= y.to && y.from <= x.to;
}

/** The order in which rules are tried: the ones that allow least first. Wide protocols, then ports, then peers decide. */
export function breadth(rule: RuleShape): number {
  const protocols = rule.protocol === ALL_PROTOCOLS ? 256 : 1;
  const ports: readonly Interval<number>[] = canonical(numbers, portsOfRule(rule.protocol, rule.fromPort, rule.toPort));
  const points = ports.reduce((sum, range) => sum + range.to - range.from + 1, 0);
  return Math.log2(protocols) + Math.log2(points) + peerBits(rule);
}

function peerBits({ peer }: RuleShape): number {
  if (peer.kind === 'group') return 8;
  if (peer.kind === 'prefixList') return 12;
  const length = Number(peer.cidr.slice(peer.cidr.indexOf('/') + 1));
  return (peer.kind === 'cidrIpv4' ? 32 : 128) - length;
}
