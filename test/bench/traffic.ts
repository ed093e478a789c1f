import { hash, type Random, random } from '../generator/index.ts';
import {
  ACCOUNT,
  BEGIN,
  type BenchParameters,
  callersOf,
  interfaceAddress,
  interfaceId,
  isPublic,
  premisesOf,
  REGION,
  serviceOf,
  VPC,
} from './fleet.ts';

/** The format of 23 fields that docs/performance.md speaks of: all of version 2, and what versions 3 to 5 add that Pare reads. */
export const V5_FIELDS =
  'version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status vpc-id subnet-id instance-id tcp-flags type pkt-srcaddr pkt-dstaddr flow-direction traffic-path';
export const V2_FIELDS = V5_FIELDS.split(' ').slice(0, 14).join(' ');

/** What scanners from the Internet knock at. */
const SCANNED = [22, 23, 80, 443, 445, 1433, 3306, 3389, 5432, 6379, 8080, 8443] as const;

export interface FileLines {
  v2: string[];
  v5: string[];
}

/** Of one file: the hour `hour` of the day `day`. Records of connections; a long one gives a record each ten minutes and may end on the next day. */
export function linesOf(parameters: BenchParameters, day: number, hour: number): FileLines {
  const { records, days, interfaces, groups } = parameters;
  const file = day * 24 + hour;
  const files = days * 24;
  const count = Math.floor(((file + 1) * records) / files) - Math.floor((file * records) / files);
  const rng = random(`bench/${day}/${hour}`);
  const out: FileLines = { v2: [], v5: [] };
  const from = BEGIN + day * 86_400 + hour * 3_600;
  while (out.v5.length < count) connection(rng, from, interfaces, groups, out);
  out.v2.length = count;
  out.v5.length = count;
  return out;
}

function connection(rng: Random, from: number, interfaces: number, groups: number, out: FileLines): void {
  const share = rng.uint32() / 2 ** 32;
  // A few interfaces carry most of the traffic.
  const server = Math.floor(interfaces * (rng.uint32() / 2 ** 32) ** 4);
  const group = server % groups;
  const start = from + rng.between(0, 3_590);
  if (share < 0.02) {
    plain(out, server, start, 'NODATA');
    return;
  }
  if (share < 0.0202) {
    plain(out, server, start, 'SKIPDATA');
    return;
  }
  const serverAddress = interfaceAddress(server);
  if (share < 0.35) {
    // A scan from the Internet, refused: about one record in six.
    const peer = `198.18.${rng.between(0, 3)}.${rng.between(1, 254)}`;
    line(
      out,
      server,
      peer,
      serverAddress,
      rng.between(32_768, 60_999),
      rng.pick(SCANNED),
      6,
      1,
      40,
      start,
      start + 1,
      'REJECT',
      2,
      'ingress',
    );
    return;
  }
  const { protocol, port } = serviceOf(group);
  const callerGroup = callersOf(group, groups)[rng.between(0, 2)]!;
  const inside = share < 0.75;
  const caller = callerGroup + groups * Math.floor(Math.max(1, interfaces / groups) * (rng.uint32() / 2 ** 32) ** 2);
  const peer = inside
    ? interfaceAddress(caller)
    : isPublic(group)
      ? `203.0.${rng.between(0, 7)}.${rng.between(1, 254)}`
      : premisesOf(group) + rng.between(1, 40);
  const port0 = rng.between(32_768, 60_999);
  const intervals = rng.chance(0.04) ? rng.between(2, 4) : 1;
  for (let n = 0; n < intervals; n += 1) {
    const begin = start + n * 600;
    const end = begin + rng.between(1, 60);
    const last = n === intervals - 1 ? 1 : 0;
    const flags = (open: number) => (protocol === 6 ? (n === 0 ? open : 0) + last : 0);
    const packets = rng.between(2, 40);
    const bytes = packets * rng.between(52, 900);
    const both = (at: number, inbound: boolean) => {
      line(
        out,
        at,
        peer,
        serverAddress,
        port0,
        port,
        protocol,
        packets,
        bytes,
        begin,
        end,
        'ACCEPT',
        flags(2),
        inbound ? 'ingress' : 'egress',
      );
      line(
        out,
        at,
        serverAddress,
        peer,
        port,
        port0,
        protocol,
        packets + 1,
        bytes * 3,
        begin,
        end,
        'ACCEPT',
        flags(18),
        inbound ? 'egress' : 'ingress',
      );
    };
    both(server, true);
    if (inside) both(caller, false);
  }
}

function line(
  out: FileLines,
  at: number,
  src: string,
  dst: string,
  srcport: number,
  dstport: number,
  protocol: number,
  packets: number,
  bytes: number,
  start: number,
  end: number,
  action: 'ACCEPT' | 'REJECT',
  flags: number,
  direction: 'ingress' | 'egress',
): void {
  const text = `${ACCOUNT} ${interfaceId(at)} ${src} ${dst} ${srcport} ${dstport} ${protocol} ${packets} ${bytes} ${start} ${end} ${action} OK`;
  out.v2.push(`2 ${text}`);
  out.v5.push(
    `5 ${text} ${VPC} subnet-0b5e0000000000001 ${instance(at)} ${flags} IPv4 ${src} ${dst} ${direction} ${direction === 'egress' ? 1 : '-'}`,
  );
}

function plain(out: FileLines, at: number, start: number, status: 'NODATA' | 'SKIPDATA'): void {
  const text = `${ACCOUNT} ${interfaceId(at)} - - - - - - - ${start} ${start + 600} - ${status}`;
  out.v2.push(`2 ${text}`);
  out.v5.push(`5 ${text} ${VPC} subnet-0b5e0000000000001 ${instance(at)} - - - - - -`);
}

const INSTANCES = new Map<number, string>();
function instance(i: number): string {
  const known = INSTANCES.get(i);
  if (known !== undefined) return known;
  const id = interfaceId(i).replace('eni-', 'i-');
  INSTANCES.set(i, id);
  return id;
}

/** As AWS names it: `…/AWSLogs/ACCOUNT/vpcflowlogs/REGION/YYYY/MM/DD/ACCOUNT_vpcflowlogs_REGION_ID_STAMP_HASH.log.gz`. */
export function fileName(day: number, hour: number, suffix: 'log.gz' | 'log.parquet'): string {
  const text = new Date((BEGIN + day * 86_400 + hour * 3_600) * 1000).toISOString();
  const folder = `AWSLogs/${ACCOUNT}/vpcflowlogs/${REGION}/${text.slice(0, 10).replaceAll('-', '/')}`;
  const stamp = `${text.slice(0, 10).replaceAll('-', '')}T${text.slice(11, 13)}05Z`;
  return `${folder}/${ACCOUNT}_vpcflowlogs_${REGION}_fl-0b5e0000000000001_${stamp}_${hash(stamp).toString(16).padStart(8, '0')}.${suffix}`;
}
