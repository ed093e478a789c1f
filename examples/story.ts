import { random, type Stage, stage, WorldBuilder, type WorldState } from '../test/generator/index.ts';
import type { SimInterface } from '../test/generator/types.ts';

/** Who makes a live rule: what state, stack and truth files are written from. */
export interface Origin {
  how: 'inline' | 'legacy' | 'vpc-rule' | 'cfn-inline' | 'cfn-standalone' | 'unmanaged';
  /** Terraform address with instance key, or logical id. */
  address: string;
  /** What Pare should find with its default policy. */
  expect: 'keep' | 'remove' | 'narrow' | 'review';
  why: string;
}

export interface Shop {
  state: WorldState;
  origins: ReadonlyMap<string, Origin>;
  /** Group id → Terraform address or logical id. */
  groups: ReadonlyMap<string, { address: string; stack: boolean }>;
}

const DAY = 86_400;
const TO = Date.UTC(2026, 9, 1) / 1000;
const FROM = TO - 90 * DAY;
export const STACK_ID =
  'arn:aws:cloudformation:eu-west-1:111122223333:stack/payments/5d6a2b10-31aa-11ef-9a5e-0a1b2c3d4e5f';

/** The shop's VPC, its rules as terraform/ and cloudformation/ make them, and ninety days of traffic. */
export function playShop(): Shop {
  const b = new WorldBuilder(
    {
      accountId: '111122223333',
      region: 'eu-west-1',
      vpcId: 'vpc-0a1b2c3d4e5f60718',
      vpcName: 'shop',
      vpcCidr: '10.20.0.0/16',
      vpcCidrIpv6: '2001:db8:20::/56',
      window: { from: FROM, to: TO },
      aggregation: 600,
      // One line an hour instead of AWS's one every ten minutes: it saves two thirds of the size and proves the same.
      noDataInterval: 3600,
      recordTimes: 'interval',
      configLag: 0,
    },
    random('shop'),
  );
  const origins = new Map<string, Origin>();
  const groups = new Map<string, { address: string; stack: boolean }>();
  const ids = declareGroups(b, groups);
  declareRules(b, ids, origins);
  const cast = declareInterfaces(b, ids);
  playTraffic(stage(b, '10.20'), cast);
  return { state: b.state(), origins, groups };
}

type Ids = Readonly<Record<string, string>>;

function declareGroups(b: WorldBuilder, groups: Map<string, { address: string; stack: boolean }>): Ids {
  const ids: Record<string, string> = {};
  const terraform: Readonly<Record<string, string>> = {
    web: 'Load balancer of the shop',
    blue: 'Canary, blue side',
    green: 'Canary, green side',
    api: 'Hosts of the api service',
    search: 'Hosts of the search service',
    thumbnails: 'Lambda function that makes thumbnails',
    db: 'PostgreSQL',
    cache: 'Redis',
    bastion: 'SSH from outside',
    node: 'What every host allows',
    monitoring: 'Prometheus and Grafana',
    batch: 'Nightly and monthly jobs',
    ci: 'Build server',
    edi: 'File drop for partners',
    report: 'Reporting host',
    spare: 'For emergencies',
  };
  for (const [name, description] of Object.entries(terraform)) {
    const service = name === 'api' || name === 'search';
    const id = b.group(`shop-${name}`, description, service ? { service: name } : {});
    groups.set(id, {
      address: service ? `module.${name}.aws_security_group.this` : `aws_security_group.${name}`,
      stack: false,
    });
    ids[name] = id;
  }
  for (const [name, logical, description] of [
    ['payments', 'PaymentsGroup', 'Payment service'],
    ['payments-worker', 'WorkerGroup', 'Settles payments at night'],
  ] as const) {
    const id = b.group(name, description, {
      'aws:cloudformation:stack-name': 'payments',
      'aws:cloudformation:stack-id': STACK_ID,
      'aws:cloudformation:logical-id': logical,
    });
    groups.set(id, { address: logical, stack: true });
    ids[name] = id;
  }
  return ids;
}

