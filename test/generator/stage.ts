import type { EpochSeconds } from '../../analyzer/model/interface.ts';
import type { Endpoint, WorldBuilder } from './builder.ts';
import type { Random } from './random.ts';

export interface Features {
  ipv6: boolean;
  icmp: boolean;
  ftp: boolean;
  nat: boolean;
  lambda: boolean;
  /** An interface changes groups in the middle of the window. */
  swap: boolean;
  /** An interface ends and another one takes its address. */
  addressReuse: boolean;
  skipData: boolean;
  /** One interface is logged from the middle of the window only. */
  lateLogging: boolean;
  /**
   * Situations that tempt an analysis to err: callers behind carrier NAT with low source ports, services on ephemeral ports, calls seconds
   * before and after a change of groups, a connection that lives through it.
   */
  hard: boolean;
  /** The `configuration` of AWS Config items is a JSON string. */
  configurationAsText: boolean;
  /** So many teams whose rules are used with rhythms, decay, late beginnings, seasons and new callers; 0: none. */
  behaviour: number;
}

export const ALL: Features = {
  ipv6: true,
  icmp: true,
  ftp: true,
  nat: true,
  lambda: true,
  swap: true,
  addressReuse: true,
  skipData: true,
  lateLogging: false,
  hard: false,
  configurationAsText: false,
  behaviour: 0,
};

/** A stage for a world built by hand. */
export function stage(b: WorldBuilder, net: string): Stage {
  return new Stage(b, net, ALL, 0);
}

/** What the scenes share: the builder, times, and addresses. */
export class Stage {
  readonly b: WorldBuilder;
  readonly rng: Random;
  readonly net: string;
  readonly features: Features;
  readonly perDay: number;
  readonly from: EpochSeconds;
  readonly to: EpochSeconds;

  constructor(b: WorldBuilder, net: string, features: Features, perDay: number) {
    this.b = b;
    this.rng = b.rng.fork('stage');
    this.net = net;
    this.features = features;
    this.perDay = perDay;
    this.from = b.frame.window.from;
    this.to = b.frame.window.to;
  }

  /** A random second between two shares of the window. */
  at(low = 0.01, high = 0.985): EpochSeconds {
    const length = this.to - this.from;
    return this.rng.between(this.from + Math.floor(low * length), this.from + Math.floor(high * length));
  }

  /** The share of the window. */
  moment(share: number): EpochSeconds {
    return this.from + Math.floor(share * (this.to - this.from));
  }

  times(count: number, scene: () => void): void {
    for (let i = 0; i < count; i += 1) scene();
  }

  /** `share` of all connections of the window, at least one. */
  some(share: number): number {
    return Math.max(1, Math.round((share * this.perDay * (this.to - this.from)) / 86_400));
  }

  tcp(
    from: Endpoint,
    to: Endpoint,
    port: number,
    purpose: string,
    at = this.at(),
    seconds = this.rng.between(0, 45),
  ): void {
    const closing = this.rng.chance(0.1) ? 'rst' : 'fin';
    this.b.call({ from, to, protocol: 6, port, purpose, start: at, seconds, closing });
  }
}
