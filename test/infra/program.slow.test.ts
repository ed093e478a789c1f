import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { memberPolicy } from '../../analyzer/inventory/live/permissions.ts';
import { openAthena } from '../../bot/cli/work/athena.ts';
import { EVERYTHING, LEAST } from './configurations.ts';
import { deploy, type Made } from './program.ts';

interface Statement {
  Sid: string;
  Effect: 'Allow' | 'Deny';
  Principal?: unknown;
  Action: string | string[];
  Resource: string | string[];
  Condition?: Record<string, unknown>;
}

/** Actions that know no resource, by the service authorization reference. Nothing else may be granted on everything. */
const WITHOUT_RESOURCE = new Set([
  ...memberPolicy()
    .Statement.filter(({ Resource }) => Resource === '*')
    .flatMap(({ Action }) => Action),
  'ecr:GetAuthorizationToken',
  'logs:CreateLogDelivery',
  'logs:DeleteLogDelivery',
  'logs:DescribeLogGroups',
  'logs:DescribeResourcePolicies',
  'logs:GetLogDelivery',
  'logs:ListLogDeliveries',
  'logs:PutResourcePolicy',
  'logs:UpdateLogDelivery',
  'organizations:ListAccounts',
]);

function of(made: readonly Made[], type: string): Made[] {
  return made.filter((one) => one.type.endsWith(`:${type}`));
}

function statements(text: unknown): Statement[] {
  return (JSON.parse(String(text)) as { Statement: Statement[] }).Statement;
}

function list<T>(value: T | T[]): T[] {
  return Array.isArray(value) ? value : [value];
}

/** Every policy document of every kind of resource, with where it stands. */
function policies(made: readonly Made[]): { at: string; kind: string; statement: Statement }[] {
  return made.flatMap(({ type, name, inputs }) =>
    ['policy', 'assumeRolePolicy'].flatMap((key) =>
      typeof inputs[key] === 'string' && inputs[key].startsWith('{')
        ? statements(inputs[key]).map((statement) => ({
            at: `${type} ${name} ${key} ${statement.Sid}`,
            kind: type,
            statement,
          }))
        : [],
    ),
  );
}

const stacks: Record<string, { made: Made[]; outputs: Record<string, unknown> }> = {};
beforeAll(async () => {
  stacks.least = await deploy(LEAST);
  stacks.everything = await deploy(EVERYTHING);
});

