import {
  AssumeRoleFailed,
  type AwsApi,
  type OperationInputs,
  type OperationName,
  type Place,
} from '../live/operations.ts';
import { refreshed } from './refreshed.ts';

export interface AwsOptions {
  /** Of ~/.aws; by default what the SDK's chain finds. */
  profile: string | null;
  externalId: string | null;
  /** Shown in CloudTrail of the account that is read. */
  sessionName: string;
  /** Need sts:TagSession in the role's trust policy. */
  sessionTags: Readonly<Record<string, string>>;
  /** JSON; what the session of an assumed role may do at most. */
  sessionPolicy: string;
  /** Tries of one call, the first included. */
  maxAttempts?: number;
  /** Milliseconds since 1970. */
  now?: () => number;
}

interface Identity {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken: string;
  expiration?: Date;
}
type IdentityProvider = () => Promise<Identity>;

/** Waits between tries and slows down as AWS asks it to; source: AWS SDKs reference guide, retry behaviour. */
const RETRY = { retryMode: 'adaptive', maxAttempts: 10 } as const;
const HANDLER = { connectionTimeout: 10_000, requestTimeout: 60_000 };
/** A role that was assumed by a role lasts an hour at most (role chaining), and an hour is the least maximum a role can have. */
const SESSION_SECONDS = 3_600;

/** AWS by its SDK: one client for each service, region and role; clients and services are loaded when first needed. */
export function createAwsApi(options: AwsOptions): AwsApi & { close(): void } {
  const credentials = new Map<string, IdentityProvider>();
  const clients = new Map<string, Promise<Client>>();
  const base = {
    ...RETRY,
    ...(options.maxAttempts === undefined ? {} : { maxAttempts: options.maxAttempts }),
    requestHandler: HANDLER,
    ...(options.profile === null ? {} : { profile: options.profile }),
  };

  function credentialsOf(roleArn: string, region: string): IdentityProvider {
    const known = credentials.get(roleArn);
    if (known !== undefined) return known;
    const provider = refreshed(() => assumeRole(roleArn, region), options.now ?? Date.now);
    credentials.set(roleArn, provider);
    return provider;
  }

  async function assumeRole(roleArn: string, region: string): Promise<Identity> {
    const tags = Object.entries(options.sessionTags).map(([Key, Value]) => ({ Key, Value }));
    try {
      const { Credentials: given } = await call({ accountId: null, roleArn: null, region }, 'AssumeRole', {
        RoleArn: roleArn,
        RoleSessionName: options.sessionName,
        DurationSeconds: SESSION_SECONDS,
        Policy: options.sessionPolicy,
        ...(options.externalId === null ? {} : { ExternalId: options.externalId }),
        ...(tags.length === 0 ? {} : { Tags: tags }),
      });
      return identityOf(given);
    } catch (cause) {
      throw new AssumeRoleFailed(roleArn, cause);
    }
  }

  function clientOf(service: Service, { roleArn, region }: Place): Promise<Client> {
    const key = `${service} ${region} ${roleArn ?? ''}`;
    const known = clients.get(key);
    if (known !== undefined) return known;
    const made = SERVICES[service]({
      ...base,
      region,
      ...(roleArn === null ? {} : { credentials: credentialsOf(roleArn, region) }),
    });
    clients.set(key, made);
    return made;
  }

  async function call<K extends OperationName>(
    place: Place,
    operation: K,
    input: OperationInputs[K],
    signal?: AbortSignal,
  ): Promise<Readonly<Record<string, unknown>>> {
    const client = await clientOf(SERVICE_OF[operation], place);
    return client.send(operation, input, signal);
  }

  return {
    call,
    async homeRegion() {
      const client = await import('@aws-sdk/client-sts').then(({ STSClient }) => new STSClient(base));
      // Rejects where no region is set anywhere.
      return client.config.region().then(
        (region) => region,
        () => null,
      );
    },
    close() {
      for (const made of clients.values()) made.then((client) => client.destroy()).catch(() => {});
      clients.clear();
    },
  };
}

type Service = 'ec2' | 'config' | 'cloudtrail' | 'organizations' | 'sts';

interface Client {
  send(operation: OperationName, input: object, signal: AbortSignal | undefined): Promise<Record<string, unknown>>;
  destroy(): void;
}

interface ClientConfig {
  region: string;
  retryMode: 'adaptive';
  maxAttempts: number;
  requestHandler: typeof HANDLER;
  profile?: string;
  credentials?: IdentityProvider;
}

