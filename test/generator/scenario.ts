import type { EpochSeconds } from '../../analyzer/model/interface.ts';
import { playBehaviour } from './behaviour.ts';
import { WorldBuilder } from './builder.ts';
import { configHistory, inventoryDocuments } from './inventory.ts';
import { type Random, random } from './random.ts';
import { flowRecords } from './records.ts';
import { playServices } from './services.ts';
import { ALL, type Features, Stage } from './stage.ts';
import { truthOf } from './truth.ts';
import type { FlowRecord, SimInterface, World, WorldState } from './types.ts';
import { describeFlowLogs, type FlowLogSpec, flowLogsFor, type LogFormat } from './write.ts';

export interface WorldOptions {
  /** End of the window; a whole number of days before it begins the window. */
  to?: EpochSeconds;
  days?: number;
  /** Interfaces of random services, next to the 19 of the fixed cast. */
  interfaces?: number;
  connectionsPerDay?: number;
  formats?: readonly LogFormat[];
  aggregation?: 60 | 600;
  /** See WorldState; 3600 keeps tests small. */
  noDataInterval?: number;
  recordTimes?: 'interval' | 'packets';
  configLag?: number;
  /** False: without the fixed cast, whose script is the same in every world. */
  cast?: boolean;
  features?: Partial<Features>;
}

/** A VPC, its traffic, and the truth about it. Equal arguments give equal worlds, on any machine. */
export function generateWorld(seed: number, options: WorldOptions = {}): World {
  const { state, features } = generateState(seed, options);
  return finishWorld(seed, state, flowLogsFor(state, options.formats ?? ['v5']), features.configurationAsText);
}

/** The facts alone, without documents, records and truth: cheap enough for thousands. */
export function generateState(seed: number, options: WorldOptions = {}): { state: WorldState; features: Features } {
  const to = options.to ?? Date.UTC(2026, 9, 1) / 1000;
  const from = to - (options.days ?? 15) * 86_400;
  const rng = random(seed);
  const net = rng.between(16, 200);
  const builder = new WorldBuilder(
    {
      accountId: '111122223333',
      region: 'eu-west-1',
      vpcId: `vpc-0${rng.hex(16)}`,
      vpcName: `sim-${seed}`,
      vpcCidr: `10.${net}.0.0/16`,
      vpcCidrIpv6: '2001:db8:20::/56',
      window: { from, to },
      aggregation: options.aggregation ?? 600,
      noDataInterval: options.noDataInterval ?? 3600,
      recordTimes: options.recordTimes ?? 'interval',
      configLag: options.configLag ?? 0,
    },
    rng,
  );
  const features = { ...ALL, ...options.features };
  const stage = new Stage(builder, `10.${net}`, features, options.connectionsPerDay ?? 60);
  if (options.cast !== false) playCast(stage);
  playServices(stage, options.interfaces ?? 4);
  if (features.behaviour > 0) playBehaviour(stage, features.behaviour);
  if (features.skipData) skipSome(stage);
  return { state: builder.state(), features };
}

/** Derives all documents and the truth from a built state. */
export function finishWorld(
  seed: number,
  state: WorldState,
  flowLogs: readonly FlowLogSpec[],
  configurationAsText = false,
): World {
  let made: readonly FlowRecord[] | null = null;
  const records = (): readonly FlowRecord[] => {
    made ??= flowRecords(state);
    return made;
  };
  return {
    ...state,
    seed,
    inventory: inventoryDocuments(state, describeFlowLogs(state, flowLogs)),
    configFiles: configHistory(state, configurationAsText),
    records: { [Symbol.iterator]: () => records()[Symbol.iterator]() },
    truth: truthOf(state),
  };
}

function skipSome(s: Stage): void {
  for (const i of s.b.interfaces.slice(0, 3)) s.b.skip(i, s.at());
}

function anyPublic(rng: Random): string {
  return `${rng.pick(['198.51.100', '203.0.113', '192.0.2'])}.${rng.between(1, 120)}`;
}

