import type { Interval, IntervalSet } from './interval.ts';
import { hasPorts, hasTypes, type Protocol } from './protocol.ts';

/**
 * Ports 0 to 65535. For ICMP and ICMPv6 the same line holds type * 256 + code, so that one algebra serves all protocols;
 * protocols with neither have the whole line.
 */
export type PortSet = IntervalSet<number>;

export const MAX_PORT = 65535;
export const ALL_PORTS: PortSet = [{ from: 0, to: MAX_PORT }];

/**
 * The set that a rule's FromPort and ToPort mean. Source: EC2 API, IpPermission: for ICMP the type and code, -1 all;
 * for -1 and for protocols without ports all traffic is allowed whatever the ports say; for TCP and UDP -1 or null means all.
 */
export function portsOfRule(protocol: Protocol, fromPort: number | null, toPort: number | null): PortSet {
  if (hasTypes(protocol)) {
    if (fromPort === null || fromPort < 0) return ALL_PORTS;
    const code = toPort ?? -1;
    return code < 0
      ? [{ from: fromPort * 256, to: fromPort * 256 + 255 }]
      : [{ from: fromPort * 256 + code, to: fromPort * 256 + code }];
  }
  if (!hasPorts(protocol)) return ALL_PORTS;
  if (fromPort === null || fromPort < 0 || toPort === null || toPort < 0) return ALL_PORTS;
  // EC2 refuses a backward range; should one come from a source file, it allows nothing.
  return fromPort > toPort ? [] : [{ from: fromPort, to: toPort }];
}

/** The FromPort and ToPort that say exactly this interval, or null where the protocol cannot (an ICMP range of several types but not all). */
export function rulePorts(
  protocol: Protocol,
  interval: Interval<number>,
): { fromPort: number | null; toPort: number | null } | null {
  const whole = interval.from === 0 && interval.to === MAX_PORT;
  if (hasTypes(protocol)) {
    if (whole) return { fromPort: -1, toPort: -1 };
    const type = Math.floor(interval.from / 256);
    if (Math.floor(interval.to / 256) !== type) return null;
    if (interval.from === interval.to) return { fromPort: type, toPort: interval.from % 256 };
    return interval.to - interval.from === 255 ? { fromPort: type, toPort: -1 } : null;
  }
  if (!hasPorts(protocol)) return whole ? { fromPort: null, toPort: null } : null;
  return { fromPort: interval.from, toPort: interval.to };
}
