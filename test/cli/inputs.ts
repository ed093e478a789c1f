import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { toJson } from '../../analyzer/report/index.ts';
import { finding, sampleDocument } from '../report/fixture.ts';

type PathOf = (...parts: string[]) => string;

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

/** One group of two ingress rules on one interface, and a flow log in which only the first is used. */
export function writeInventory(path: PathOf): void {
  const rules = [22, 3389].map((port, i) => ({
    SecurityGroupRuleId: `sgr-000000000000000${i}0`,
    GroupId: 'sg-00000000000000001',
    GroupOwnerId: '123456789010',
    IsEgress: false,
    IpProtocol: 'tcp',
    FromPort: port,
    ToPort: port,
    CidrIpv4: '172.31.0.0/16',
    Tags: [],
  }));
  const permissions = rules.map(({ FromPort, ToPort }) => ({
    IpProtocol: 'tcp',
    FromPort,
    ToPort,
    IpRanges: [{ CidrIp: '172.31.0.0/16' }],
    Ipv6Ranges: [],
    PrefixListIds: [],
    UserIdGroupPairs: [],
  }));
  const group = {
    GroupId: 'sg-00000000000000001',
    GroupName: 'web',
    OwnerId: '123456789010',
    VpcId: 'vpc-1',
    Description: 'web',
    IpPermissions: permissions,
    IpPermissionsEgress: [],
  };
  const eni = {
    NetworkInterfaceId: 'eni-00000000000000001',
    OwnerId: '123456789010',
    VpcId: 'vpc-1',
    SubnetId: 'subnet-1',
    AvailabilityZone: 'eu-west-1a',
    PrivateIpAddress: '172.31.16.21',
    PrivateIpAddresses: [{ PrivateIpAddress: '172.31.16.21', Primary: true }],
    Ipv6Addresses: [],
    Groups: [{ GroupId: 'sg-00000000000000001', GroupName: 'web' }],
    InterfaceType: 'interface',
    RequesterManaged: false,
    Description: '',
  };
  write(path('inventory', 'security-groups.json'), JSON.stringify({ SecurityGroups: [group] }));
  write(path('inventory', 'security-group-rules.json'), JSON.stringify({ SecurityGroupRules: rules }));
  write(path('inventory', 'network-interfaces.json'), JSON.stringify({ NetworkInterfaces: [eni] }));
}

const FORMAT =
  'version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status';
export const FROM = Date.UTC(2026, 6, 1) / 1_000;
export const DAYS = 20;

/** Ten-minute NODATA records for twenty days, and one connection to port 22 a day. */
export function writeFlowLogs(path: PathOf): void {
  const lines = [FORMAT];
  for (let at = FROM; at < FROM + DAYS * 86_400; at += 600) {
    const end = at + 599;
    const who = '2 123456789010 eni-00000000000000001';
    if ((at - FROM) % 86_400 === 43_200)
      lines.push(`${who} 172.31.16.139 172.31.16.21 20641 22 6 20 4249 ${at} ${end} ACCEPT OK`);
    else lines.push(`${who} - - - - - - - ${at} ${end} - NODATA`);
  }
  write(path('flow-logs', 'log.txt'), `${lines.join('\n')}\n`);
}

export function analyzeArgs(path: PathOf): string[] {
  return [
    'analyze',
    '--inventory',
    path('inventory'),
    '--flow-logs',
    path('flow-logs'),
    '--window',
    `${DAYS}d`,
    '--to',
    '2026-07-21',
  ];
}

/** Findings by hand, as `pare analyze --out` writes them. */
export function writeFindings(path: PathOf): string {
  write(path('findings.json'), toJson(sampleDocument()));
  return path('findings.json');
}

export function manyFindings(path: PathOf, count: number): string {
  const rules = Array.from({ length: count }, () => finding({ action: 'remove' }));
  write(path('many.json'), toJson({ ...sampleDocument(), rules }));
  return path('many.json');
}
