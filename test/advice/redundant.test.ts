import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isCovered } from '../../analyzer/advice/redundant.ts';
import { allowedSpace, isWithin, resolveNothing } from '../../analyzer/model/traffic.ts';
import { shape } from './build.ts';

const NETWORKS = ['0.0.0.0/0', '0.0.0.0/1', '128.0.0.0/1', '10.0.0.0/8', '10.0.0.0/9', '10.128.0.0/9', '10.0.0.7/32'];
const NETWORKS_6 = ['::/0', '::/1', '8000::/1', 'fd00::/8', 'fd00::/64'];
const PORTS = ['0-65535', '0-99', '80', '80-90', '85-99', '90', '100-65535'];

const one = fc
  .record({
    direction: fc.constantFrom('ingress', 'ingress', 'ingress', 'egress'),
    service: fc.oneof(
      fc.tuple(fc.constantFrom('tcp', 'tcp', 'udp'), fc.constantFrom(...PORTS)),
      fc.constantFrom<[string, string]>(['all', '*'], ['icmp', '*'], ['icmp', '8--1'], ['icmp', '8-0'], ['50', '*']),
    ),
    peer: fc.oneof(
      { weight: 4, arbitrary: fc.constantFrom(...NETWORKS) },
      { weight: 2, arbitrary: fc.constantFrom(...NETWORKS_6) },
      { weight: 1, arbitrary: fc.constantFrom('sg-a', 'sg-b', 'pl-a') },
    ),
  })
  .map(({ direction, service: [protocol, ports], peer }) => {
    if (ports === '8--1') return { ...shape(`${direction} icmp * ${peer}`), fromPort: 8, toPort: -1 };
    return shape(`${direction} ${protocol} ${ports} ${peer}`);
  });

describe('law 4: what boxes answer, the set algebra answers as well', () => {
  it('for one rule and for several, by several', () => {
    const said = { yes: 0, no: 0 };
    fc.assert(
      fc.property(
        fc.array(one, { maxLength: 4 }),
        fc.array(one, { maxLength: 9 }),
        fc.boolean(),
        (inner, outer, shared) => {
          const beside = shared ? [...outer, ...inner.slice(1)] : outer;
          const proved = isWithin(allowedSpace(inner, resolveNothing), allowedSpace(beside, resolveNothing));
          expect(isCovered(inner, beside)).toBe(proved);
          said[proved && inner.length > 0 ? 'yes' : 'no'] += 1;
        },
      ),
      { numRuns: 2_500 },
    );
    expect(said.yes).toBeGreaterThan(150);
    expect(said.no).toBeGreaterThan(150);
  });

  it('where only several together cover', () => {
    const halves = [shape('ingress tcp 0-99 0.0.0.0/1'), shape('ingress tcp 0-99 128.0.0.0/1')];
    expect(isCovered([shape('ingress tcp 80 0.0.0.0/0')], halves)).toBe(true);
    expect(isCovered([shape('ingress tcp 80-100 0.0.0.0/0')], halves)).toBe(false);
    // Its corners are covered, its middle is not.
    const rims = [shape('ingress tcp 80 0.0.0.0/0'), shape('ingress tcp 90 0.0.0.0/0')];
    expect(isCovered([shape('ingress tcp 80-90 0.0.0.0/0')], rims)).toBe(false);
    // All networks hold every name.
    const all = [shape('ingress tcp 80 0.0.0.0/0'), shape('ingress tcp 80 ::/0')];
    expect(isCovered([shape('ingress tcp 80 sg-a')], all)).toBe(true);
    expect(isCovered([shape('ingress tcp 80 sg-a')], all.slice(1))).toBe(false);
  });
});
