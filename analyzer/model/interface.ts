/** Seconds since 1970 in UTC; flow logs and AWS Config resolve no finer. */
export type EpochSeconds = number;

/** A closed-open span of time; `to` null means until now. */
export interface Span {
  from: EpochSeconds;
  to: EpochSeconds | null;
}

/** What an elastic network interface was during one span: which groups it wore and which addresses it had. */
export interface InterfaceState extends Span {
  interfaceId: string;
  accountId: string;
  region: string;
  vpcId: string | null;
  subnetId: string | null;
  /** Sorted. Empty: the interface filters nothing (a NAT gateway, a Transit Gateway attachment). */
  groups: readonly string[];
  /** All private IPv4 (primary first) and IPv6 addresses, canonical text. */
  addresses: readonly string[];
  /** Prefixes delegated to it (canonical CIDRs, sorted); the addresses of IPv4 ones are among `addresses`, those of IPv6 ones are not. */
  prefixes?: readonly string[];
  /** Public or Elastic addresses bound to it; never matched by a referenced group. */
  publicAddresses: readonly string[];
  /** `interface`, `nat_gateway`, `network_load_balancer`, `lambda`, `vpc_endpoint`, … or null. */
  interfaceType: string | null;
  requesterManaged: boolean;
  description: string | null;
  /** Where this was read: shown in evidence. */
  origin: 'inventory' | 'config-history' | 'config-snapshot';
  /**
   * False when the span's start is only the earliest moment known (the present inventory says nothing about when it began): the
   * state is then assumed to hold back to the start of the window, unless another state says otherwise.
   */
  startKnown: boolean;
  /** The interface did not exist before this moment, whatever `from` says: what coverage may expect of it begins here. */
  existsSince?: EpochSeconds;
}
