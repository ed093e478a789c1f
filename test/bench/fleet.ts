import type { Peer, SecurityGroupRule } from '../../analyzer/model/rule.ts';
import { hash, inventoryDocuments, type SimInterface, type WorldState } from '../generator/index.ts';

/** What the bench's data are made from; the same parameters give the same bytes. */
export interface BenchParameters {
  records: number;
  days: number;
  interfaces: number;
  groups: number;
  rules: number;
}

export const DEFAULTS: BenchParameters = {
  records: 5_000_000,
  days: 30,
  interfaces: 5_000,
  groups: 1_000,
  rules: 6_000,
};

/** Start of the first day; a fixed one, since the files' names tell it. */
export const BEGIN = Date.UTC(2026, 8, 1) / 1000;
export const ACCOUNT = '111122223333';
export const REGION = 'eu-west-1';
export const VPC = 'vpc-0b5e000000000001';

const TCP_SERVICES = [443, 5432, 8080, 3306, 6379, 8443, 9092, 9200, 22, 80, 2049, 5671, 7000, 9042, 1433] as const;

export interface Service {
  protocol: 6 | 17;
  port: number;
}

const INTERFACE_IDS = new Map<number, string>();
export function interfaceId(i: number): string {
  const known = INTERFACE_IDS.get(i);
  if (known !== undefined) return known;
  const id = `eni-0${hex(`eni${i}`)}`;
  INTERFACE_IDS.set(i, id);
  return id;
}

/** 10.16.0.0/14, four addresses apart. */
export function interfaceAddress(i: number): string {
  const n = 0x0a100000 + 16 + i * 4;
  return `${n >>> 24}.${(n >>> 16) & 255}.${(n >>> 8) & 255}.${n & 255}`;
}

/** What every member of the group listens on. One group in twelve answers DNS or the like. */
export function serviceOf(group: number): Service {
  return group % 12 === 7
    ? { protocol: 17, port: group % 24 === 7 ? 53 : 514 }
    : { protocol: 6, port: TCP_SERVICES[group % TCP_SERVICES.length]! };
}

/** The groups an interface wears: its service's, and most wear a second one. */
export function groupsOf(i: number, groups: number): number[] {
  const first = i % groups;
  const second = (i * 7 + 13) % groups;
  return i % 50 === 0 || first === second ? [first] : [first, second];
}

/** One group in ten is called from the Internet. */
export function isPublic(group: number): boolean {
  return group % 10 === 0;
}

/** Groups whose members call a group's service. */
export function callersOf(group: number, groups: number): number[] {
  return [1, 2, 3].map((step) => (group + step) % groups);
}

/** Networks on premises that call it: 172.16.0.0/12, a /26 each. */
export function premisesOf(group: number): string {
  return `172.${16 + (group % 16)}.${(group >> 4) & 255}.`;
}

export function inventoryOf(parameters: BenchParameters): Record<string, unknown> {
  const { days, interfaces, groups } = parameters;
  const to = BEGIN + days * 86_400;
  const world: WorldState = {
    accountId: ACCOUNT,
    region: REGION,
    vpcId: VPC,
    vpcName: 'bench',
    vpcCidr: '10.16.0.0/14',
    vpcCidrIpv6: '2001:db8:20::/56',
    window: { from: BEGIN, to },
    aggregation: 600,
    noDataInterval: 600,
    recordTimes: 'packets',
    configLag: 0,
    subnets: [
      {
        subnetId: 'subnet-0b5e0000000000001',
        cidr: '10.16.0.0/14',
        cidrIpv6: '2001:db8:20::/64',
        az: 'eu-west-1a',
        azId: 'euw1-az1',
        name: 'bench',
      },
    ],
    groups: Array.from({ length: groups }, (_, g) => ({
      groupId: groupId(g),
      groupName: `service-${g}`,
      description: 'bench',
      tags: {},
    })),
    rules: rulesOf(parameters),
    interfaces: Array.from(
      { length: interfaces },
      (_, i): SimInterface => ({
        interfaceId: interfaceId(i),
        name: `host-${i}`,
        subnetId: 'subnet-0b5e0000000000001',
        interfaceType: 'interface',
        requesterManaged: false,
        instanceId: `i-0${hex(`i${i}`)}`,
        primary: interfaceAddress(i),
        secondary: [],
        ipv6: [],
        publicIp: null,
        ephemeral: 'linux',
        created: BEGIN - 30 * 86_400,
        gone: null,
        wore: [{ from: BEGIN - 30 * 86_400, groups: groupsOf(i, groups).map(groupId).sort() }],
        loggedFrom: BEGIN,
        gaps: [],
      }),
    ),
    prefixLists: [],
    connections: [],
    skips: [],
  };
  return inventoryDocuments(world, []);
}

/** Six rules a group by default: two that are needed, one that covers for them, one far too wide, one forgotten, and egress. */
function rulesOf({ rules, groups }: BenchParameters): SecurityGroupRule[] {
  const out: SecurityGroupRule[] = [];
  for (let n = 0; n < rules; n += 1) {
    const g = n % groups;
    const kind = Math.floor(n / groups);
    const { protocol, port } = serviceOf(g);
    const cidr = (text: string): Peer => ({ kind: 'cidrIpv4', cidr: text });
    const shapes: readonly [number, number, number, Peer][] = [
      [protocol, port, port, { kind: 'group', groupId: groupId(callersOf(g, groups)[0]!) }],
      [protocol, port, port, cidr(isPublic(g) ? '0.0.0.0/0' : '10.0.0.0/8')],
      [protocol, port, port, cidr(`${premisesOf(g)}0/24`)],
      [6, 1, 10_000, cidr('172.16.0.0/12')],
      [6, 22, 22, cidr('192.168.0.0/16')],
    ];
    const shape = shapes[kind] ?? [6, 20_000 + kind, 20_000 + kind, cidr(`192.168.${kind % 256}.0/24`)];
    const egress = kind === 5;
    out.push({
      ruleId: `sgr-0${hex(`sgr${n}`)}`,
      groupId: groupId(g),
      accountId: ACCOUNT,
      region: REGION,
      direction: egress ? 'egress' : 'ingress',
      protocol: egress ? -1 : shape[0],
      fromPort: egress ? null : shape[1],
      toPort: egress ? null : shape[2],
      peer: egress ? cidr('0.0.0.0/0') : shape[3],
      description: null,
      tags: {},
    });
  }
  return out;
}

function groupId(g: number): string {
  return `sg-0${hex(`sg${g}`)}`;
}

function hex(text: string): string {
  return hash(text).toString(16).padStart(8, '0') + hash(`${text}'`).toString(16).padStart(8, '0');
}
