import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, inject, test } from 'vitest';
import { EVERYTHING, LEAST } from '../infra/configurations.ts';
import { deploy, type Made } from '../infra/program.ts';
import { resetMoto } from './seed.ts';
import { pythonOf } from './server.ts';

/**
 * What the program declares, given to the services by AWS's SDK for Python: it checks every parameter against the service models, and moto
 * keeps what it is given. Pulumi's own provider is not part of this; its inputs are.
 */
const { url } = inject('moto');
type Call = [service: string, operation: string, parameters: Record<string, unknown>];
type Fields = Record<string, unknown>;

const stacks: Record<'least' | 'everything' | 'told', Made[]> = { least: [], everything: [], told: [] };
beforeAll(async () => {
  await resetMoto(url);
  stacks.least = (await deploy(LEAST)).made;
  stacks.everything = (await deploy(EVERYTHING)).made;
  const { digestTopics, digestWebhook } = EVERYTHING;
  stacks.told = (await deploy({ ...LEAST, digestTopics, digestWebhook })).made;
});

const of = (made: readonly Made[], type: string) => made.filter((one) => one.type.endsWith(`:${type}`));

/** Answers in the order of the calls; none may be refused. */
async function aws(calls: readonly Call[]): Promise<Fields[]> {
  const answers = await attempt(calls);
  expect(answers.filter((answer) => 'Error' in answer)).toEqual([]);
  return answers;
}

async function attempt(calls: readonly Call[]): Promise<Fields[]> {
  const script = fileURLToPath(new URL('call-aws.py', import.meta.url));
  return new Promise<Fields[]>((resolve, reject) => {
    const child = spawn(pythonOf(), [script, url, 'eu-west-1'], { stdio: ['pipe', 'pipe', 'inherit'] });
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (part: string) => {
      text += part;
    });
    child.on('error', reject);
    child.on('close', (code) =>
      code === 0 ? resolve(JSON.parse(text) as Fields[]) : reject(new Error(`ended with ${code}`)),
    );
    child.stdin.end(JSON.stringify(calls));
  });
}

/** The names of AWS for the names of Pulumi: the first letter large, and what the provider calls otherwise. Maps keep their keys. */
function awsNames(value: unknown, renamed: Readonly<Record<string, string>> = {}): unknown {
  if (Array.isArray(value)) return value.map((one) => awsNames(one, renamed));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      renamed[key] ?? `${key.charAt(0).toUpperCase()}${key.slice(1)}`,
      key === 'parameters' || key === 'tags' ? inner : awsNames(inner, renamed),
    ]),
  );
}

function without(fields: Fields, ...keys: string[]): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([key]) => !keys.includes(key)));
}

describe('Glue', () => {
  test('takes the database and every table of the program, and gives back what the Athena store needs of them', async () => {
    const [database] = of(stacks.everything, 'CatalogDatabase');
    const tables = of(stacks.everything, 'CatalogTable');
    const { name, description } = database!.inputs;
    const renamed = { serDeInfo: 'SerdeInfo' };
    await aws([
      ['glue', 'create_database', { DatabaseInput: { Name: name, Description: description } }],
      ...tables.map(
        ({ inputs }): Call => [
          'glue',
          'create_table',
          { DatabaseName: name, TableInput: awsNames(without(inputs, 'databaseName'), renamed) },
        ],
      ),
    ]);
    const [listed] = await aws([['glue', 'get_tables', { DatabaseName: name }]]);
    const back = (
      listed!.TableList as {
        Name: string;
        Parameters: Record<string, string>;
        PartitionKeys?: Fields[];
        ViewOriginalText?: string;
      }[]
    ).map((table) => [
      table.Name,
      table.Parameters['storage.location.template'] ?? table.ViewOriginalText,
      table.PartitionKeys?.length ?? 0,
    ]);
    expect(back.sort()).toEqual(
      tables
        .map(({ inputs }) => [
          inputs.name,
          (inputs.parameters as Record<string, string>)['storage.location.template'] ?? inputs.viewOriginalText,
          ((inputs.partitionKeys ?? []) as unknown[]).length,
        ])
        .sort(),
    );
  });
});