describe.each(['least', 'everything'])('the Pulumi program, configured with %s', (which) => {
  const made = () => stacks[which]!.made;

  it('makes these resources and no others', async () => {
    const inventory = made().map(({ type, name }) => `${type} ${name}`);
    await expect(`${inventory.join('\n')}\n`).toMatchFileSnapshot(`inventory.${which}.txt`);
  });

  it('grants no action by a wildcard', () => {
    // A denial may be wide: it is the one of plain HTTP.
    for (const { at, statement } of policies(made()))
      for (const action of list(statement.Action))
        expect(statement.Effect === 'Deny' || !action.includes('*'), `${at}: ${action}`).toBe(true);
  });

  it('grants on everything only what knows no resource', () => {
    for (const { at, kind, statement } of policies(made())) {
      if (statement.Effect === 'Deny' || statement.Resource === undefined) continue;
      // The resource of a key's policy is the key.
      if (kind.endsWith(':Key')) continue;
      for (const resource of list(statement.Resource)) {
        if (resource !== '*') continue;
        for (const action of list(statement.Action))
          expect(WITHOUT_RESOURCE.has(action), `${at}: ${action}`).toBe(true);
      }
    }
  });

  it('trusts services of this account, and nobody by a wildcard', () => {
    for (const { at, statement } of policies(made())) {
      if (statement.Principal === undefined || statement.Effect === 'Deny') continue;
      expect(JSON.stringify(statement.Principal), at).not.toContain('*');
      const { Service: service } = statement.Principal as { Service?: string };
      // Lambda passes no source along when it assumes a role.
      if (service === undefined || service === 'lambda.amazonaws.com') continue;
      expect(JSON.stringify(statement.Condition), at).toContain('"aws:SourceAccount":"111122223333"');
    }
  });

  it('has no bucket that is public, unencrypted, without life cycle or readable without TLS', () => {
    const buckets = of(made(), 'Bucket').map(({ name }) => `${name}-id`);
    expect(buckets.length).toBeGreaterThanOrEqual(2);
    const byBucket = (type: string) =>
      new Map(of(made(), type).map(({ inputs }) => [String(inputs.bucket), inputs] as const));
    for (const bucket of buckets) {
      expect(byBucket('BucketPublicAccessBlock').get(bucket), bucket).toMatchObject({
        blockPublicAcls: true,
        blockPublicPolicy: true,
        ignorePublicAcls: true,
        restrictPublicBuckets: true,
      });
      expect(byBucket('BucketServerSideEncryptionConfiguration').get(bucket), bucket).toMatchObject({
        rules: [{ applyServerSideEncryptionByDefault: { sseAlgorithm: 'AES256' } }],
      });
      expect(byBucket('BucketOwnershipControls').get(bucket), bucket).toMatchObject({
        rule: { objectOwnership: 'BucketOwnerEnforced' },
      });
      expect(byBucket('BucketVersioning').has(bucket), bucket).toBe(true);
      const { rules } = byBucket('BucketLifecycleConfiguration').get(bucket) as { rules: { status: string }[] };
      expect(rules.length, bucket).toBeGreaterThan(1);
      expect(rules.every(({ status }) => status === 'Enabled')).toBe(true);
      const policy = statements(byBucket('BucketPolicy').get(bucket)?.policy);
      expect(policy[0], bucket).toMatchObject({
        Effect: 'Deny',
        Principal: '*',
        Action: 's3:*',
        Condition: { Bool: { 'aws:SecureTransport': 'false' } },
      });
      expect(policy[0]!.Resource).toHaveLength(2);
    }
  });

  it('never lets the life cycle take the manifest, the sources or the findings', () => {
    const { inputs } = of(made(), 'BucketLifecycleConfiguration').find(({ name }) => name === 'pare-data')!;
    const rules = inputs.rules as { filter: { prefix: string }; expiration?: object }[];
    const taken = rules.filter(({ expiration }) => expiration !== undefined).map(({ filter }) => filter.prefix);
    for (const kept of [
      'ledger/manifest/x',
      'ledger/sources/x',
      'findings/current.json',
      'evidence/a/b/findings.json',
      'config/policy.yml',
      'inventory/current.json',
    ])
      expect(
        taken.filter((prefix) => kept.startsWith(prefix)),
        kept,
      ).toEqual([]);
  });

  it('encrypts queues, table, topic and results', () => {
    for (const { name, inputs } of of(made(), 'Queue')) expect(inputs.sqsManagedSseEnabled, name).toBe(true);
    for (const { inputs } of of(made(), 'Table'))
      expect(inputs).toMatchObject({ serverSideEncryption: { enabled: true }, pointInTimeRecovery: { enabled: true } });
    for (const { inputs } of of(made(), 'Topic')) expect(inputs.kmsMasterKeyId).toContain('arn:aws:kms:');
    for (const { inputs } of of(made(), 'Key')) expect(inputs.enableKeyRotation).toBe(true);
    expect(of(made(), 'Workgroup')[0]!.inputs).toMatchObject({
      configuration: {
        enforceWorkgroupConfiguration: true,
        bytesScannedCutoffPerQuery: 1024 ** 4,
        resultConfiguration: { encryptionConfiguration: { encryptionOption: 'SSE_S3' } },
      },
    });
  });

  it('gives every log an end, and every function a log of its own', () => {
    const groups = of(made(), 'LogGroup');
    for (const { name, inputs } of groups) expect(inputs.retentionInDays, name).toBe(90);
    const names = new Set(groups.map(({ inputs }) => inputs.name));
    for (const { name, inputs } of of(made(), 'Function')) {
      expect(names.has(`/aws/lambda/${String(inputs.name)}`), name).toBe(true);
      expect(inputs.runtime).toBe('nodejs24.x');
    }
  });

  it('has views that ask for tables of this program alone, in a text that is theirs', () => {
    const all = of(made(), 'CatalogTable');
    const views = all.filter(({ inputs }) => inputs.tableType === 'VIRTUAL_VIEW');
    expect(views.length).toBeGreaterThan(3);
    const tables = new Set(all.filter((one) => !views.includes(one)).map(({ inputs }) => inputs.name));
    for (const { inputs } of views) {
      const base64 = /^\/\* Presto View: (\S+) \*\/$/.exec(String(inputs.viewOriginalText))![1]!;
      const { originalSql, schema } = JSON.parse(Buffer.from(base64, 'base64').toString());
      expect(schema).toBe(inputs.databaseName);
      for (const [, table] of String(originalSql).matchAll(/(?:FROM|JOIN) (\w+)/g)) expect(tables).toContain(table);
    }
  });

  it('types every partition key of every table in its projection, and uses it in the location template', () => {
    const tables = of(made(), 'CatalogTable').filter(({ inputs }) => inputs.tableType === 'EXTERNAL_TABLE');
    expect(tables.length).toBeGreaterThanOrEqual(5);
    for (const { name, inputs } of tables) {
      const parameters = inputs.parameters as Record<string, string>;
      const template = parameters['storage.location.template']!;
      const { location, columns } = inputs.storageDescriptor as { location: string; columns: { name: string }[] };
      expect(parameters['projection.enabled']).toBe('true');
      expect(template.startsWith(location) && template.endsWith('/'), name).toBe(true);
      const keys = (inputs.partitionKeys as { name: string; type: string }[]).map((key) => key.name);
      for (const key of keys) {
        const type = parameters[`projection.${key}.type`]!;
        expect(['enum', 'date', 'integer'], `${name} ${key}`).toContain(type);
        // Athena refuses a table whose enum has no values, or whose date or integer has no two ends.
        if (type === 'enum') expect(parameters[`projection.${key}.values`], key).toMatch(/^[^,\s]+(,[^,\s]+)*$/);
        else expect(parameters[`projection.${key}.range`], key).toMatch(/^[^,]+,[^,]+$/);
        expect(template, key).toContain(`\${${key}}`);
        expect(columns.map((column) => column.name)).not.toContain(key);
      }
      const used = [...template.matchAll(/\$\{(\w+)\}/g)].map((match) => match[1]);
      expect(used.sort()).toEqual([...keys].sort());
      const projected = Object.keys(parameters).flatMap((key) => /^projection\.(\w+)\.type$/.exec(key)?.[1] ?? []);
      expect(projected.sort()).toEqual([...keys].sort());
    }
  });

  it('aims every schedule at something that is there, with a role, retries and a place for dead letters', () => {
    const schedules = of(made(), 'Schedule');
    expect(schedules.map(({ name }) => name)).toEqual(['pare-app-tick', 'pare-daily', 'pare-weekly']);
    const arns = new Set([...of(made(), 'StateMachine'), ...of(made(), 'Function')].map(arnOf));
    const queues = new Set(of(made(), 'Queue').map(arnOf));
    for (const { name, inputs } of schedules) {
      const target = inputs.target as {
        arn: string;
        roleArn: string;
        deadLetterConfig: { arn: string };
        retryPolicy: { maximumRetryAttempts: number };
      };
      expect(arns.has(target.arn), `${name}: ${target.arn}`).toBe(true);
      expect(queues.has(target.deadLetterConfig.arn), name).toBe(true);
      expect(target.retryPolicy.maximumRetryAttempts).toBeGreaterThan(0);
      const role = target.roleArn.split('/').at(-1);
      const granted = of(made(), 'RolePolicy')
        .filter((one) => one.name === role)
        .flatMap((one) => statements(one.inputs.policy));
      expect(granted.flatMap(({ Resource }) => list(Resource))).toEqual([target.arn, target.deadLetterConfig.arn]);
    }
  });

  it('gives every queue that is worked off dead letters, and alarms on every queue of dead letters', () => {
    const queues = of(made(), 'Queue');
    const sources = new Set(of(made(), 'EventSourceMapping').map(({ inputs }) => inputs.eventSourceArn));
    for (const queue of queues) {
      const { redrivePolicy } = queue.inputs;
      expect(redrivePolicy !== undefined, queue.name).toBe(sources.has(arnOf(queue)));
      if (redrivePolicy === undefined) continue;
      const { deadLetterTargetArn } = JSON.parse(String(redrivePolicy)) as { deadLetterTargetArn: string };
      expect(queues.map(arnOf)).toContain(deadLetterTargetArn);
      const worker = of(made(), 'Function').find(({ name }) => name === 'pare-app-worker')!;
      expect(Number(queue.inputs.visibilityTimeoutSeconds)).toBeGreaterThan(Number(worker.inputs.timeout) + 60);
    }
    const watched = of(made(), 'MetricAlarm').map(
      ({ inputs }) => (inputs.dimensions as { QueueName?: string }).QueueName,
    );
    for (const { name } of queues.filter((queue) => queue.inputs.redrivePolicy === undefined))
      expect(watched).toContain(name);
  });

  it('gives no function more environment than the 4 KB it takes', () => {
    for (const { name, inputs } of of(made(), 'Function')) {
      const { variables } = inputs.environment as { variables: Record<string, string> };
      expect(JSON.stringify(variables).length, name).toBeLessThan(2000);
    }
    const [stored] = of(made(), 'BucketObjectv2');
    expect(stored!.inputs).toMatchObject({ bucket: 'pare-data-id', key: 'config/steps.json' });
    const step = of(made(), 'Function').find(({ name }) => name === 'pare-inventory')!;
    expect(step.inputs.environment).toMatchObject({ variables: { PARE_SETTINGS: stored!.inputs.key } });
  });

  it('tells somebody of every failure: runs, silence, functions', () => {
    const alarms = of(made(), 'MetricAlarm');
    const topic = arnOf(of(made(), 'Topic')[0]!);
    for (const { name, inputs } of alarms) expect(inputs.alarmActions, name).toEqual([topic]);
    const metrics = new Set(alarms.map(({ inputs }) => inputs.metricName));
    for (const metric of [
      'ExecutionsFailed',
      'ExecutionsTimedOut',
      'ExecutionsSucceeded',
      'ApproximateAgeOfOldestMessage',
    ])
      expect(metrics.has(metric), metric).toBe(true);
    expect(alarms.find(({ name }) => name.endsWith('no-run'))!.inputs.treatMissingData).toBe('breaching');
    const named = alarms.map(({ inputs }) => (inputs.dimensions as { FunctionName?: string }).FunctionName);
    for (const { inputs } of of(made(), 'Function')) expect(named).toContain(inputs.name);
  });

  it('tags what can be tagged', () => {
    for (const { type, name, inputs } of made())
      if ('tags' in inputs) expect(inputs.tags, `${type} ${name}`).toEqual({ project: 'pare', stack: 'test' });
    expect(made().filter(({ inputs }) => 'tags' in inputs).length).toBeGreaterThan(20);
  });

  it('leaves nothing that costs when it is destroyed, but the ledger, which it asks about', () => {
    expect(of(made(), 'Workgroup')[0]!.inputs.forceDestroy).toBe(true);
    for (const { inputs } of of(made(), 'Secret')) expect(inputs.recoveryWindowInDays).toBe(0);
    const kept = of(made(), 'Bucket')
      .filter(({ inputs }) => inputs.forceDestroy !== true)
      .map(({ name }) => name);
    expect(kept).toEqual(which === 'least' ? ['pare-data'] : ['pare-data', 'pare-flow-logs']);
  });
});

