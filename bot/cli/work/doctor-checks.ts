import type { FindingsDocument } from '@pare/analyzer/model/finding.ts';
import type { FlowLogSetting, Inventory, Vpc } from '@pare/analyzer/model/inventory.ts';
import { formatProblem } from '@pare/analyzer/model/problem.ts';

/** Something that is missing, why it matters, and what mends it. */
export interface Complaint {
  /** Stable identifier in kebab case. */
  code: string;
  /** blocks: rules cannot be judged without it. weakens: fewer rules can go, or less surely. */
  weight: 'blocks' | 'weakens';
  /** One sentence without a final period. */
  what: string;
  why: string;
  commands: readonly string[];
}

export interface Patient {
  inventory: Inventory;
  /** Findings over the flow logs, where these were given. */
  document: FindingsDocument | null;
  /** The inventory's folder, for commands. */
  folder: string;
}

/** Everything that decides, in the order in which AWS lists the fields (docs/flow-logs.md). */
export const RECOMMENDED_FORMAT = (
  'version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status ' +
  'vpc-id subnet-id tcp-flags type pkt-srcaddr pkt-dstaddr flow-direction'
)
  .split(' ')
  .map((field) => `\${${field}}`)
  .join(' ');

/** Fields that Pare can do without, but not as well. */
const WANTED = ['tcp-flags', 'pkt-srcaddr', 'pkt-dstaddr', 'flow-direction'] as const;
const SHOWN = 5;

/** What is missing, worst first. Pure. */
export function diagnose(patient: Patient): Complaint[] {
  const out = [
    ...settings(patient),
    ...history(patient),
    ...(patient.document === null ? [] : logs(patient.document, patient)),
    ...patient.inventory.warnings.map(
      (warning): Complaint => ({
        code: warning.code,
        weight: 'weakens',
        what: formatProblem({ ...warning, next: '' }).replace(/; $/, ''),
        why: `${warning.next.slice(0, 1).toUpperCase()}${warning.next.slice(1)}.`,
        commands: [],
      }),
    ),
  ];
  return byWeight(out);
}

/** What blocks first; else as it came. */
export function byWeight(complaints: readonly Complaint[]): Complaint[] {
  return [
    ...complaints.filter((one) => one.weight === 'blocks'),
    ...complaints.filter((one) => one.weight === 'weakens'),
  ];
}

function settings({ inventory, folder }: Patient): Complaint[] {
  const all = inventory.flowLogs ?? [];
  const unknown = (inventory.missingListings ?? []).some((missing) => missing.listing === 'flow-logs');
  if (all.length === 0 && unknown) {
    return [
      {
        code: 'flow-log-settings-unknown',
        weight: 'weakens',
        what: `${folder} has no flow-logs.json, so it is not known what is recorded`,
        why: 'With it, VPCs without flow logs and formats that tell little are found.',
        commands: [`aws ec2 describe-flow-logs > ${folder}/flow-logs.json`],
      },
    ];
  }
  const good = all.filter((log) => log.trafficType !== 'REJECT' && works(log));
  return [
    ...inventory.vpcs.flatMap((vpc) => unrecorded(vpc, good, inventory)),
    ...all.flatMap((log) => [...broken(log), ...poorFormat(log)]),
  ];
}

function works(log: FlowLogSetting): boolean {
  return (log.status === null || log.status === 'ACTIVE') && log.deliveryError === null;
}

/** A VPC is recorded by itself, or by all its subnets that hold interfaces, or by the interfaces one by one. */
function unrecorded(vpc: Vpc, good: readonly FlowLogSetting[], inventory: Inventory): Complaint[] {
  const recorded = new Set(good.map((log) => log.resourceId));
  if (recorded.has(vpc.vpcId)) return [];
  const bare = inventory.interfaces.filter(
    (state) =>
      state.vpcId === vpc.vpcId &&
      state.to === null &&
      state.groups.length > 0 &&
      !recorded.has(state.subnetId) &&
      !recorded.has(state.interfaceId),
  );
  if (bare.length === 0) return [];
  const interfaces = new Set(bare.map((state) => state.interfaceId)).size;
  const subnets = [...new Set(bare.flatMap((state) => state.subnetId ?? []))].sort();
  const partly = inventory.subnets.some((subnet) => subnet.vpcId === vpc.vpcId && recorded.has(subnet.subnetId));
  const where = partly ? `subnets ${few(subnets)} of ${vpc.vpcId}` : vpc.vpcId;
  return [
    {
      code: 'flow-logs-off',
      weight: 'blocks',
      what: `no flow log records ${where} (${vpc.accountId}, ${vpc.region}), where ${count(interfaces, 'interface')} ${interfaces === 1 ? 'wears' : 'wear'} security groups`,
      why: 'No data is not no traffic: rules of these groups stay for review.',
      commands: [
        partly
          ? createFlowLog('Subnet', subnets, vpc.region, good)
          : createFlowLog('VPC', [vpc.vpcId], vpc.region, good),
      ],
    },
  ];
}