describe('EventBridge Scheduler', () => {
  test('takes every schedule, its target, its dead letters and its input', async () => {
    const schedules = of(stacks.everything, 'Schedule');
    const renamed = { maximumEventAgeInSeconds: 'MaximumEventAgeInSeconds' };
    await aws(
      schedules.map(({ inputs }): Call => ['scheduler', 'create_schedule', awsNames(inputs, renamed) as Fields]),
    );
    const answers = await aws(
      schedules.map(({ inputs }): Call => ['scheduler', 'get_schedule', { Name: inputs.name }]),
    );
    for (const [i, answer] of answers.entries()) {
      const target = schedules[i]!.inputs.target as { arn: string; deadLetterConfig: { arn: string } };
      expect(answer).toMatchObject({
        ScheduleExpression: schedules[i]!.inputs.scheduleExpression,
        Target: { Arn: target.arn, DeadLetterConfig: { Arn: target.deadLetterConfig.arn } },
      });
    }
    const weekly = answers.find(({ Name }) => Name === 'pare-weekly')!;
    expect(JSON.parse((weekly.Target as { Input: string }).Input)).toEqual({
      at: '<aws.scheduler.scheduled-time>',
      weekly: true,
      lateDays: 35,
    });
  });
});

describe('SES', () => {
  test('sends the digest as the state machine asks for it, and refuses an address that is not verified', async () => {
    const { inputs } = of(stacks.everything, 'StateMachine')[0]!;
    const { States } = JSON.parse(String(inputs.definition)) as {
      States: Record<string, { Parameters: Fields; Resource: string }>;
    };
    const digest = States.Digest!;
    expect(digest.Resource).toBe('arn:aws:states:::aws-sdk:sesv2:sendEmail');
    const filled = JSON.parse(
      JSON.stringify(digest.Parameters)
        .replace('"Data.$":"$.analysis.result.digest.subject"', '"Data":"Pare: 3 rules can go"')
        .replace('"Data.$":"$.analysis.result.digest.text"', '"Data":"Window: …"'),
    ) as Fields;
    expect(await attempt([['sesv2', 'send_email', filled]])).toEqual([
      { Error: expect.stringContaining('not verified') },
    ]);
    const [, sent] = await aws([
      ['sesv2', 'create_email_identity', { EmailIdentity: 'pare@example.com' }],
      ['sesv2', 'send_email', filled],
    ]);
    expect(sent!.MessageId).toEqual(expect.any(String));
    const messages = (await (await fetch(`${url}/moto-api/data.json`)).json()) as object;
    expect(Object.keys(messages)).toContain('ses');
  });
});

