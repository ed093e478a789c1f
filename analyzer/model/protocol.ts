/** An IANA protocol number, or -1 for every protocol, as EC2 writes it. */
export type Protocol = number;

export const ALL_PROTOCOLS: Protocol = -1;
export const ICMP = 1;
export const TCP = 6;
export const UDP = 17;
export const ICMPV6 = 58;

/** Names that EC2, Terraform and CloudFormation accept; EC2 prints these four by name and all others by number. */
const NAMES: ReadonlyMap<string, Protocol> = new Map([
  ['-1', ALL_PROTOCOLS],
  ['all', ALL_PROTOCOLS],
  ['tcp', TCP],
  ['udp', UDP],
  ['icmp', ICMP],
  ['icmpv6', ICMPV6],
]);

/** `-1`, `all`, a name in any case, or a number 0 to 255 as text or number. Null for anything else. */
export function parseProtocol(text: string | number): Protocol | null {
  const key = String(text).trim().toLowerCase();
  const named = NAMES.get(key);
  if (named !== undefined) return named;
  if (!/^\d{1,3}$/.test(key)) return null;
  const number = Number(key);
  return number <= 255 ? number : null;
}

/** The name EC2 prints: tcp, udp, icmp, icmpv6, -1 or the number. */
export function formatProtocol(protocol: Protocol): string {
  if (protocol === TCP) return 'tcp';
  if (protocol === UDP) return 'udp';
  if (protocol === ICMP) return 'icmp';
  if (protocol === ICMPV6) return 'icmpv6';
  return String(protocol);
}

/** Only for TCP and UDP do FromPort and ToPort limit ports. */
export function hasPorts(protocol: Protocol): boolean {
  return protocol === TCP || protocol === UDP;
}

/** For ICMP and ICMPv6 FromPort is the type and ToPort the code, -1 meaning any. */
export function hasTypes(protocol: Protocol): boolean {
  return protocol === ICMP || protocol === ICMPV6;
}