function broken(log: FlowLogSetting): Complaint[] {
  if (log.trafficType === 'REJECT') {
    return [
      {
        code: 'flow-log-rejects-only',
        weight: 'weakens',
        what: `${log.flowLogId} on ${log.resourceId ?? 'an unknown resource'} records refused traffic only`,
        why: 'Use is proved by accepted traffic; this one adds nothing to it.',
        commands: [],
      },
    ];
  }
  if (works(log)) return [];
  return [
    {
      code: 'flow-log-does-not-deliver',
      weight: 'blocks',
      what: `${log.flowLogId} on ${log.resourceId ?? 'an unknown resource'} delivers nothing (${log.deliveryError ?? log.status ?? 'unknown'})`,
      why: 'Its bucket policy, key or role refuses it; AWS says which.',
      commands: [
        `aws ec2 describe-flow-logs --flow-log-ids ${log.flowLogId}${log.region === null ? '' : ` --region ${log.region}`}`,
      ],
    },
  ];
}

function poorFormat(log: FlowLogSetting): Complaint[] {
  if (log.format === null || log.trafficType === 'REJECT' || log.resourceId?.startsWith('tgw') === true) return [];
  const missing = lacks(log.format.match(/[a-z0-9-]+(?=\})/g) ?? []);
  if (missing.length === 0 || log.resourceId === null) return [];
  const kind = log.resourceId.startsWith('vpc-')
    ? 'VPC'
    : log.resourceId.startsWith('eni-')
      ? 'NetworkInterface'
      : 'Subnet';
  return [
    {
      code: 'format-tells-little',
      weight: 'weakens',
      what: `the format of ${log.flowLogId} on ${log.resourceId} lacks ${missing.join(', ')}`,
      why: missing.includes('tcp-flags')
        ? 'Without tcp-flags it is often unclear who opened a connection, and what is unclear counts as use. A format cannot be changed: make a second flow log, and delete the first once the window is full.'
        : 'Without these the true ends of a connection through a gateway are not seen. A format cannot be changed: make a second flow log.',
      commands: [createFlowLog(kind, [log.resourceId], log.region ?? 'REGION', [log])],
    },
  ];
}

/** Names are as the text format or the Parquet columns have them. */
function lacks(fields: readonly string[]): string[] {
  const has = new Set(fields.map((field) => field.replaceAll('_', '-')));
  return WANTED.filter((field) => !has.has(field));
}

function createFlowLog(
  kind: 'VPC' | 'Subnet' | 'NetworkInterface',
  ids: readonly string[],
  region: string,
  known: readonly FlowLogSetting[],
): string {
  const destination = known.find((log) => log.destinationType === 's3')?.destination ?? 'arn:aws:s3:::BUCKET';
  return `aws ec2 create-flow-logs --region ${region} --resource-type ${kind} --resource-ids ${ids.join(' ')} --traffic-type ALL --log-destination-type s3 --log-destination ${destination} --log-format '${RECOMMENDED_FORMAT}'`;
}

function history({ inventory, folder }: Patient): Complaint[] {
  if (inventory.interfaces.length === 0 || inventory.interfaces.some((state) => state.origin !== 'inventory'))
    return [];
  const regions = [...new Set(inventory.groups.map((group) => group.region))].sort();
  return [
    {
      code: 'no-config-history',
      weight: 'weakens',
      what: 'nothing is known of interfaces that are gone: there is no AWS Config history',
      why: 'What a gone interface did cannot be explained, so the groups that it may have worn are left alone. If Config is off, turn it on for AWS::EC2::NetworkInterface; then pull its history.',
      commands: [
        ...regions
          .slice(0, SHOWN)
          .map((region) => `aws configservice describe-configuration-recorder-status --region ${region}`),
        `pare inventory --config-history --out ${folder}`,
      ],
    },
  ];
}