describe('S3, SQS, SNS, IAM, CloudWatch and Step Functions', () => {
  test.each(['least', 'everything'] as const)('take what the program with %s declares', async (which) => {
    await resetMoto(url);
    const made = stacks[which];
    const calls: Call[] = [];
    for (const { name, inputs } of of(made, 'Role'))
      calls.push(['iam', 'create_role', { RoleName: name, AssumeRolePolicyDocument: inputs.assumeRolePolicy }]);
    for (const { name, inputs } of of(made, 'RolePolicy'))
      calls.push(['iam', 'put_role_policy', { RoleName: name, PolicyName: name, PolicyDocument: inputs.policy }]);
    for (const { inputs } of of(made, 'Queue'))
      calls.push(['sqs', 'create_queue', { QueueName: inputs.name, Attributes: queueAttributes(inputs) }]);
    for (const { inputs } of of(made, 'Topic')) calls.push(['sns', 'create_topic', { Name: inputs.name }]);
    for (const { name } of of(made, 'Bucket'))
      calls.push([
        's3',
        'create_bucket',
        { Bucket: name, CreateBucketConfiguration: { LocationConstraint: 'eu-west-1' } },
      ]);
    for (const { name, inputs } of of(made, 'BucketPolicy'))
      calls.push(['s3', 'put_bucket_policy', { Bucket: name, Policy: inputs.policy }]);
    for (const { name, inputs } of of(made, 'BucketPublicAccessBlock'))
      calls.push([
        's3',
        'put_public_access_block',
        { Bucket: name, PublicAccessBlockConfiguration: awsNames(without(inputs, 'bucket')) },
      ]);
    for (const { name, inputs } of of(made, 'BucketVersioning'))
      calls.push([
        's3',
        'put_bucket_versioning',
        { Bucket: name, VersioningConfiguration: awsNames(inputs.versioningConfiguration) },
      ]);
    for (const { name, inputs } of of(made, 'BucketServerSideEncryptionConfiguration'))
      calls.push([
        's3',
        'put_bucket_encryption',
        {
          Bucket: name,
          ServerSideEncryptionConfiguration: { Rules: awsNames(inputs.rules, { sseAlgorithm: 'SSEAlgorithm' }) },
        },
      ]);
    for (const { name, inputs } of of(made, 'BucketLifecycleConfiguration'))
      calls.push([
        's3',
        'put_bucket_lifecycle_configuration',
        { Bucket: name, LifecycleConfiguration: { Rules: awsNames(inputs.rules, { id: 'ID' }) } },
      ]);
    for (const { inputs } of of(made, 'LogGroup'))
      calls.push(
        ['logs', 'create_log_group', { logGroupName: inputs.name }],
        ['logs', 'put_retention_policy', { logGroupName: inputs.name, retentionInDays: inputs.retentionInDays }],
      );
    for (const { inputs } of of(made, 'MetricAlarm')) calls.push(['cloudwatch', 'put_metric_alarm', alarm(inputs)]);
    for (const { inputs } of of(made, 'Dashboard'))
      calls.push([
        'cloudwatch',
        'put_dashboard',
        { DashboardName: inputs.dashboardName, DashboardBody: inputs.dashboardBody },
      ]);
    for (const { inputs } of of(made, 'StateMachine'))
      calls.push([
        'stepfunctions',
        'create_state_machine',
        { name: inputs.name, roleArn: inputs.roleArn, definition: inputs.definition },
      ]);
    expect((await aws(calls)).length).toBe(calls.length);
    expect(calls.length).toBeGreaterThan(60);
  });
});

function queueAttributes(inputs: Fields): Record<string, string> {
  const out: Record<string, string> = { SqsManagedSseEnabled: String(inputs.sqsManagedSseEnabled) };
  if (inputs.visibilityTimeoutSeconds !== undefined) out.VisibilityTimeout = String(inputs.visibilityTimeoutSeconds);
  if (inputs.messageRetentionSeconds !== undefined) out.MessageRetentionPeriod = String(inputs.messageRetentionSeconds);
  return out;
}

function alarm(inputs: Fields): Fields {
  const { name, tags: _, dimensions, ...rest } = inputs;
  return {
    AlarmName: name,
    Dimensions: Object.entries(dimensions as Record<string, string>).map(([Name, Value]) => ({ Name, Value })),
    ...(awsNames(rest, { okActions: 'OKActions' }) as Fields),
  };
}