/** The fixed cast: one of each situation that the laws speak of, at random times and places. */
function playCast(s: Stage): void {
  const { b, rng, net } = s;
  const v6 = (n: number, host: number): string => `2001:db8:20:${n}::${host.toString(16)}`;
  const edge = b.subnet('public', `${net}.0.0/24`, '2001:db8:20::/64', 'a');
  const apps = b.subnet('app', `${net}.1.0/24`, '2001:db8:20:1::/64', 'a');
  const data = b.subnet('data', `${net}.2.0/24`, '2001:db8:20:2::/64', 'b');
  const mgmt = b.subnet('mgmt', `${net}.9.0/24`, '2001:db8:20:9::/64', 'b');
  const g = Object.fromEntries(
    [
      'alb',
      'web',
      'app',
      'db',
      'cache',
      'bastion',
      'ops',
      'base',
      'batch',
      'ftp',
      'lambda',
      'old',
      'swap-a',
      'swap-b',
      'unworn',
    ].map((name) => [name, b.group(name, `${name} hosts`)]),
  ) as Record<string, string>;
  const group = (name: string): string => g[name]!;
  const s3 = b.prefixList(`com.amazonaws.eu-west-1.s3`, 'AWS', null, ['198.51.100.192/27', '203.0.113.224/28']);
  const office = b.prefixList('office', b.frame.accountId, 10, ['192.0.2.10/32', '192.0.2.11/32', '192.0.2.200/29']);

  const eni = (name: string, subnet: typeof edge, host: number, groups: string[], more: object = {}): SimInterface =>
    b.interface({ name, subnet, groups, primary: `${subnet.cidr.slice(0, -4)}${host}`, ...more });
  const late = s.features.lateLogging ? { loggedFrom: s.moment(0.5) } : {};
  const alb = eni('ELB app/front/1', edge, 10, [group('alb')], {
    requesterManaged: true,
    ephemeral: 'aws',
    publicIp: '203.0.113.150',
    ipv6: [v6(0, 16)],
  });
  const webs = [1, 2].map((n) => eni(`web-${n}`, apps, 10 + n, [group('web'), group('base')], { ipv6: [v6(1, n)] }));
  const app = eni('app-1', apps, 21, [group('app'), group('base')], { secondary: [`${net}.1.121`, `${net}.1.122`] });
  const db = eni('db-1', data, 11, [group('db')], { requesterManaged: true });
  const caches = [1, 2].map((n) => eni(`cache-${n}`, data, 20 + n, [group('cache')]));
  const bastion = eni('bastion', edge, 30, [group('bastion')], { publicIp: '203.0.113.151', ipv6: [v6(0, 48)] });
  const ops = eni('ops', mgmt, 10, [group('ops')], { ephemeral: 'windows', ...late });
  const batch = eni('batch', apps, 60, [group('batch')]);

  const up = (n: string, ports: number | [number, number] | null, peer: string, protocol = 6): string =>
    b.rule({ group: group(n), direction: 'ingress', protocol, ports, peer });
  const out = (n: string, ports: number | [number, number] | null, peer: string, protocol = 6): string =>
    b.rule({ group: group(n), direction: 'egress', protocol, ports, peer });
  const any = '0.0.0.0/0';

  // The edge: many public callers, IPv6, scans that are refused, a port nobody calls, and two egress rules that cover for each other.
  up('alb', 443, any);
  up('alb', 443, '::/0');
  up('alb', 80, any);
  up('alb', 8443, any);
  up('alb', 9443, '192.0.2.0/24');
  out('alb', null, any, -1);
  out('alb', 8080, group('web'));
  up('web', 8080, group('alb'));
  up('web', 8080, edge.cidr);
  up('web', 22, group('bastion'));
  up('web', 22, '172.16.0.0/12');
  up('web', [0, 65535], group('web'));
  out('web', null, any, -1);
  out('web', null, '::/0', -1);
  s.times(s.some(0.18), () => {
    const at = s.at();
    s.tcp({ address: anyPublic(rng) }, { on: alb }, rng.chance(0.9) ? 443 : 80, 'visitor', at);
    if (rng.chance(0.5)) s.tcp({ on: alb }, { on: rng.pick(webs) }, 8080, 'front to web', at);
  });
  if (s.features.ipv6) {
    s.times(s.some(0.04), () => {
      const from = { address: `2001:db8:f00:${rng.between(1, 99)}::${rng.between(1, 9)}` };
      s.tcp(from, { on: alb, address: v6(0, 16) }, 443, 'visitor over IPv6');
    });
    s.times(3, () =>
      s.tcp(
        { on: rng.pick(webs.slice(0, 1)), address: v6(1, 1) },
        { address: '2001:db8:feed::1' },
        443,
        'web update over IPv6',
      ),
    );
  }
  s.times(s.some(0.05), () => {
    const to = rng.pick([alb, bastion]);
    s.tcp({ address: anyPublic(rng) }, { on: to }, rng.pick([23, 445, 3389, 5900, 8081]), 'scan');
  });

  // The middle: ranges too wide in ports and sources, rules that only answers touch, a secondary address, an open connection from before.
  up('app', [9000, 9100], '10.0.0.0/8');
  up('app', [1024, 65535], '192.0.2.0/24');
  up('app', [0, 65535], `${net}.9.0/24`, 17);
  up('app', 9500, group('web'));
  out('app', null, any, -1);
  s.times(s.some(0.12), () => {
    const address = rng.pick([app.primary, `${net}.1.121`]);
    s.tcp({ on: rng.pick(webs) }, { on: app, address }, rng.pick([9000, 9001]), 'web to app');
  });
  s.times(s.some(0.03), () => s.tcp({ on: app }, { address: `192.0.2.${rng.between(1, 9)}` }, 443, 'app to partner'));
  s.times(s.some(0.03), () =>
    b.call({
      from: { on: app },
      to: { on: ops },
      protocol: 17,
      port: 53,
      start: s.at(),
      seconds: 0,
      purpose: 'app asks our DNS',
    }),
  );
  up('ops', 53, `${net}.0.0/16`, 17);
  up('ops', 161, `${net}.0.0/16`, 17);
  out('ops', 9100, group('base'));
  out('ops', 9300, group('base'));

  // Data: referenced groups, self, a rule used once, rules never used.
  up('db', 5432, group('app'));
  up('db', 5432, `${net}.0.0/16`);
  up('db', 5432, group('batch'));
  up('db', 3306, group('app'));
  up('db', 1433, '10.0.0.0/8');
  up('cache', 6379, group('app'));
  up('cache', [16379, 16479], group('cache'));
  up('cache', 11211, group('app'));
  out('cache', null, group('cache'), -1);
  out('cache', 443, any);
  s.times(s.some(0.08), () => s.tcp({ on: app }, { on: db }, 5432, 'app to db', s.at(), rng.between(5, 1900)));
  s.times(s.some(0.08), () => s.tcp({ on: app }, { on: rng.pick(caches) }, 6379, 'app to cache'));
  s.times(s.some(0.02), () => s.tcp({ on: caches[0]! }, { on: caches[1]! }, 16379, 'cache bus'));
  b.call({
    from: { on: app },
    to: { on: db },
    protocol: 6,
    port: 5432,
    start: s.from - 3 * 3600,
    seconds: 10 * 3600,
    bytesUp: 900_000,
    bytesDown: 4_000_000,
    purpose: 'open since before the window',
  });

  // Management: a steady office, a bastion, monitoring, ping, time.
  up('bastion', 22, '192.0.2.10/32');
  up('bastion', 22, '198.51.100.0/24');
  up('bastion', 22, office);
  up('bastion', 22, '::/0');
  up('bastion', 3389, office);
  out('bastion', 22, `${net}.0.0/16`);
  out('bastion', 443, any);
  up('base', 9100, group('ops'));
  up('base', 9300, group('ops'));
  up('base', 10050, `${net}.9.0/24`);
  out('base', 123, any, 17);
  s.times(s.some(0.04), () => {
    const at = s.at();
    s.tcp(
      { address: rng.pick(['192.0.2.11', '192.0.2.201', '198.51.100.7']) },
      { on: bastion },
      22,
      'administrator',
      at,
      1200,
    );
    if (rng.chance(0.4)) s.tcp({ on: bastion }, { on: rng.pick(webs) }, 22, 'bastion to web', at + 10, 600);
  });
  s.times(s.some(0.06), () => s.tcp({ on: ops }, { on: rng.pick([...webs, app]) }, 9100, 'metrics'));
  s.times(s.some(0.03), () =>
    b.call({
      from: { on: rng.pick([...webs, app]) },
      to: { address: '203.0.113.123' },
      protocol: 17,
      port: 123,
      sourcePort: 123,
      start: s.at(),
      seconds: 0,
      purpose: 'time',
    }),
  );
  if (s.features.icmp) {
    b.rule({ group: group('base'), direction: 'ingress', protocol: 1, ports: [8, -1], peer: group('ops') });
    b.rule({ group: group('ops'), direction: 'egress', protocol: 1, ports: [-1, -1], peer: `${net}.0.0/16` });
    s.times(s.some(0.02), () =>
      b.call({
        from: { on: ops },
        to: { on: rng.pick([...webs, app]) },
        protocol: 1,
        icmp: { type: 8, code: 0 },
        start: s.at(),
        seconds: rng.between(0, 4),
        purpose: 'ping',
      }),
    );
  }

  // Batch: once in the window, a prefix list of AWS, mail that is never sent, a port where nothing listens.
  out('batch', 443, s3);
  out('batch', 5432, group('db'));
  out('batch', 25, any);
  out('batch', [8000, 8010], group('app'));
  up('batch', 22, group('bastion'));
  s.tcp({ on: batch }, { on: db }, 5432, 'quarterly job', s.at(0.2, 0.4), 900);
  s.times(s.some(0.02), () =>
    s.tcp({ on: batch }, { address: `198.51.100.${rng.between(193, 222)}` }, 443, 'batch to S3'),
  );
  up('app', 8000, group('batch'));
  b.call({
    from: { on: batch },
    to: { on: app },
    protocol: 6,
    port: 8000,
    start: s.at(),
    purpose: 'nothing listens',
    closing: 'refused',
  });

  playSpecials(s, { group, eni, up, out, edge, apps, data, app, db, bastion });
}