function logs(document: FindingsDocument, { inventory }: Patient): Complaint[] {
  const { flowLogs, unexplained, rules } = document;
  const out: Complaint[] = [];
  if (flowLogs.records > 0 && flowLogs.noData === 0) {
    out.push({
      code: 'no-nodata',
      weight: 'weakens',
      what: 'the flow logs hold no NODATA line',
      why: 'AWS writes one for each quiet interval. Without them a quiet interface looks like one without logs; something on the way filters them. Fetch the logs as AWS wrote them.',
      commands: [fetchLogs(inventory)],
    });
  }
  for (const format of flowLogs.formats) {
    const missing = lacks(format.fields);
    if (!missing.includes('tcp-flags')) continue;
    out.push({
      code: 'records-without-tcp-flags',
      weight: 'weakens',
      what: `${count(format.records, 'record')} of ${count(format.files, 'file')} are in a format without tcp-flags`,
      why: 'For these it is often unclear who opened a connection, and what is unclear counts as use.',
      commands: [],
    });
  }
  const thin = new Map<string, { name: string; share: number }>();
  for (const { groupId, groupName, coverage } of rules) {
    if (coverage.expectedInterfaceHours === 0) continue;
    const share = Math.min(1, coverage.observedInterfaceHours / coverage.expectedInterfaceHours);
    if (share < 0.99) thin.set(groupId, { name: groupName === '' ? groupId : groupName, share });
  }
  if (thin.size > 0) {
    const worst = [...thin.values()].sort((a, b) => a.share - b.share || (a.name < b.name ? -1 : 1));
    out.push({
      code: 'coverage-thin',
      weight: 'blocks',
      what: `the logs cover less than 99 % of the time for ${count(thin.size, 'group')}: ${few(worst.map((one) => `${one.name} ${Math.floor(one.share * 1000) / 10} %`))}`,
      why: 'What these groups were not seen to do stays for review. Fetch the files that are missing, or wait for the window to fill.',
      commands: [fetchLogs(inventory)],
    });
  }
  if (flowLogs.skipData > 0) {
    out.push({
      code: 'skipdata',
      weight: 'weakens',
      what: `AWS lost records in ${count(flowLogs.skipData, 'interval')} (SKIPDATA)`,
      why: 'These hours count as not covered; nothing brings the records back.',
      commands: [],
    });
  }
  if (unexplained.length > 0) {
    const groups = [...new Set(unexplained.flatMap((gap) => gap.groups))].sort();
    out.push({
      code: 'unexplained-traffic',
      weight: 'blocks',
      what: `${count(
        unexplained.reduce((sum, gap) => sum + gap.flows, 0),
        'accepted record',
      )} on ${count(new Set(unexplained.map((gap) => gap.interfaceId)).size, 'interface')} no known rule explains`,
      why: `${groups.length === 0 ? 'No known group is frozen by them' : `They freeze ${few(groups)}`}: the inventory is older than the logs, or lacks an account, region or interface. Pull it again.`,
      commands: ['pare inventory --config-history --out DIR'],
    });
  }
  for (const skip of flowLogs.skipped) {
    out.push({
      code: 'logs-not-used',
      weight: 'weakens',
      what: `${skip.reason}: ${skip.count} not used${skip.example === null ? '' : `, e.g. ${skip.example}`}`,
      why: 'See docs/flow-logs.md for what is read and what is not.',
      commands: [],
    });
  }
  return out;
}

function fetchLogs(inventory: Inventory): string {
  const known = (inventory.flowLogs ?? []).find((log) => log.destinationType === 's3' && log.destination !== null);
  const bucket = known?.destination?.replace(/^arn:[^:]*:s3:::/, '') ?? 'BUCKET/PREFIX';
  return `aws s3 sync s3://${bucket}/AWSLogs/ logs/AWSLogs/`;
}

function few(names: readonly string[]): string {
  const more = names.length - SHOWN;
  return `${names.slice(0, SHOWN).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

function count(value: number, one: string): string {
  return `${value} ${one}${value === 1 ? '' : 's'}`;
}
