import type { Random } from './random.ts';
import type { Stage } from './stage.ts';
import type { SimInterface } from './types.ts';

/** How a rule is used over time; days of use come from `daysOf`. */
export type Behaviour =
  | 'never'
  | 'daily'
  | 'weekdays'
  | 'weekly'
  | 'monthly'
  | 'quarterly'
  | 'yearly'
  | 'rare'
  | 'decaying'
  | 'emerging'
  | 'seasonal';

/** How an account, or a team within it, works: the mixture its rules are drawn from, in parts of a hundred. */
const TEMPERS: Readonly<Record<string, readonly (readonly [Behaviour, number])[]>> = {
  steady: [
    ['never', 45],
    ['daily', 45],
    ['weekdays', 10],
  ],
  office: [
    ['never', 45],
    ['daily', 20],
    ['weekdays', 25],
    ['weekly', 8],
    ['monthly', 2],
  ],
  batch: [
    ['never', 35],
    ['daily', 15],
    ['weekly', 15],
    ['monthly', 15],
    ['quarterly', 8],
    ['yearly', 3],
    ['rare', 9],
  ],
  moving: [
    ['never', 40],
    ['daily', 25],
    ['decaying', 12],
    ['emerging', 8],
    ['rare', 10],
    ['seasonal', 5],
  ],
};

/** Of the teams of an account, how many are of each temper, in parts of ten. */
const ACCOUNTS: readonly (readonly (readonly [string, number])[])[] = [
  [
    ['steady', 9],
    ['office', 1],
  ],
  [
    ['steady', 6],
    ['office', 3],
    ['batch', 1],
  ],
  [
    ['steady', 4],
    ['office', 3],
    ['batch', 2],
    ['moving', 1],
  ],
  [
    ['office', 3],
    ['batch', 4],
    ['moving', 3],
  ],
];

const PERIODS: Readonly<Partial<Record<Behaviour, number>>> = { weekly: 7, monthly: 30.4, quarterly: 91, yearly: 365 };

/**
 * Services whose use has a rhythm, decays, begins late or comes with the season, whose callers move and whose ports widen: what a window
 * cannot know of the time after it. Off by default (features.behaviour).
 */
export function playBehaviour(s: Stage, teams: number): void {
  const { b, net } = s;
  const rng = s.rng.fork('behaviour');
  const subnet = b.subnet('behaviour', `${net}.64.0/20`, '2001:db8:20:6::/64', 'a');
  const account = rng.pick(ACCOUNTS);
  for (let n = 0; n < teams; n += 1) {
    const temper = TEMPERS[draw(rng, account)]!;
    const group = b.group(`team-${n}`, `team ${n}`);
    const i = b.interface({ name: `team-${n}`, subnet, groups: [group], primary: `${net}.64.${10 + n}` });
    b.rule({ group, direction: 'egress', protocol: -1, peer: '0.0.0.0/0' });
    const rules = rng.between(4, 9);
    for (let r = 0; r < rules; r += 1) playRule(s, rng.fork(`${n}/${r}`), group, i, draw(rng, temper), 2000 + r * 200);
  }
}

function playRule(s: Stage, rng: Random, group: string, i: SimInterface, kind: Behaviour, base: number): void {
  const width = rng.pick([0, 0, 0, 20, 100]);
  const protocol = rng.chance(0.9) ? 6 : 17;
  const peer = rng.pick(['10.0.0.0/8', '10.0.0.0/8', `${s.net}.0.0/16`]);
  s.b.rule({ group, direction: 'ingress', protocol, ports: [base, base + width], peer });
  const inside = peer !== '10.0.0.0/8';
  const caller = (block: number): string =>
    inside
      ? `${s.net}.${128 + (block % 64)}.${rng.between(10, 12)}`
      : `10.${210 + (block % 40)}.${block % 200}.${rng.between(10, 12)}`;
  const blocks = Array.from({ length: rng.between(1, 3) }, () => rng.between(0, 500));
  const ports = Array.from({ length: rng.between(1, 3) }, () => base + rng.between(0, width));
  // Most services keep their callers and ports; some gain new ones, at a rate of their own.
  const news = rng.chance(0.12) ? 10 ** -(1 + rng.between(0, 150) / 100) : 0;
  const begin = Math.floor(s.from / 86_400);
  const end = Math.floor(s.to / 86_400);
  for (const day of daysOf(kind, rng, begin, end)) {
    if (rng.chance(news)) {
      if (width > 0 && rng.chance(0.5)) ports.push(base + rng.between(0, width));
      else blocks.push(rng.between(0, 500));
    }
    for (let call = rng.between(1, 3); call > 0; call -= 1) {
      const start = day * 86_400 + rng.between(3600, 80_000);
      if (start < s.from || start >= s.to - 600) continue;
      s.b.call({
        from: { address: caller(skewed(rng, blocks)) },
        to: { on: i },
        protocol,
        port: skewed(rng, ports),
        start,
        seconds: 2,
        purpose: kind,
      });
    }
  }
}

/** The days (since 1970) from `begin` up to `end` on which a rule of this kind is used. */
export function daysOf(kind: Behaviour, rng: Random, begin: number, end: number): number[] {
  const all = Array.from({ length: end - begin }, (_, n) => begin + n);
  const some = (chance: (day: number) => number): number[] => all.filter((day) => rng.chance(chance(day)));
  const period = PERIODS[kind];
  if (period !== undefined) {
    const days = new Set<number>();
    for (let at = begin + (rng.between(0, 9999) / 10_000) * period; at < end; at += period)
      days.add(Math.floor(at) + (period > 7 ? rng.between(0, 1) : 0));
    return [...days].filter((day) => day < end);
  }
  if (kind === 'daily') return some(() => 0.97);
  if (kind === 'weekdays') return some((day) => ((day + 4) % 7 === 0 || (day + 4) % 7 === 6 ? 0.02 : 0.95));
  if (kind === 'rare') {
    const rate = 10 ** -(0.5 + rng.between(0, 210) / 100);
    return some(() => rate);
  }
  if (kind === 'decaying') {
    const halfLife = rng.between(4, 40);
    const born = begin - rng.between(0, 60);
    return some((day) => 0.95 * 0.5 ** ((day - born) / halfLife));
  }
  if (kind === 'emerging') {
    const born = begin + rng.between(0, end - begin);
    return some((day) => (day < born ? 0 : 0.9));
  }
  if (kind === 'seasonal') {
    const phase = rng.between(0, 364);
    return some((day) => ((day + phase) % 365 < 90 ? 0.6 : 0));
  }
  return [];
}

function draw<T>(rng: Random, parts: readonly (readonly [T, number])[]): T {
  let left = rng.between(
    1,
    parts.reduce((sum, [, part]) => sum + part, 0),
  );
  for (const [item, part] of parts) {
    left -= part;
    if (left <= 0) return item;
  }
  throw new Error('nothing to draw from');
}

/** Earlier items more often, as callers and ports are in life. */
function skewed<T>(rng: Random, items: readonly T[]): T {
  let at = 0;
  while (at < items.length - 1 && rng.chance(0.4)) at += 1;
  return items[at]!;
}
