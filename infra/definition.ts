/** What the definition names: ARNs and names, all known when it is written. */
export interface DefinitionParts {
  inventory: string;
  compute: Compute;
  topic: string;
  bucket: string;
  /** Who gets the digest: by mail, to topics, and by a function that knows a webhook. */
  digest: {
    mail: { from: string; to: readonly string[] } | null;
    topics: readonly string[];
    webhook: string | null;
  };
}

export type Compute =
  | { kind: 'lambda'; ledger: string; analysis: string }
  | {
      kind: 'fargate';
      cluster: string;
      task: string;
      container: string;
      subnets: readonly string[];
      securityGroups: readonly string[];
    };

type State = Readonly<Record<string, unknown>>;

/** What no second try mends ends the run; all else is tried again, also a function that was killed (its error has many names). */
const RETRY = [
  { ErrorEquals: ['PareFinal'], MaxAttempts: 0 },
  {
    ErrorEquals: ['States.ALL'],
    IntervalSeconds: 60,
    BackoffRate: 2,
    MaxAttempts: 3,
    MaxDelaySeconds: 900,
    JitterStrategy: 'FULL',
  },
];
const CATCH = [{ ErrorEquals: ['States.ALL'], ResultPath: '$.error', Next: 'ReportFailure' }];

/**
 * The daily and weekly run in Amazon States Language: inventory, ledger (in rounds, since a function has fifteen minutes), and on weekly runs
 * analysis and digest. Input: {at, weekly, lateDays}; `at` is the schedule's own time, so that retries and reruns do the same.
 */
export function definition(parts: DefinitionParts): object {
  const { compute } = parts;
  return {
    Comment: 'Pare: inventory, ledger, analysis, digest',
    StartAt: 'Prepare',
    TimeoutSeconds: 12 * 3600,
    States: {
      Prepare: {
        Type: 'Pass',
        Parameters: { 'at.$': '$.at', 'weekly.$': '$.weekly', 'lateDays.$': '$.lateDays', from: null },
        Next: 'Inventory',
      },
      Inventory: task(
        'arn:aws:states:::lambda:invoke',
        { FunctionName: parts.inventory, Payload: { step: 'inventory', 'at.$': '$.at' } },
        { next: 'Ledger', resultPath: '$.inventory', select: { 'failed.$': '$.Payload.failed' }, seconds: 960 },
      ),
      ...stepStates('Ledger', 'LedgerDone', parts, {
        step: 'ledger',
        'at.$': '$.at',
        'from.$': '$.from',
        'lateDays.$': '$.lateDays',
      }),
      LedgerDone: {
        Type: 'Choice',
        Choices: [
          { Not: { Variable: '$.ledger.result.next', IsNull: true }, Next: 'NextRound' },
          { Variable: '$.weekly', BooleanEquals: true, Next: 'Analysis' },
        ],
        Default: 'Done',
      },
      NextRound: {
        Type: 'Pass',
        Parameters: {
          'at.$': '$.at',
          'weekly.$': '$.weekly',
          'lateDays.$': '$.lateDays',
          'inventory.$': '$.inventory',
          'from.$': '$.ledger.result.next',
        },
        Next: 'Ledger',
      },
      ...stepStates('Analysis', 'Digest', parts, {
        step: 'analysis',
        'at.$': '$.at',
        'failed.$': '$.inventory.failed',
      }),
      ...digestStates(parts),
      Done: { Type: 'Succeed' },
      ReportFailure: {
        ...task(
          'arn:aws:states:::sns:publish',
          {
            TopicArn: parts.topic,
            Subject: compute.kind === 'lambda' ? 'Pare: a run failed' : 'Pare: a run on Fargate failed',
            'Message.$': "States.Format('Run {} failed: {}', $$.Execution.Id, States.JsonToString($.error))",
          },
          { next: 'Failed', resultPath: null, seconds: 60 },
        ),
        // Whoever cannot be told does not make a failed run a successful one.
        Catch: [{ ErrorEquals: ['States.ALL'], ResultPath: null, Next: 'Failed' }],
      },
      Failed: { Type: 'Fail', Error: 'PareRunFailed', Cause: 'see the step that failed' },
    },
  };
}