function declareRules(b: WorldBuilder, ids: Ids, origins: Map<string, Origin>): void {
  const s3 = b.prefixList('com.amazonaws.eu-west-1.s3', 'AWS', null, ['203.0.113.224/28', '198.51.100.224/28']);
  const offices = b.prefixList('shop-offices', '111122223333', 10, ['198.51.100.16/28', '198.51.100.64/28']);
  const peers: Readonly<Record<string, string>> = { ...ids, 's3-list': s3, 'offices-list': offices };
  for (const line of RULES.trim().split('\n')) {
    const [group, way, protocol, ports, peer, how, address, expect, description, why] = line
      .split('|')
      .map((t) => t.trim());
    if (why === undefined) throw new Error(`not a rule: ${line}`);
    const numbers = { tcp: 6, udp: 17, icmp: 1, all: -1 }[protocol!]!;
    const [low, high] = ports === '' ? [null, null] : ports!.split('..').map(Number);
    const ruleId = b.rule({
      group: ids[group!]!,
      direction: way === 'in' ? 'ingress' : 'egress',
      protocol: numbers,
      ports: low === null || low === undefined ? null : [low, high ?? low],
      peer: peers[peer!] ?? peer!,
      description: description === '' ? null : description!,
    });
    origins.set(ruleId, { how: how as Origin['how'], address: address!, expect: expect as Origin['expect'], why });
  }
}

