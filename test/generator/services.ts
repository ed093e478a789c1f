import type { Stage } from './stage.ts';
import type { SimInterface } from './types.ts';

/**
 * Random services: each a group of its own with rules of random shapes, some called and some never, on an interface of its own. What is
 * used is whatever the random calls happen to need; nothing is tuned to make an analysis look good.
 */
export function playServices(s: Stage, count: number): void {
  const { b, net } = s;
  const rng = s.rng.fork('services');
  const subnet = b.subnet('services', `${net}.4.0/24`, '2001:db8:20:4::/64', 'b');
  const made: { i: SimInterface; group: string; ports: number[] }[] = [];
  for (let n = 0; n < count; n += 1) {
    const group = b.group(`svc-${n}`, `service ${n}`);
    const i = b.interface({
      name: `svc-${n}`,
      subnet,
      groups: [group],
      primary: `${net}.4.${10 + n}`,
      ephemeral: rng.pick(['linux', 'linux', 'windows', 'aws'] as const),
    });
    made.push({ i, group, ports: [] });
  }
  for (const service of made) {
    const peers = ['10.0.0.0/8', `${net}.0.0/16`, subnet.cidr, ...made.map((m) => m.group), '0.0.0.0/0'];
    const rules = rng.between(3, 6);
    for (let n = 0; n < rules; n += 1) {
      const port = rng.pick([rng.between(1000, 30_000), rng.between(80, 9999), 443, 8080]);
      const width = rng.pick([0, 0, 0, 10, 1000]);
      b.rule({
        group: service.group,
        direction: 'ingress',
        protocol: rng.chance(0.85) ? 6 : 17,
        ports: [port, Math.min(65_535, port + width)],
        peer: rng.pick(peers),
      });
      if (rng.chance(0.5)) service.ports.push(port + rng.between(0, Math.min(3, width)));
    }
    if (rng.chance(0.6)) b.rule({ group: service.group, direction: 'egress', protocol: -1, peer: '0.0.0.0/0' });
    else b.rule({ group: service.group, direction: 'egress', protocol: 6, ports: [1, 32_000], peer: '10.0.0.0/8' });
  }
  if (made.length < 2) return;
  s.times(s.some(0.2), () => {
    const from = rng.pick(made);
    const to = rng.pick(made);
    if (from === to || to.ports.length === 0) return;
    s.b.call({
      from: { on: from.i },
      to: { on: to.i },
      protocol: rng.chance(0.9) ? 6 : 17,
      port: rng.pick(to.ports),
      start: s.at(),
      seconds: rng.pick([0, 2, 30, 700]),
      closing: rng.pick(['fin', 'fin', 'rst', 'open'] as const),
      purpose: 'service to service',
    });
  });
}
