import {
  createAwsApi,
  memberPolicy,
  missingPolicy,
  OPERATIONS,
  type Probe,
  probePermissions,
} from '@pare/analyzer/inventory/live/index.ts';
import { PareError } from '@pare/analyzer/model/problem.ts';
import type { Complaint } from './doctor-checks.ts';

export interface AwsDoctorOptions {
  profile?: string;
  region?: string;
}

/** Asks AWS what the credentials at hand may, as `pare inventory` would. Throws PareError where there are none, or no network. */
export async function askAws(options: AwsDoctorOptions, signal: AbortSignal): Promise<Complaint[]> {
  const api = createAwsApi({
    profile: options.profile ?? null,
    externalId: null,
    sessionName: 'pare-doctor',
    sessionTags: {},
    sessionPolicy: JSON.stringify(memberPolicy()),
  });
  try {
    const region = options.region ?? (await api.homeRegion());
    if (region === null)
      throw new PareError({
        code: 'region-unknown',
        message: 'no region is set',
        next: 'name one with --region, or set AWS_REGION',
        fault: 'configuration',
      });
    return complaintsOf(await probePermissions(api, { accountId: null, roleArn: null, region }, signal));
  } finally {
    api.close();
  }
}

/** What the probe found, with the one command that mends all that was denied. Pure. */
export function complaintsOf(probe: Probe): Complaint[] {
  const policy = missingPolicy(probe);
  const grant = policy === null ? [] : grantCommands(probe.arn, policy);
  let granted = false;
  return probe.calls.flatMap(({ operation, failure }): Complaint[] => {
    if (failure === null) return [];
    const { option, why } = OPERATIONS[operation];
    const denied = failure.code === 'aws-access-denied';
    // One policy for all; it stands with the first.
    const commands = denied && !granted ? grant : [];
    granted ||= denied;
    return [
      {
        code: failure.code,
        weight: NEEDED.includes(operation) ? 'blocks' : 'weakens',
        what: failure.message,
        why: `It tells ${why}${option === null ? '' : ` (${option})`}. ${failure.next.slice(0, 1).toUpperCase()}${failure.next.slice(1)}.`,
        commands: failure.code === 'aws-config-off' ? recorderCommands(probe) : commands,
      },
    ];
  });
}

/** Config needs a recorder, a place to deliver to, and to be started; its service-linked role is there once it was ever on. */
function recorderCommands({ accountId, region }: Probe): string[] {
  const role = `arn:aws:iam::${accountId}:role/aws-service-role/config.amazonaws.com/AWSServiceRoleForConfig`;
  const types = 'AWS::EC2::NetworkInterface,AWS::EC2::SecurityGroup';
  return [
    `aws configservice put-configuration-recorder --region ${region} --configuration-recorder name=default,roleARN=${role} --recording-group '{"resourceTypes":${JSON.stringify(types.split(','))}}'`,
    `aws configservice put-delivery-channel --region ${region} --delivery-channel name=default,s3BucketName=BUCKET`,
    `aws configservice start-configuration-recorder --region ${region} --configuration-recorder-name default`,
  ];
}

/** Without these there is no inventory at all. */
const NEEDED: readonly string[] = ['DescribeSecurityGroups', 'DescribeSecurityGroupRules', 'DescribeNetworkInterfaces'];

/** A policy of its own name, so that none is overwritten. For a role or user, by its ARN; a root or federated identity gets no command, since it has no policy of its own. */
function grantCommands(arn: string, policy: string): string[] {
  const found = /^arn:[a-z-]+:(?:sts|iam)::\d{12}:(assumed-role|role|user)\/(.+)$/.exec(arn);
  if (found === null) return [];
  const [, kind, path = ''] = found;
  // assumed-role/ROLE/SESSION, but role/PATH/ROLE and user/PATH/USER.
  const name = kind === 'assumed-role' ? path.split('/')[0] : path.split('/').at(-1);
  const verb = kind === 'user' ? 'put-user-policy --user-name' : 'put-role-policy --role-name';
  return [`aws iam ${verb} ${name} --policy-name pare-inventory-missing --policy-document '${policy}'`];
}
