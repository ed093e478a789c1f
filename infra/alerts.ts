import * as aws from '@pulumi/aws';
import * as pulumi from '@pulumi/pulumi';
import type { Place, Tags } from './types.ts';

export interface TopicArgs {
  /** Mail addresses; each gets a message to confirm. */
  notify: readonly string[];
  place: Place;
  tags: Tags;
}

/** Where failures and the digest go: a topic with a key of its own, since alarms cannot use the key that AWS manages. */
export class Alerts extends pulumi.ComponentResource {
  readonly topic: pulumi.Output<string>;
  readonly key: pulumi.Output<string>;

  constructor(name: string, args: TopicArgs, options?: pulumi.ComponentResourceOptions) {
    super('pare:infra:Alerts', name, {}, options);
    const child = { parent: this };
    const { place, tags } = args;
    const key = new aws.kms.Key(
      name,
      {
        description: 'Messages of Pare',
        enableKeyRotation: true,
        deletionWindowInDays: 7,
        policy: pulumi.jsonStringify({
          Version: '2012-10-17',
          Statement: [
            {
              Sid: 'Account',
              Effect: 'Allow',
              Principal: { AWS: pulumi.interpolate`arn:${place.partition}:iam::${place.account}:root` },
              Action: KEY_ADMINISTRATION,
              // In a key's policy: this key.
              Resource: '*',
            },
            {
              Sid: 'Alarms',
              Effect: 'Allow',
              Principal: { Service: 'cloudwatch.amazonaws.com' },
              Action: ['kms:Decrypt', 'kms:GenerateDataKey'],
              Resource: '*',
              Condition: { StringEquals: { 'aws:SourceAccount': place.account } },
            },
          ],
        }),
        tags,
      },
      child,
    );
    const topic = new aws.sns.Topic(name, { name, kmsMasterKeyId: key.arn, tags }, child);
    new aws.sns.TopicPolicy(
      name,
      {
        arn: topic.arn,
        policy: pulumi.jsonStringify({
          Version: '2012-10-17',
          Statement: [
            {
              Sid: 'Alarms',
              Effect: 'Allow',
              Principal: { Service: 'cloudwatch.amazonaws.com' },
              Action: 'sns:Publish',
              Resource: topic.arn,
              Condition: { StringEquals: { 'aws:SourceAccount': place.account } },
            },
            {
              Sid: 'OnlyTls',
              Effect: 'Deny',
              Principal: '*',
              Action: 'sns:Publish',
              Resource: topic.arn,
              Condition: { Bool: { 'aws:SecureTransport': 'false' } },
            },
          ],
        }),
      },
      child,
    );
    for (const address of [...args.notify].sort())
      new aws.sns.TopicSubscription(
        `${name}-${address.replace(/[^A-Za-z0-9]+/g, '-')}`,
        { topic: topic.arn, protocol: 'email', endpoint: address },
        child,
      );
    this.topic = topic.arn;
    this.key = key.arn;
    this.registerOutputs({ topic: this.topic });
  }
}

/** What the account may do with the key through IAM; named one by one, so that nothing grows into it. */
const KEY_ADMINISTRATION = [
  'kms:CancelKeyDeletion',
  'kms:CreateGrant',
  'kms:Decrypt',
  'kms:DescribeKey',
  'kms:DisableKey',
  'kms:EnableKey',
  'kms:EnableKeyRotation',
  'kms:Encrypt',
  'kms:GenerateDataKey',
  'kms:GetKeyPolicy',
  'kms:GetKeyRotationStatus',
  'kms:ListGrants',
  'kms:ListKeyPolicies',
  'kms:ListResourceTags',
  'kms:PutKeyPolicy',
  'kms:RevokeGrant',
  'kms:ScheduleKeyDeletion',
  'kms:TagResource',
  'kms:UntagResource',
  'kms:UpdateKeyDescription',
];

export interface AlarmsArgs {
  topic: pulumi.Input<string>;
  stateMachine: pulumi.Input<string>;
  /** Queues in which any message is a failure. */
  deadLetters: readonly { what: string; queue: pulumi.Input<string> }[];
  /** The App's queue, in which nothing should lie for long. */
  queue: pulumi.Input<string> | null;
  functions: readonly { what: string; name: pulumi.Input<string> }[];
  /** Has a metric of the App's answers that were no success. */
  place: Place;
  tags: Tags;
}