describe('what only some stacks have', () => {
  it('the role of the members grants what the inventory calls, no more and no less, to the inventory role with the external id', () => {
    const [set] = of(stacks.everything!.made, 'StackSet');
    const template = JSON.parse(String(set!.inputs.templateBody)) as {
      Resources: {
        Role: {
          Properties: {
            AssumeRolePolicyDocument: { Statement: object[] };
            Policies: [{ PolicyDocument: { Statement: Statement[] } }];
          };
        };
      };
    };
    const { AssumeRolePolicyDocument: trust, Policies } = template.Resources.Role.Properties;
    const granted = Policies[0].PolicyDocument.Statement.map(({ Action, Resource }) => [
      [...list(Action)].sort(),
      Resource,
    ]);
    const wanted = memberPolicy().Statement.map(({ Action, Resource }) => [[...Action].sort(), Resource]);
    expect(granted).toEqual(
      wanted.map(([actions, resource]) => [
        actions,
        resource === '*' ? '*' : { 'Fn::Sub': String(resource).replace('arn:aws:', 'arn:${AWS::Partition}:') },
      ]),
    );
    expect(trust.Statement).toEqual([
      expect.objectContaining({
        Principal: { AWS: { Ref: 'Caller' } },
        Condition: { StringEquals: { 'sts:ExternalId': { Ref: 'ExternalId' } } },
      }),
    ]);
    expect(set!.inputs.parameters).toEqual({
      Caller: 'arn:aws:iam::111122223333:role/pare-inventory',
      ExternalId: 'pare-4711',
      RoleName: 'PareInventory',
    });
  });

  it('a stack for its own account grants the inventory function exactly the calls of the inventory', () => {
    const policy = of(stacks.least!.made, 'RolePolicy').find(({ name }) => name === 'pare-inventory')!;
    const ec2 = statements(policy.inputs.policy).filter(({ Sid }) => ['Inventory', 'PrefixLists'].includes(Sid));
    expect(ec2.map(({ Action, Resource }) => [[...list(Action)].sort(), list(Resource)])).toEqual(
      memberPolicy().Statement.map(({ Action, Resource }) => [[...Action].sort(), [Resource]]),
    );
  });

  it('flow logs are made with all that attribution can use, and S3 takes them from this account only', () => {
    const [log] = of(stacks.everything!.made, 'FlowLog');
    expect(log!.inputs).toMatchObject({ trafficType: 'ALL', maxAggregationInterval: 60 });
    expect(log!.inputs.logFormat).toContain('${tcp-flags} ${pkt-srcaddr} ${pkt-dstaddr} ${flow-direction}');
  });

  it('mail goes out from one address only', () => {
    const policy = of(stacks.everything!.made, 'RolePolicy').find(({ name }) => name === 'pare-states')!;
    expect(statements(policy.inputs.policy).find(({ Sid }) => Sid === 'Mail')).toMatchObject({
      Action: ['ses:SendEmail'],
      Condition: { StringEquals: { 'ses:FromAddress': 'pare@example.com' } },
    });
  });

  it('tells the Athena store where to work, and the operator what to fill in', () => {
    expect(stacks.least!.outputs).toMatchObject({
      database: 'pare',
      workgroup: 'pare',
      results: 's3://pare-results-id/',
      dataBucket: 'pare-data-id',
      webhookUrl: 'https://pare-app.execute-api.eu-west-1.amazonaws.com/api/github/webhooks',
      inventoryRole: 'arn:aws:iam::111122223333:role/pare-inventory',
    });
  });
});