/** group | way | protocol | ports | peer | how | address | expected | description | why */
const RULES = `
web | in | tcp | 443 | 0.0.0.0/0 | inline | aws_security_group.web | keep | HTTPS | visitors from everywhere
web | in | tcp | 443 | ::/0 | inline | aws_security_group.web | keep | HTTPS | visitors over IPv6
web | in | tcp | 80 | 0.0.0.0/0 | inline | aws_security_group.web | keep | HTTP, answered with a redirect | visitors from everywhere
web | in | tcp | 8443 | 0.0.0.0/0 | inline | aws_security_group.web | remove | admin console | never used: one of four inline blocks
web | out | all |  | 0.0.0.0/0 | inline | aws_security_group.web | narrow |  | calls api and the canary, nothing else
blue | in | tcp | 8090 | web | inline | aws_security_group.blue | keep | load balancer | used until the canary changed to green
green | in | tcp | 8090 | web | inline | aws_security_group.green | keep | load balancer | used since the canary changed to green
api | in | tcp | 8080 | web | vpc-rule | module.api.aws_vpc_security_group_ingress_rule.front | keep | front | every page
api | in | tcp | 8080 | 10.20.3.0/24 | vpc-rule | module.api.aws_vpc_security_group_ingress_rule.callers["batch"] | keep | from batch | nightly
api | in | tcp | 8080 | 172.16.40.0/24 | vpc-rule | module.api.aws_vpc_security_group_ingress_rule.callers["legacy_erp"] | remove | from legacy_erp | never used: an entry of a map in terraform.tfvars, through a module called twice
api | in | tcp | 8081 | 10.50.0.0/24 | vpc-rule | module.api.aws_vpc_security_group_ingress_rule.callers["vpn"] | keep | from vpn | the office, on working days
api | out | all |  | 0.0.0.0/0 | vpc-rule | module.api.aws_vpc_security_group_egress_rule.anywhere | narrow |  | database, cache, search, payments, HTTPS to the Internet; answers to pings may be calls, the logs do not tell
search | in | tcp | 9200 | api | vpc-rule | module.search.aws_vpc_security_group_ingress_rule.front | keep | front | every search
search | in | tcp | 5601 | 10.50.0.0/24 | vpc-rule | module.search.aws_vpc_security_group_ingress_rule.callers["kibana"] | review | from kibana | never seen, but six days of the logs are missing
search | out | all |  | 0.0.0.0/0 | vpc-rule | module.search.aws_vpc_security_group_egress_rule.anywhere | review |  | never seen, but six days of the logs are missing
thumbnails | out | tcp | 443 | 0.0.0.0/0 | vpc-rule | aws_vpc_security_group_egress_rule.thumbnails_https | keep | pictures | many addresses
db | in | tcp | 5432 | api | legacy | aws_security_group_rule.db_from_api | keep | api | lets in the same as db_from_app_subnet: one of the two may go, never both; this one names the callers and stays
db | in | tcp | 5432 | 10.20.1.0/24 | legacy | aws_security_group_rule.db_from_app_subnet | remove | app subnet | lets in the same as db_from_api: one of the two may go, never both; this one is open to a whole subnet and goes
db | in | tcp | 5432 | batch | legacy | aws_security_group_rule.db_from_batch | keep | invoices, first of the month | three times in ninety days
db | in | tcp | 5432 | 10.50.0.0/24 | legacy | aws_security_group_rule.db_from_vpn | keep | analysts | weekly
db | in | tcp | 5432 | 10.50.1.0/24 | legacy | aws_security_group_rule.db_from_vpn | keep | analysts | weekly
db | in | tcp | 5432 | 10.60.0.0/16 | legacy | aws_security_group_rule.db_from_vpn | remove | analysts | never used: one element of a list in locals
db | in | tcp | 5432 | 10.70.0.0/24 | legacy | aws_security_group_rule.db_from_finance | keep | quarterly closing | used once
db | in | tcp | 5432 | report | legacy | aws_security_group_rule.db_from_report | keep | reports | used by a host that is gone
db | in | tcp | 3306 | api | legacy | aws_security_group_rule.db_mysql[0] | remove | MySQL, before the move | never used: a count toggle
db | in | tcp | 5432 | db | legacy | aws_security_group_rule.db_replication | remove | replication | never used: self
cache | in | tcp | 6379 | api | vpc-rule | aws_vpc_security_group_ingress_rule.cache_from_api | keep | api | every page
cache | in | tcp | 6380..6399 | 10.0.0.0/8 | vpc-rule | aws_vpc_security_group_ingress_rule.cache_internal | narrow | internal | only 6380 from 10.20.3.0/24
cache | in | tcp | 11211 | api | vpc-rule | aws_vpc_security_group_ingress_rule.cache_memcached | remove | memcached | never used
cache | in | tcp | 6379 | 198.51.100.200/32 | unmanaged |  | remove | demo, delete me | never used, made in the console: no source makes it
bastion | in | tcp | 22 | 198.51.100.16/28 | legacy | aws_security_group_rule.bastion_ssh["office"] | narrow | office | two addresses on most days
bastion | in | tcp | 22 | 192.0.2.77/32 | legacy | aws_security_group_rule.bastion_ssh["contractor"] | remove | contractor | never used: an entry of a map in terraform.tfvars
bastion | in | tcp | 22 | 203.0.113.64/26 | legacy | aws_security_group_rule.bastion_ssh["partner"] | keep | partner | two visits from two addresses: too few to be called steady
bastion | in | tcp | 22 | 2001:db8:50::/48 | legacy | aws_security_group_rule.bastion_ssh_ipv6 | keep | offices over IPv6 | weekly
bastion | in | tcp | 22 | 2001:db8:60::/48 | legacy | aws_security_group_rule.bastion_ssh_ipv6 | remove | offices over IPv6 | never used: one of two ipv6_cidr_blocks
bastion | out | tcp | 22 | 10.20.0.0/16 | legacy | aws_security_group_rule.bastion_out_ssh | narrow | to our hosts | only hosts of the app subnet were reached
bastion | out | tcp | 443 | 0.0.0.0/0 | legacy | aws_security_group_rule.bastion_out_https | remove | updates | never used
node | in | tcp | 9100..9200 | monitoring | legacy | aws_security_group_rule.node_metrics | narrow | exporters | only 9100 and 9113
node | in | icmp | 8..-1 | monitoring | legacy | aws_security_group_rule.node_ping | keep | ping | every day
node | in | tcp | 22 | bastion | legacy | aws_security_group_rule.node_ssh | keep | bastion | weekly
node | in | udp | 161 | 10.20.3.0/24 | legacy | aws_security_group_rule.node_snmp | remove | SNMP | never used
monitoring | in | tcp | 3000 | offices-list | vpc-rule | aws_vpc_security_group_ingress_rule.grafana | keep | Grafana | working days, through a prefix list
monitoring | in | tcp | 9093 | 10.50.0.0/16 | vpc-rule | aws_vpc_security_group_ingress_rule.alertmanager | narrow | Alertmanager | only 10.50.0.0/24
monitoring | out | all |  | 10.20.0.0/16 | vpc-rule | aws_vpc_security_group_egress_rule.monitoring_vpc | narrow | everything we run | metrics and ping
batch | in | tcp | 1024..65535 | 0.0.0.0/0 | legacy | aws_security_group_rule.batch_return | remove | return traffic | only answers fall into it
batch | out | tcp | 443 | s3-list | vpc-rule | aws_vpc_security_group_egress_rule.batch_s3 | keep | exports | nightly
batch | out | tcp | 5432 | db | vpc-rule | aws_vpc_security_group_egress_rule.batch_db | keep | PostgreSQL | three times in ninety days
batch | out | tcp | 6000..8999 | 10.20.0.0/16 | vpc-rule | aws_vpc_security_group_egress_rule.batch_internal | narrow | our services | only 6380 to the data and 8080 to the app subnet
batch | out | tcp | 25 | 0.0.0.0/0 | vpc-rule | aws_vpc_security_group_egress_rule.batch_smtp | remove | mail | never used
batch | out | udp | 123 | 0.0.0.0/0 | vpc-rule | aws_vpc_security_group_egress_rule.batch_ntp | narrow | time | port 123 at both ends; one server, every day
ci | in | tcp | 8080 | 10.0.0.0/8 | inline | aws_security_group.ci | remove | web hooks | never used: the last inline ingress block
ci | out | all |  | 0.0.0.0/0 | inline | aws_security_group.ci | narrow |  | polls over HTTPS, many addresses
edi | in | tcp | 22 | 203.0.113.0/24 | inline | aws_security_group.edi | narrow | SFTP | two addresses, every night
edi | in | tcp | 21 | 203.0.113.0/24 | inline | aws_security_group.edi | remove | FTP | never used: one of two inline blocks
report | in | tcp | 8500 | 10.20.1.0/24 | inline | aws_security_group.report | keep | from the shop | used by a host that is gone
report | out | tcp | 5432 | db | inline | aws_security_group.report | keep | PostgreSQL | used by a host that is gone
spare | in | tcp | 22 | 10.20.0.0/16 | inline | aws_security_group.spare | review | SSH from the VPC | nobody wears the group
payments | in | tcp | 8443 | api | cfn-inline | PaymentsGroup.SecurityGroupIngress[0] | keep | api | every order
payments | in | tcp | 8444 | 10.20.0.0/16 | cfn-inline | PaymentsGroup.SecurityGroupIngress[1] | remove | old port | never used
payments | in | tcp | 9443 | 10.50.0.0/24 | cfn-inline | PaymentsGroup.SecurityGroupIngress[2] | keep | administrators | weekly
payments | in | tcp | 8443 | payments-worker | cfn-standalone | PaymentsFromWorker | keep | worker | nightly
payments | in | tcp | 5005 | 10.50.0.0/24 | cfn-standalone | PaymentsDebug | remove | remote debugger | never used: standalone, with a condition and a parameter
payments | out | tcp | 443 | 203.0.113.192/27 | cfn-inline | PaymentsGroup.SecurityGroupEgress[0] | keep | payment provider | every order, many addresses
payments | out | tcp | 587 | 0.0.0.0/0 | cfn-inline | PaymentsGroup.SecurityGroupEgress[1] | remove | receipts by mail | never used
payments-worker | in | tcp | 9090 | 10.20.3.0/24 | cfn-inline | WorkerGroup.SecurityGroupIngress[0] | remove | metrics, never scraped | never used: the only inline item
payments-worker | out | tcp | 443 | 203.0.113.192/27 | cfn-inline | WorkerGroup.SecurityGroupEgress[0] | keep | payment provider | nightly, many addresses
payments-worker | out | tcp | 8443 | payments | cfn-standalone | WorkerToPayments | keep | payments | nightly
`;