/** Alarms on all that fails, stays or does not happen, and a dashboard of the same. */
export class Alarms extends pulumi.ComponentResource {
  constructor(name: string, args: AlarmsArgs, options?: pulumi.ComponentResourceOptions) {
    super('pare:infra:Alarms', name, {}, options);
    const child = { parent: this };
    const { topic, tags } = args;
    const alarm = (what: string, description: string, metric: Metric) => {
      new aws.cloudwatch.MetricAlarm(
        `${name}-${what}`,
        {
          name: `${name}-${what}`,
          alarmDescription: description,
          namespace: metric.namespace,
          metricName: metric.name,
          dimensions: metric.dimensions,
          statistic: metric.statistic,
          period: metric.period,
          evaluationPeriods: metric.periods ?? 1,
          comparisonOperator: metric.below === true ? 'LessThanThreshold' : 'GreaterThanOrEqualToThreshold',
          threshold: metric.threshold,
          treatMissingData: metric.below === true ? 'breaching' : 'notBreaching',
          alarmActions: [topic],
          okActions: [topic],
          tags,
        },
        child,
      );
    };
    const states = (metric: string) => ({
      namespace: 'AWS/States',
      name: metric,
      dimensions: { StateMachineArn: args.stateMachine },
      statistic: 'Sum',
    });
    for (const metric of ['ExecutionsFailed', 'ExecutionsTimedOut', 'ExecutionsAborted'])
      alarm(`run-${metric}`, 'A daily or weekly run did not come to its end', {
        ...states(metric),
        period: 300,
        threshold: 1,
      });
    // Silence is the failure that no other alarm sees: a schedule that is off starts nothing that could fail.
    alarm('no-run', 'No run has succeeded for two days', {
      ...states('ExecutionsSucceeded'),
      period: 86_400,
      periods: 2,
      threshold: 1,
      below: true,
    });
    for (const { what, queue } of args.deadLetters)
      alarm(`dead-${what}`, 'Something was given up: its message says what', {
        namespace: 'AWS/SQS',
        name: 'ApproximateNumberOfMessagesVisible',
        dimensions: { QueueName: queue },
        statistic: 'Maximum',
        period: 300,
        threshold: 1,
      });
    if (args.queue !== null)
      alarm('queue-age', 'Jobs of the App wait for more than an hour', {
        namespace: 'AWS/SQS',
        name: 'ApproximateAgeOfOldestMessage',
        dimensions: { QueueName: args.queue },
        statistic: 'Maximum',
        period: 300,
        threshold: 3600,
      });
    for (const { what, name: functionName } of args.functions)
      for (const metric of ['Errors', 'Throttles'])
        alarm(`${what}-${metric.toLowerCase()}`, `The function fails or is held back (${metric})`, {
          namespace: 'AWS/Lambda',
          name: metric,
          dimensions: { FunctionName: functionName },
          statistic: 'Sum',
          period: 300,
          // One failure is tried again; what keeps failing shows in three periods.
          periods: 3,
          threshold: 1,
        });
    new aws.cloudwatch.Dashboard(name, { dashboardName: name, dashboardBody: dashboard(args) }, child);
    this.registerOutputs({});
  }
}

interface Metric {
  namespace: string;
  name: string;
  dimensions: Record<string, pulumi.Input<string>>;
  statistic: string;
  period: number;
  periods?: number;
  threshold: number;
  /** Alarms below the threshold, and where nothing is measured. */
  below?: boolean;
}

function dashboard({ stateMachine, deadLetters, queue, functions, place }: AlarmsArgs): pulumi.Output<string> {
  const widget = (title: string, metrics: pulumi.Input<string>[][], y: number, stat: string) => ({
    type: 'metric',
    x: 0,
    y,
    width: 24,
    height: 6,
    properties: { title, region: place.region, stat, period: 3600, metrics },
  });
  const queues = [...deadLetters.map((one) => one.queue), ...(queue === null ? [] : [queue])];
  return pulumi.jsonStringify({
    widgets: [
      widget(
        'Runs',
        ['ExecutionsSucceeded', 'ExecutionsFailed', 'ExecutionsTimedOut'].map((metric) => [
          'AWS/States',
          metric,
          'StateMachineArn',
          stateMachine,
        ]),
        0,
        'Sum',
      ),
      widget(
        'Messages that wait',
        queues.map((one) => ['AWS/SQS', 'ApproximateNumberOfMessagesVisible', 'QueueName', one]),
        6,
        'Maximum',
      ),
      widget(
        'How long the functions take',
        functions.map((one) => ['AWS/Lambda', 'Duration', 'FunctionName', one.name]),
        12,
        'Maximum',
      ),
    ],
  });
}