const SERVICE_OF: Readonly<Record<OperationName, Service>> = {
  DescribeSecurityGroups: 'ec2',
  DescribeSecurityGroupRules: 'ec2',
  DescribeNetworkInterfaces: 'ec2',
  DescribeManagedPrefixLists: 'ec2',
  GetManagedPrefixListEntries: 'ec2',
  DescribeVpcs: 'ec2',
  DescribeSubnets: 'ec2',
  DescribeVpcPeeringConnections: 'ec2',
  DescribeFlowLogs: 'ec2',
  DescribeStaleSecurityGroups: 'ec2',
  DescribeLaunchTemplateVersions: 'ec2',
  DescribeSecurityGroupVpcAssociations: 'ec2',
  DescribeRegions: 'ec2',
  ListDiscoveredResources: 'config',
  GetResourceConfigHistory: 'config',
  LookupEvents: 'cloudtrail',
  ListAccounts: 'organizations',
  AssumeRole: 'sts',
  GetCallerIdentity: 'sts',
};

/** The clients share how a command is sent, not a type that says so. */
interface Sender {
  send(command: never, options?: { abortSignal?: AbortSignal }): Promise<object>;
  destroy(): void;
}

type CommandClass = new (input: never) => object;

function clientFor(sender: Sender, commands: Readonly<Partial<Record<OperationName, CommandClass>>>): Client {
  return {
    async send(operation, input, signal) {
      const Command = commands[operation];
      if (Command === undefined) throw new Error(`no client for ${operation}`);
      const answer = await sender.send(
        new Command(input as never) as never,
        signal === undefined ? {} : { abortSignal: signal },
      );
      return { ...answer };
    },
    destroy: () => sender.destroy(),
  };
}

const SERVICES: Readonly<Record<Service, (config: ClientConfig) => Promise<Client>>> = {
  async ec2(config) {
    const sdk = await import('@aws-sdk/client-ec2');
    return clientFor(new sdk.EC2Client(config), {
      DescribeSecurityGroups: sdk.DescribeSecurityGroupsCommand,
      DescribeSecurityGroupRules: sdk.DescribeSecurityGroupRulesCommand,
      DescribeNetworkInterfaces: sdk.DescribeNetworkInterfacesCommand,
      DescribeManagedPrefixLists: sdk.DescribeManagedPrefixListsCommand,
      GetManagedPrefixListEntries: sdk.GetManagedPrefixListEntriesCommand,
      DescribeVpcs: sdk.DescribeVpcsCommand,
      DescribeSubnets: sdk.DescribeSubnetsCommand,
      DescribeVpcPeeringConnections: sdk.DescribeVpcPeeringConnectionsCommand,
      DescribeFlowLogs: sdk.DescribeFlowLogsCommand,
      DescribeStaleSecurityGroups: sdk.DescribeStaleSecurityGroupsCommand,
      DescribeLaunchTemplateVersions: sdk.DescribeLaunchTemplateVersionsCommand,
      DescribeSecurityGroupVpcAssociations: sdk.DescribeSecurityGroupVpcAssociationsCommand,
      DescribeRegions: sdk.DescribeRegionsCommand,
    });
  },
  async config(config) {
    const sdk = await import('@aws-sdk/client-config-service');
    return clientFor(new sdk.ConfigServiceClient(config), {
      ListDiscoveredResources: sdk.ListDiscoveredResourcesCommand,
      GetResourceConfigHistory: sdk.GetResourceConfigHistoryCommand,
    });
  },
  async cloudtrail(config) {
    const sdk = await import('@aws-sdk/client-cloudtrail');
    return clientFor(new sdk.CloudTrailClient(config), { LookupEvents: sdk.LookupEventsCommand });
  },
  async organizations(config) {
    const sdk = await import('@aws-sdk/client-organizations');
    return clientFor(new sdk.OrganizationsClient(config), { ListAccounts: sdk.ListAccountsCommand });
  },
  async sts(config) {
    const sdk = await import('@aws-sdk/client-sts');
    return clientFor(new sdk.STSClient(config), {
      AssumeRole: sdk.AssumeRoleCommand,
      GetCallerIdentity: sdk.GetCallerIdentityCommand,
    });
  },
};

function identityOf(given: unknown): Identity {
  const { AccessKeyId, SecretAccessKey, SessionToken, Expiration } = (given ?? {}) as Record<string, unknown>;
  if (typeof AccessKeyId !== 'string' || typeof SecretAccessKey !== 'string' || typeof SessionToken !== 'string')
    throw new Error('AssumeRole gave no credentials');
  return {
    accessKeyId: AccessKeyId,
    secretAccessKey: SecretAccessKey,
    sessionToken: SessionToken,
    ...(Expiration instanceof Date ? { expiration: Expiration } : {}),
  };
}
