/**
 * The fields of VPC Flow Logs by the version that brought them. Source: Amazon VPC User Guide, "Flow log records". Fields that
 * AWS adds later are read over: only the fields of NEEDED and USED decide anything.
 */
export const DEFAULT_FIELDS = [
  'version',
  'account-id',
  'interface-id',
  'srcaddr',
  'dstaddr',
  'srcport',
  'dstport',
  'protocol',
  'packets',
  'bytes',
  'start',
  'end',
  'action',
  'log-status',
] as const;

const LATER_FIELDS = [
  // version 3
  'vpc-id',
  'subnet-id',
  'instance-id',
  'tcp-flags',
  'type',
  'pkt-srcaddr',
  'pkt-dstaddr',
  // version 4
  'region',
  'az-id',
  'sublocation-type',
  'sublocation-id',
  // version 5
  'pkt-src-aws-service',
  'pkt-dst-aws-service',
  'flow-direction',
  'traffic-path',
  // version 7
  'ecs-cluster-arn',
  'ecs-cluster-name',
  'ecs-container-instance-arn',
  'ecs-container-instance-id',
  'ecs-container-id',
  'ecs-second-container-id',
  'ecs-service-name',
  'ecs-task-definition-arn',
  'ecs-task-arn',
  'ecs-task-id',
  // version 8, 9, 10
  'reject-reason',
  'resource-id',
  'encryption-status',
  // version 11
  'instance-tag',
  'interface-tag',
  'asg-tag',
  'interface-type',
] as const;

/** Only the Transit Gateway schema (version 6) has these; a file with one of them says nothing about security groups. */
const TRANSIT_GATEWAY_FIELDS: ReadonlySet<string> = new Set([
  'resource-type',
  'tgw-id',
  'tgw-attachment-id',
  'tgw-src-vpc-id',
  'tgw-dst-vpc-id',
  'tgw-src-eni',
  'tgw-dst-eni',
]);

const KNOWN: ReadonlySet<string> = new Set<string>([
  ...DEFAULT_FIELDS,
  ...LATER_FIELDS,
  ...TRANSIT_GATEWAY_FIELDS,
  'packets-lost-no-route',
  'packets-lost-blackhole',
  'packets-lost-mtu-exceeded',
  'packets-lost-ttl-expired',
]);

/**
 * Without these no record can be judged: interface, times and status say what was covered; addresses, ports and protocol what the
 * connection was; action whether it was let in.
 */
export const NEEDED = [
  'interface-id',
  'srcaddr',
  'dstaddr',
  'srcport',
  'dstport',
  'protocol',
  'start',
  'end',
  'action',
  'log-status',
] as const;

/** Read where present: counts (0 where absent), and what makes the opener and the true addresses surer. */
export const USED = ['packets', 'bytes', 'tcp-flags', 'pkt-srcaddr', 'pkt-dstaddr', 'flow-direction'] as const;

export type FieldName = (typeof NEEDED)[number] | (typeof USED)[number];

/** The name in a text header for a Parquet column, which AWS writes with underscores. */
export function fieldOfColumn(column: string): string {
  return column.toLowerCase().replaceAll('_', '-');
}

/** A first line all of whose words look like field names and at least half of which are known ones. */
export function isHeader(words: readonly string[]): boolean {
  if (words.length === 0 || !words.every((word) => /^[a-z][a-z0-9-]*$/.test(word))) return false;
  return words.filter((word) => KNOWN.has(word) || word.startsWith('next-hop-')).length * 2 >= words.length;
}

export function isTransitGateway(fields: readonly string[]): boolean {
  return fields.some((field) => TRANSIT_GATEWAY_FIELDS.has(field));
}

export function missingFields(fields: readonly string[]): string[] {
  return NEEDED.filter((field) => !fields.includes(field));
}