interface Cast {
  albs: SimInterface[];
  apis: SimInterface[];
  search: SimInterface;
  canary: SimInterface;
  report: SimInterface;
  payments: SimInterface;
  worker: SimInterface;
  thumbnails: SimInterface;
  nat: SimInterface;
  bastion: SimInterface;
  edi: SimInterface;
  db: SimInterface;
  cache: SimInterface;
  monitoring: SimInterface;
  batch: SimInterface;
  ci: SimInterface;
}

/** When the reporting host was ended, and when the canary changed sides. */
const REPORT_ENDS = Date.UTC(2026, 7, 20, 9) / 1000;
const CANARY_TURNS = Date.UTC(2026, 7, 25, 14) / 1000;

function declareInterfaces(b: WorldBuilder, ids: Ids): Cast {
  const open = b.subnet('shop-public', '10.20.0.0/24', '2001:db8:20::/64', 'a');
  const app = b.subnet('shop-app', '10.20.1.0/24', '2001:db8:20:1::/64', 'a');
  const data = b.subnet('shop-data', '10.20.2.0/24', '2001:db8:20:2::/64', 'b');
  const ops = b.subnet('shop-ops', '10.20.3.0/24', '2001:db8:20:3::/64', 'b');
  const make = (
    name: string,
    subnet: typeof app,
    host: number,
    wears: readonly string[],
    more: object = {},
  ): SimInterface =>
    b.interface({
      name,
      subnet,
      groups: wears.map((w) => ids[w]!),
      primary: `${subnet.cidr.slice(0, -4)}${host}`,
      ...more,
    });
  const balancer = { requesterManaged: true, ephemeral: 'aws' };
  const gap = { from: Date.UTC(2026, 7, 3) / 1000, to: Date.UTC(2026, 7, 9) / 1000 };
  const cast: Cast = {
    albs: [1, 2].map((n) =>
      make(`ELB app/shop/${n}`, open, 10 + n, ['web'], {
        ...balancer,
        publicIp: `203.0.113.${n}`,
        ipv6: [`2001:db8:20::a${n}`],
      }),
    ),
    apis: [1, 2].map((n) => make(`api-${n}`, app, 10 + n, ['api', 'node'])),
    search: make('search-1', app, 21, ['search'], { gaps: [gap] }),
    canary: make('canary', app, 31, ['blue']),
    report: make('report', ops, 41, ['report']),
    payments: make('payments-1', app, 51, ['payments']),
    worker: make('payments-worker', app, 52, ['payments-worker']),
    thumbnails: make('AWS Lambda VPC ENI-thumbnails', app, 61, ['thumbnails'], {
      interfaceType: 'lambda',
      requesterManaged: true,
      ephemeral: 'aws',
    }),
    nat: make('Interface for NAT Gateway nat-0f3a', open, 5, [], {
      interfaceType: 'nat_gateway',
      requesterManaged: true,
      publicIp: '203.0.113.5',
    }),
    bastion: make('bastion', open, 22, ['bastion'], { publicIp: '203.0.113.22', ipv6: ['2001:db8:20::22'] }),
    edi: make('edi', open, 40, ['edi'], { publicIp: '203.0.113.40', ephemeral: 'windows' }),
    db: make('RDSNetworkInterface', data, 11, ['db'], { requesterManaged: true }),
    cache: make('ElastiCache shop-001', data, 21, ['cache'], { requesterManaged: true }),
    monitoring: make('monitoring', ops, 10, ['monitoring']),
    batch: make('batch', ops, 20, ['batch', 'node']),
    ci: make('ci', ops, 30, ['ci']),
  };
  b.terminate(cast.report, REPORT_ENDS);
  b.wear(cast.canary, CANARY_TURNS, [ids.green!]);
  return cast;
}