interface Cast {
  group(name: string): string;
  eni(name: string, subnet: { cidr: string }, host: number, groups: string[], more?: object): SimInterface;
  up(group: string, ports: number | [number, number] | null, peer: string, protocol?: number): string;
  out(group: string, ports: number | [number, number] | null, peer: string, protocol?: number): string;
  edge: { cidr: string };
  apps: { cidr: string };
  data: { cidr: string };
  app: SimInterface;
  db: SimInterface;
  bastion: SimInterface;
}

function playSpecials(s: Stage, c: Cast): void {
  const { b, rng, net } = s;
  const any = '0.0.0.0/0';
  c.up('unworn', 443, any);
  if (s.features.ftp) playFtp(s, c);
  if (s.features.lambda) {
    const lambda = c.eni('AWS Lambda VPC ENI-report', c.apps, 70, [c.group('lambda')], {
      interfaceType: 'lambda',
      requesterManaged: true,
      ephemeral: 'aws',
    });
    c.up('db', 5433, c.group('lambda'));
    c.out('lambda', 5433, c.group('db'));
    c.out('lambda', 443, any);
    s.times(s.some(0.03), () => s.tcp({ on: lambda }, { on: c.db }, 5433, 'lambda to db'));
  }
  if (s.features.nat) {
    const nat = c.eni('Interface for NAT Gateway nat-0', c.edge, 5, [], {
      interfaceType: 'nat_gateway',
      requesterManaged: true,
      publicIp: '203.0.113.152',
      ephemeral: 'aws',
    });
    s.times(s.some(0.03), () =>
      b.call({
        from: { on: c.app },
        to: { address: `203.0.113.${rng.between(160, 163)}` },
        protocol: 6,
        port: 443,
        start: s.at(),
        seconds: rng.between(0, 20),
        purpose: 'app through NAT',
        via: nat,
      }),
    );
  }
  if (s.features.addressReuse) {
    const end = s.moment(0.45);
    const old = c.eni('old-1', c.apps, 90, [c.group('old')]);
    b.terminate(old, end);
    c.up('old', 7100, `${net}.0.0/16`);
    c.up('old', 7200, any);
    c.out('old', 5432, c.group('db'));
    c.up('db', 5432, c.group('old'));
    c.up('app', 9700, c.group('old'));
    c.out('old', 9700, c.group('app'));
    s.times(4, () => s.tcp({ on: c.app }, { on: old }, 7100, 'app to old', s.at(0.02, 0.43)));
    s.times(4, () => s.tcp({ on: old }, { on: c.app }, 9700, 'old to app', s.at(0.02, 0.43)));
    const heir = c.eni('heir', c.apps, 90, [c.group('web')], { created: s.moment(0.5) });
    s.times(6, () => s.tcp({ on: heir }, { on: c.app }, 9000, 'heir to app', s.at(0.55, 0.98)));
  }
  if (s.features.hard) playHard(s, c);
  if (s.features.swap) {
    const swapper = c.eni('swapper', c.apps, 95, [c.group('swap-a')]);
    b.wear(swapper, s.moment(0.5), [c.group('swap-b')]);
    c.up('swap-a', 7000, `${net}.0.0/16`);
    c.up('swap-a', 7001, `${net}.0.0/16`);
    c.up('swap-b', 7300, `${net}.1.0/24`);
    c.up('swap-b', 7301, any);
    s.times(5, () => s.tcp({ on: c.app }, { on: swapper }, 7000, 'before the swap', s.at(0.02, 0.48)));
    s.times(5, () => s.tcp({ on: c.app }, { on: swapper }, 7300, 'after the swap', s.at(0.52, 0.98)));
  }
}