/** A step as a function, or as a container whose answer lies in the bucket. Its result is `$.ledger.result` or `$.analysis.result`. */
function stepStates(
  name: 'Ledger' | 'Analysis',
  next: string,
  { compute, bucket }: DefinitionParts,
  input: Readonly<Record<string, unknown>>,
): Record<string, State> {
  const result = name.toLowerCase() as 'ledger' | 'analysis';
  if (compute.kind === 'lambda') {
    const parameters = { FunctionName: compute[result], Payload: input };
    return {
      [name]: task('arn:aws:states:::lambda:invoke', parameters, {
        next,
        resultPath: `$.${result}`,
        select: { 'result.$': '$.Payload' },
        seconds: 960,
      }),
    };
  }
  const key = `States.Format('runs/{}/${result}.json', $$.Execution.Name)`;
  const network = { Subnets: compute.subnets, SecurityGroups: compute.securityGroups, AssignPublicIp: 'DISABLED' };
  return {
    [name]: { Type: 'Pass', Parameters: input, ResultPath: '$.input', Next: `Run${name}` },
    [`Run${name}`]: task(
      'arn:aws:states:::ecs:runTask.sync',
      {
        LaunchType: 'FARGATE',
        Cluster: compute.cluster,
        TaskDefinition: compute.task,
        NetworkConfiguration: { AwsvpcConfiguration: network },
        Overrides: {
          ContainerOverrides: [
            {
              Name: compute.container,
              Environment: [
                { Name: 'PARE_STEP', 'Value.$': 'States.JsonToString($.input)' },
                { Name: 'PARE_RESULT', 'Value.$': key },
              ],
            },
          ],
        },
      },
      { next: `Read${name}`, resultPath: null, seconds: 6 * 3600 },
    ),
    [`Read${name}`]: task(
      'arn:aws:states:::aws-sdk:s3:getObject',
      { Bucket: bucket, 'Key.$': key },
      { next, resultPath: `$.${result}`, select: { 'result.$': 'States.StringToJson($.Body)' }, seconds: 60 },
    ),
  };
}

/** One state for each who gets the digest, after one another: whoever cannot be reached fails the run, and a retry tells nobody twice. */
function digestStates({ digest: { mail, topics, webhook } }: DefinitionParts): Record<string, State> {
  const subject = '$.analysis.result.digest.subject';
  const text = '$.analysis.result.digest.text';
  const told: { resource: string; parameters: object }[] = [];
  if (mail !== null) {
    const Simple = { Subject: { 'Data.$': subject }, Body: { Text: { 'Data.$': text } } };
    told.push({
      resource: 'arn:aws:states:::aws-sdk:sesv2:sendEmail',
      parameters: {
        FromEmailAddress: mail.from,
        Destination: { ToAddresses: mail.to },
        Content: { Simple },
      },
    });
  }
  for (const TopicArn of topics)
    told.push({
      resource: 'arn:aws:states:::sns:publish',
      parameters: { TopicArn, 'Subject.$': subject, 'Message.$': text },
    });
  if (webhook !== null)
    told.push({
      resource: 'arn:aws:states:::lambda:invoke',
      parameters: {
        FunctionName: webhook,
        Payload: { step: 'webhook', 'at.$': '$.at', 'subject.$': subject, 'text.$': text },
      },
    });
  if (told.length === 0) return { Digest: { Type: 'Pass', Next: 'Done' } };
  const name = (i: number) => (i === 0 ? 'Digest' : `Digest${i + 1}`);
  return Object.fromEntries(
    told.map(({ resource, parameters }, i) => {
      const next = i + 1 < told.length ? name(i + 1) : 'Done';
      return [name(i), task(resource, parameters, { next, resultPath: null, seconds: 60 })];
    }),
  );
}

function task(
  resource: string,
  parameters: object,
  options: { next: string; resultPath: string | null; select?: object; seconds: number },
): State {
  return {
    Type: 'Task',
    Resource: resource,
    Parameters: parameters,
    ...(options.select === undefined ? {} : { ResultSelector: options.select }),
    ResultPath: options.resultPath,
    TimeoutSeconds: options.seconds,
    Retry: RETRY,
    Catch: CATCH,
    Next: options.next,
  };
}