function playTraffic(s: Stage, c: Cast): void {
  const { b, rng } = s;
  const day = (n: number): number => FROM + n * DAY;
  const during = (n: number, from: number, to: number): number => day(n) + rng.between(from * 3600, to * 3600 - 60);
  const visitor = (): string => `${rng.pick(['198.51.100', '203.0.113', '192.0.2'])}.${rng.between(70, 190)}`;
  for (let n = 0; n < 90; n += 1) {
    const weekday = new Date(day(n) * 1000).getUTCDay();
    const works = weekday >= 1 && weekday <= 5;
    for (let v = 0; v < rng.between(130, 190); v += 1) {
      const at = during(n, 1, 23);
      const alb = rng.pick(c.albs);
      if (rng.chance(0.06))
        s.tcp(
          { address: `2001:db8:f00:${rng.between(1, 40)}::1` },
          { on: alb, address: alb.ipv6[0]! },
          443,
          'visitor over IPv6',
          at,
        );
      else s.tcp({ address: visitor() }, { on: alb }, rng.chance(0.93) ? 443 : 80, 'visitor', at);
      if (!rng.chance(0.8)) continue;
      const api = rng.pick(c.apis);
      s.tcp({ on: alb }, { on: api }, 8080, 'page', at);
      if (rng.chance(0.5)) s.tcp({ on: api }, { on: c.cache }, 6379, 'cache', at);
      if (rng.chance(0.4)) s.tcp({ on: api }, { on: c.db }, 5432, 'query', at, rng.between(1, 900));
      if (rng.chance(0.15)) s.tcp({ on: api }, { on: c.search }, 9200, 'search', at);
      if (rng.chance(0.08)) {
        s.tcp({ on: api }, { on: c.payments }, 8443, 'order', at);
        s.tcp({ on: c.payments }, { address: `203.0.113.${rng.between(193, 222)}` }, 443, 'provider', at);
      }
    }
    for (let v = 0; v < 4; v += 1) s.tcp({ on: rng.pick(c.albs) }, { on: c.canary }, 8090, 'canary', during(n, 2, 8));
    for (let v = 0; v < rng.between(6, 14); v += 1) {
      const on = rng.pick([...c.albs, c.bastion, c.edi]);
      s.tcp(
        { address: `192.0.2.${rng.between(1, 60)}` },
        { on },
        rng.pick([23, 445, 3389, 5060, 8081]),
        'scan',
        during(n, 0, 23),
        0,
      );
    }
    for (let v = 0; v < 30; v += 1) {
      s.tcp(
        { on: c.monitoring },
        { on: rng.pick(c.apis) },
        rng.pick([9100, 9100, 9113]),
        'metrics',
        during(n, 0, 23),
        1,
      );
    }
    for (let v = 0; v < 3; v += 1) {
      const to = { on: rng.pick([...c.apis, c.batch]) };
      b.call({
        from: { on: c.monitoring },
        to,
        protocol: 1,
        icmp: { type: 8, code: 0 },
        start: during(n, 0, 23),
        seconds: 3,
        purpose: 'ping',
      });
      const server = { address: '192.0.2.123' };
      b.call({
        from: { on: c.batch },
        to: server,
        protocol: 17,
        port: 123,
        sourcePort: 123,
        start: during(n, 0, 23),
        seconds: 0,
        purpose: 'time',
      });
    }
    for (let v = 0; v < 5; v += 1) {
      const via = { address: `198.51.100.${rng.between(100, 140)}` };
      b.call({
        from: { on: rng.pick(c.apis) },
        to: via,
        protocol: 6,
        port: 443,
        start: during(n, 3, 22),
        seconds: 8,
        purpose: 'through NAT',
        via: c.nat,
      });
      s.tcp(
        { on: c.thumbnails },
        { address: `198.51.100.${rng.between(141, 190)}` },
        443,
        'pictures',
        during(n, 3, 22),
      );
      s.tcp({ on: c.ci }, { address: `192.0.2.${rng.between(130, 160)}` }, 443, 'poll', during(n, 3, 22));
    }
    playNight(s, c, (from, to) => during(n, from, to));
    if (works) playOffice(s, c, (from, to) => during(n, from, to), weekday);
  }
  playRare(s, c);
}