function playHard(s: Stage, c: Cast): void {
  const { b, rng, net } = s;
  const low = c.eni('grpc', c.data, 80, [b.group('grpc', 'grpc hosts')], { ephemeral: 'aws' });
  const wears = low.wore[0]!.groups[0]!;
  const rule = (direction: 'ingress' | 'egress', ports: number | [number, number], peer: string): string =>
    b.rule({ group: wears, direction, protocol: 6, ports, peer });
  rule('ingress', 50_051, `${net}.0.0/16`);
  rule('ingress', [40_000, 41_000], `${net}.1.0/24`);
  rule('ingress', 61_616, '198.51.100.0/24');
  rule('egress', [1, 65_535], '10.0.0.0/8');
  s.times(s.some(0.03), () => s.tcp({ on: c.app }, { on: low }, 50_051, 'gRPC'));
  s.times(3, () => s.tcp({ on: low }, { on: c.app }, 9001, 'gRPC host to app'));
  // One call each, from a source port below the port that is called.
  for (const port of [1024, 2049, 8080]) {
    const from = { address: `198.51.100.${rng.between(1, 90)}` };
    b.call({
      from,
      to: { on: low },
      protocol: 6,
      port: 61_616,
      sourcePort: port,
      start: s.at(),
      seconds: 30,
      purpose: 'behind carrier NAT',
    });
  }
  const turner = c.eni('turner', c.apps, 96, [b.group('turn-a', 'before')]);
  const before = turner.wore[0]!.groups[0]!;
  const after = b.group('turn-b', 'after');
  const turn = s.moment(0.6);
  b.wear(turner, turn, [after]);
  b.rule({ group: before, direction: 'ingress', protocol: 6, ports: 7400, peer: `${net}.0.0/16` });
  b.rule({ group: after, direction: 'ingress', protocol: 6, ports: 7500, peer: `${net}.0.0/16` });
  b.rule({ group: after, direction: 'ingress', protocol: 6, ports: 7400, peer: '192.0.2.0/24' });
  s.tcp({ on: c.app }, { on: turner }, 7400, 'seconds before the change', turn - 9, 3);
  s.tcp({ on: c.app }, { on: turner }, 7500, 'seconds after the change', turn + 7, 3);
  s.tcp({ on: c.app }, { on: turner }, 7400, 'through the change', turn - 4000, 9000);
}

/** Active FTP opens a connection back from port 20; passive opens a second one to a port the server names. */
function playFtp(s: Stage, c: Cast): void {
  const { b, rng } = s;
  const ftp = c.eni('ftp', c.edge, 40, [c.group('ftp')], { publicIp: '203.0.113.153' });
  c.up('ftp', 21, '198.51.100.32/28');
  c.up('ftp', [50_000, 50_100], '198.51.100.32/28');
  c.up('ftp', 20, '0.0.0.0/0');
  c.up('ftp', 990, '198.51.100.32/28');
  c.out('ftp', [1024, 65_535], '198.51.100.32/28');
  s.times(s.some(0.02), () => {
    const partner = { address: `198.51.100.${rng.between(33, 36)}` };
    const at = s.at();
    s.tcp(partner, { on: ftp }, 21, 'FTP control', at, 300);
    if (rng.chance(0.5)) s.tcp(partner, { on: ftp }, rng.between(50_000, 50_100), 'passive FTP data', at + 5);
    else {
      const port = b.sourcePort('linux');
      b.call({
        from: { on: ftp },
        to: partner,
        protocol: 6,
        port,
        sourcePort: 20,
        start: at + 5,
        seconds: 9,
        purpose: 'active FTP data',
      });
    }
  });
}