describe('Step Functions, run by moto', () => {
  /** What the functions answer, in the order they are invoked; moto gives it instead of running them. */
  async function execute(
    weekly: boolean,
    answers: readonly object[],
    stack: keyof typeof stacks = 'least',
  ): Promise<{ status: string; states: string[]; output: string }> {
    await resetMoto(url);
    const config = { stepfunctions: { execute_state_machine: true }, lambda: { use_docker: false } };
    await fetch(`${url}/moto-api/config`, { method: 'POST', body: JSON.stringify(config) });
    const results = answers.map((answer) => JSON.stringify(answer));
    await fetch(`${url}/moto-api/static/lambda-simple/response`, {
      method: 'POST',
      body: JSON.stringify({ results, region: 'eu-west-1' }),
    });
    const { inputs } = of(stacks[stack], 'StateMachine')[0]!;
    const role = 'arn:aws:iam::123456789012:role/any';
    const names = ['pare-inventory', 'pare-ledger', 'pare-analysis', 'pare-digest'];
    // moto's account is another than the stack's.
    const definition = String(inputs.definition).replaceAll('111122223333', '123456789012');
    const trust = JSON.stringify({
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' }],
    });
    const input = JSON.stringify({ at: '2026-11-21T02:30:00Z', weekly, lateDays: 3 });
    const stateMachineArn = 'arn:aws:states:eu-west-1:123456789012:stateMachine:pare';
    const executionArn = 'arn:aws:states:eu-west-1:123456789012:execution:pare:run';
    const image = { ImageUri: '123456789012.dkr.ecr.eu-west-1.amazonaws.com/x:1' };
    const answersOfAws = await aws([
      ['iam', 'create_role', { RoleName: 'any', AssumeRolePolicyDocument: trust }],
      ['sns', 'create_topic', { Name: 'pare-alerts' }],
      ['sns', 'create_topic', { Name: 'chat' }],
      ...names.map(
        (name): Call => [
          'lambda',
          'create_function',
          { FunctionName: name, Role: role, Code: image, PackageType: 'Image' },
        ],
      ),
      ['stepfunctions', 'create_state_machine', { name: 'pare', roleArn: role, definition }],
      ['stepfunctions', 'start_execution', { stateMachineArn, name: 'run', input }],
      ['stepfunctions', 'describe_execution', { executionArn }],
      ['stepfunctions', 'get_execution_history', { executionArn }],
    ]);
    const [ended, history] = answersOfAws.slice(-2) as [Fields, Fields];
    const events = history.events as { stateEnteredEventDetails?: { name: string } }[];
    return {
      status: String(ended.status),
      states: events.flatMap((event) => event.stateEnteredEventDetails?.name ?? []),
      output: String(ended.output ?? ended.cause),
    };
  }

  test('a day: inventory, ledger in as many rounds as it needs, and no analysis', async () => {
    const ran = await execute(false, [
      { failed: [], files: 9 },
      { files: 4, records: 10, refused: 0, next: '2026-11-20' },
      { files: 2, records: 5, refused: 0, next: null },
    ]);
    expect(ran).toMatchObject({ status: 'SUCCEEDED' });
    expect(ran.states).toEqual([
      'Prepare',
      'Inventory',
      'Ledger',
      'LedgerDone',
      'NextRound',
      'Ledger',
      'LedgerDone',
      'Done',
    ]);
  });

  test('a week: analysis and digest too', async () => {
    const ran = await execute(true, [
      { failed: ['444455556666 all regions: access denied'], files: 9 },
      { files: 0, records: 0, refused: 0, next: null },
      { rules: 3, proposals: 1, repositories: [], digest: { subject: 'Pare: 1 rules can go', text: 'x\n' } },
    ]);
    expect(ran).toMatchObject({ status: 'SUCCEEDED' });
    expect(ran.states).toEqual(['Prepare', 'Inventory', 'Ledger', 'LedgerDone', 'Analysis', 'Digest', 'Done']);
  });

  test('a week that tells a chat and a webhook, too', async () => {
    const ran = await execute(
      true,
      [
        { failed: [], files: 9 },
        { files: 0, records: 0, refused: 0, next: null },
        { rules: 3, proposals: 1, repositories: [], digest: { subject: 'Pare: 1 rules can go', text: 'x\n' } },
        { status: 200 },
      ],
      'told',
    );
    expect(ran).toMatchObject({ status: 'SUCCEEDED' });
    expect(ran.states.slice(-5)).toEqual(['Analysis', 'Digest', 'Digest2', 'Digest3', 'Done']);
  });
});