function playNight(s: Stage, c: Cast, during: (from: number, to: number) => number): void {
  const { rng } = s;
  s.tcp({ on: c.batch }, { address: `203.0.113.${rng.between(225, 238)}` }, 443, 'export', during(1, 4), 2000);
  s.tcp({ on: c.batch }, { on: rng.pick(c.apis) }, 8080, 'nightly job', during(1, 4), 300);
  s.tcp({ on: c.batch }, { on: c.cache }, 6380, 'warm the cache', during(1, 4), 60);
  s.tcp({ on: c.worker }, { on: c.payments }, 8443, 'settle', during(1, 3), 200);
  s.tcp(
    { on: c.worker },
    { address: `203.0.113.${rng.between(193, 222)}` },
    443,
    'settle with provider',
    during(1, 3),
    100,
  );
  s.tcp({ address: rng.pick(['203.0.113.70', '203.0.113.71']) }, { on: c.edi }, 22, 'catalogue', during(2, 5), 400);
  const at = during(5, 8);
  if (at >= REPORT_ENDS - 3600) return;
  s.tcp({ on: c.report }, { on: c.db }, 5432, 'report', at, 500);
  s.tcp({ on: rng.pick(c.apis) }, { on: c.report }, 8500, 'ask for a report', at + 600, 5);
}