describe('Athena', () => {
  it.each(['least', 'everything'])(
    'pare analyze --athena takes the settings that the stack with %s gives',
    async (which) => {
      const file = join(tmpdir(), `pare-athena-${process.pid}-${which}.json`);
      writeFileSync(file, String(stacks[which]!.outputs.athenaSettings));
      try {
        expect((await openAthena(file, tmpdir(), 0)).engine).toBe('athena');
      } finally {
        rmSync(file);
      }
    },
  );
});

/** AWS calls of bot/lambda by the function that makes them: what the roles grant must be exactly this. */
describe('least privilege, held against the calls that the code makes', () => {
  const CALLS: Readonly<Record<string, string>> = {
    GetObjectCommand: 's3:GetObject',
    ListObjectsV2Command: 's3:ListBucket',
    PutObjectCommand: 's3:PutObject',
    GetSecretValueCommand: 'secretsmanager:GetSecretValue',
    SendMessageCommand: 'sqs:SendMessage',
    GetItemCommand: 'dynamodb:GetItem',
    PutItemCommand: 'dynamodb:PutItem',
    // A transaction is granted by what is in it: two puts.
    TransactWriteItemsCommand: 'dynamodb:PutItem',
    DeleteItemCommand: 'dynamodb:DeleteItem',
    QueryCommand: 'dynamodb:Query',
    UpdateItemCommand: 'dynamodb:UpdateItem',
  };
  /** What Lambda does in the function's name: logs, and the queue's messages. */
  const BY_LAMBDA = ['logs:CreateLogStream', 'logs:PutLogEvents'];
  const BY_POLLER = [
    'sqs:ChangeMessageVisibility',
    'sqs:DeleteMessage',
    'sqs:GetQueueAttributes',
    'sqs:ReceiveMessage',
  ];
  const STORE = ['s3:GetObject', 's3:ListBucket', 's3:PutObject'];
  const ACCEPT = ['dynamodb:GetItem', 'dynamodb:PutItem', 'sqs:SendMessage', 'secretsmanager:GetSecretValue'];
  const USED: Readonly<Record<string, readonly string[]>> = {
    'pare-inventory': ['s3:GetObject', 's3:PutObject', ...memberPolicy().Statement.flatMap(({ Action }) => Action)],
    'pare-ledger': STORE,
    'pare-analysis': STORE,
    'pare-app-webhook': ACCEPT,
    'pare-app-tick': [...ACCEPT, 'dynamodb:Query'],
    'pare-app-worker': [
      ...ACCEPT,
      ...BY_POLLER,
      'dynamodb:DeleteItem',
      'dynamodb:Query',
      'dynamodb:UpdateItem',
      ...STORE,
    ],
  };

  it('every command that bot/lambda constructs is known here', () => {
    const files = [
      'app',
      'bucket',
      'daily',
      'inventory',
      'jobs',
      'ledger',
      'pulls',
      'steps',
      'task',
      'webhook',
      'weekly',
      'functions',
    ];
    const source = files
      .map((file) => readFileSync(new URL(`../../bot/lambda/${file}.ts`, import.meta.url), 'utf8'))
      .join('\n');
    const made = new Set([...source.matchAll(/new (\w+Command)\(/g)].map((match) => match[1]!));
    expect([...made].sort()).toEqual(Object.keys(CALLS).sort());
  });

  it('the function that knows the webhook of the digest may read its secret, and nothing else', () => {
    const policy = of(stacks.everything!.made, 'RolePolicy').find((one) => one.name === 'pare-digest')!;
    const own = statements(policy.inputs.policy).filter(
      ({ Action }) => !list(Action).every((one) => BY_LAMBDA.includes(one)),
    );
    expect(own).toMatchObject([{ Action: ['secretsmanager:GetSecretValue'], Resource: [EVERYTHING.digestWebhook] }]);
  });

  it('the worker writes nothing but word of its pull requests', () => {
    const policy = of(stacks.least!.made, 'RolePolicy').find((one) => one.name === 'pare-app-worker')!;
    const put = statements(policy.inputs.policy).filter(({ Action }) => list(Action).includes('s3:PutObject'));
    expect(put.map(({ Resource }) => list(Resource))).toEqual([[expect.stringMatching(/\/pulls\/\*$/)]]);
  });

  it.each(Object.keys(USED))('%s may do what it calls, and nothing else', (name) => {
    const policy = of(stacks.least!.made, 'RolePolicy').find((one) => one.name === name)!;
    const granted = new Set(statements(policy.inputs.policy).flatMap(({ Action }) => list(Action)));
    expect([...granted].sort()).toEqual([...new Set([...USED[name]!, ...BY_LAMBDA])].sort());
  });
});

function arnOf({ type, name, inputs }: Made): string {
  const own = typeof inputs.name === 'string' ? inputs.name : name;
  const service = type.split(':')[1]!.split('/')[0]!;
  if (service === 'sfn') return `arn:aws:states:eu-west-1:111122223333:stateMachine:${own}`;
  if (service === 'lambda') return `arn:aws:lambda:eu-west-1:111122223333:function:${own}`;
  return `arn:aws:${service}:eu-west-1:111122223333:${own}`;
}