function playOffice(s: Stage, c: Cast, during: (from: number, to: number) => number, weekday: number): void {
  const { b, rng } = s;
  const colleague = { address: `10.50.0.${rng.between(10, 60)}` };
  s.tcp(colleague, { on: rng.pick(c.apis) }, 8081, 'back office', during(8, 16), 600);
  s.tcp({ address: `198.51.100.${rng.between(17, 29)}` }, { on: c.monitoring }, 3000, 'Grafana', during(8, 16), 300);
  if (rng.chance(0.5)) s.tcp(colleague, { on: c.monitoring }, 9093, 'Alertmanager', during(8, 16));
  const at = during(9, 16);
  s.tcp({ address: rng.pick(['198.51.100.18', '198.51.100.21']) }, { on: c.bastion }, 22, 'administrator', at, 1500);
  if (rng.chance(0.4)) s.tcp({ on: c.bastion }, { on: rng.pick(c.apis) }, 22, 'administrator on a host', at + 30, 900);
  if (weekday === 2)
    s.tcp({ address: `10.50.0.${rng.between(61, 70)}` }, { on: c.db }, 5432, 'analyst', during(8, 16), 1200);
  if (weekday === 3)
    s.tcp({ address: `10.50.1.${rng.between(10, 30)}` }, { on: c.db }, 5432, 'analyst', during(8, 16), 1200);
  if (weekday === 4) {
    s.tcp(colleague, { on: c.payments }, 9443, 'payments administration', during(8, 16), 300);
    const from = { address: `2001:db8:50:${rng.between(1, 3)}::7` };
    b.call({
      from,
      to: { on: c.bastion, address: c.bastion.ipv6[0]! },
      protocol: 6,
      port: 22,
      start: during(8, 16),
      seconds: 700,
      purpose: 'administrator over IPv6',
    });
  }
}

/** What happens once, or once a month. */
function playRare(s: Stage, c: Cast): void {
  const at = (month: number, date: number, hour: number): number => Date.UTC(2026, month - 1, date, hour, 12) / 1000;
  for (const month of [8, 9]) s.tcp({ on: c.batch }, { on: c.db }, 5432, 'invoices', at(month, 1, 2), 1500);
  s.tcp({ on: c.batch }, { on: c.db }, 5432, 'invoices, late', at(7, 3, 2), 1500);
  s.tcp({ address: '10.70.0.14' }, { on: c.db }, 5432, 'quarterly closing', at(7, 15, 10), 3000);
  s.tcp({ address: '203.0.113.66' }, { on: c.bastion }, 22, 'partner', at(7, 21, 11), 900);
  s.tcp({ address: '203.0.113.90' }, { on: c.bastion }, 22, 'partner', at(9, 8, 15), 900);
}
