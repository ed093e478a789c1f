import * as aws from '@pulumi/aws';
import * as pulumi from '@pulumi/pulumi';
import { type Compute, definition } from './definition.ts';
import type { FargateSteps } from './fargate.ts';
import { NodeFunction } from './node-function.ts';
import { serviceRole } from './role.ts';
import type { Settings } from './settings.ts';
import { SETTINGS_KEY, stepSettings } from './step-environment.ts';
import { stepGrants } from './step-grants.ts';
import type { Grant, Place, Tags } from './types.ts';

export interface PipelineArgs {
  settings: Settings;
  data: { name: pulumi.Input<string>; arn: pulumi.Input<string> };
  topic: pulumi.Input<string>;
  /** ARN of the key that the topic is encrypted with. */
  key: pulumi.Input<string>;
  /** Messages of schedules that could not start a run. */
  deadLetters: pulumi.Input<string>;
  code: pulumi.asset.Archive;
  fargate: FargateSteps | null;
  place: Place;
  tags: Tags;
}

const LATE_DAYS = { daily: 3, weekly: 35 };

/** The analyzer that runs by itself: the steps, the state machine that orders them, and the schedules that start it. */
export class Pipeline extends pulumi.ComponentResource {
  readonly stateMachine: pulumi.Output<string>;
  readonly functions: readonly NodeFunction[];

  constructor(name: string, args: PipelineArgs, options?: pulumi.ComponentResourceOptions) {
    super('pare:infra:Pipeline', name, {}, options);
    const child = { parent: this };
    const { settings, tags, data, place, fargate } = args;
    new aws.s3.BucketObjectv2(
      `${name}-steps`,
      {
        bucket: data.name,
        key: SETTINGS_KEY,
        content: `${JSON.stringify(stepSettings(settings), null, 2)}\n`,
        contentType: 'application/json',
        tags,
      },
      child,
    );
    const environment = { PARE_BUCKET: data.name, PARE_SETTINGS: SETTINGS_KEY };
    const step = (what: 'inventory' | 'ledger' | 'analysis', description: string) =>
      new NodeFunction(
        `${name}-${what}`,
        {
          description,
          code: args.code,
          handler: 'functions.step',
          architecture: settings.architecture,
          timeout: 900,
          memoryMegabytes: what === 'inventory' ? 1024 : 6144,
          diskMegabytes: what === 'inventory' ? 2048 : 10_240,
          environment,
          grants: stepGrants(what, settings, data.arn, place),
          logDays: settings.logDays,
          tags,
        },
        child,
      );
    const inventory = step('inventory', 'Pulls rules and interfaces of all accounts');
    const ledger = fargate === null ? step('ledger', 'Reads new flow logs once into the ledger') : null;
    const analysis = fargate === null ? step('analysis', 'Judges the window from the ledger') : null;
    const webhook =
      settings.digestWebhook === undefined ? null : webhookFunction(name, args, settings.digestWebhook, child);
    this.functions = [inventory, ledger, analysis, webhook].filter((one) => one !== null);

    const logs = new aws.cloudwatch.LogGroup(
      name,
      { name: `/aws/vendedlogs/states/${name}`, retentionInDays: settings.logDays, tags },
      child,
    );
    const mail = settings.digestFrom === undefined ? null : { from: settings.digestFrom, to: settings.notify };
    const others = [...settings.digestTopics].sort();
    const role = serviceRole(
      `${name}-states`,
      {
        service: 'states.amazonaws.com',
        sourceAccount: place.account,
        grants: [
          { sid: 'Steps', actions: ['lambda:InvokeFunction'], resources: this.functions.map(({ arn }) => arn) },
          { sid: 'Tell', actions: ['sns:Publish'], resources: [args.topic, ...others] },
          { sid: 'TellEncrypted', actions: ['kms:Decrypt', 'kms:GenerateDataKey'], resources: [args.key] },
          ...(mail === null ? [] : [mailGrant(mail, place)]),
          ...(fargate?.runGrants ?? []),
          // Of log delivery as a whole, which knows no resource (Step Functions developer guide, "Logging using CloudWatch Logs").
          {
            sid: 'LogDelivery',
            actions: [
              'logs:CreateLogDelivery',
              'logs:DeleteLogDelivery',
              'logs:DescribeLogGroups',
              'logs:DescribeResourcePolicies',
              'logs:GetLogDelivery',
              'logs:ListLogDeliveries',
              'logs:PutResourcePolicy',
              'logs:UpdateLogDelivery',
            ],
            resources: ['*'],
          },
        ],
        tags,
      },
      child,
    );
    const compute =
      fargate === null
        ? pulumi.jsonStringify({ kind: 'lambda', ledger: ledger!.arn, analysis: analysis!.arn })
        : pulumi.jsonStringify(fargate.compute);
    const parts = pulumi
      .all([inventory.arn, args.topic, data.name, compute, webhook?.arn])
      .apply(([inventoryArn, topic, bucket, how, webhookArn]) =>
        JSON.stringify(
          definition({
            inventory: inventoryArn,
            topic,
            bucket,
            compute: JSON.parse(how) as Compute,
            digest: { mail, topics: [...(mail === null ? [topic] : []), ...others], webhook: webhookArn ?? null },
          }),
        ),
      );
    const machine = new aws.sfn.StateMachine(
      name,
      {
        name,
        roleArn: role.arn,
        definition: parts,
        loggingConfiguration: {
          level: 'ERROR',
          // Inputs and outputs hold names of accounts and rules: they are in the bucket, not in the log.
          includeExecutionData: false,
          logDestination: pulumi.interpolate`${logs.arn}:*`,
        },
        tags,
      },
      child,
    );
    this.stateMachine = machine.arn;
    this.schedules(name, args, machine.arn);
    this.registerOutputs({ stateMachine: this.stateMachine });
  }

  private schedules(name: string, args: PipelineArgs, machine: pulumi.Output<string>): void {
    const { settings, tags } = args;
    const child = { parent: this };
    const role = serviceRole(
      `${name}-schedule`,
      {
        service: 'scheduler.amazonaws.com',
        sourceAccount: args.place.account,
        grants: [
          { sid: 'Start', actions: ['states:StartExecution'], resources: [machine] },
          { sid: 'DeadLetters', actions: ['sqs:SendMessage'], resources: [args.deadLetters] },
        ],
        tags,
      },
      child,
    );
    for (const [which, weekly] of [
      ['daily', false],
      ['weekly', true],
    ] as const)
      new aws.scheduler.Schedule(
        `${name}-${which}`,
        {
          name: `${name}-${which}`,
          description: weekly ? 'Analysis of the window, findings, digest' : 'Inventory and the ledger of the day',
          scheduleExpression: settings[which],
          scheduleExpressionTimezone: settings.timezone,
          flexibleTimeWindow: { mode: 'OFF' },
          target: {
            arn: machine,
            roleArn: role.arn,
            // The schedule's own time: a run that is started late or again judges the same.
            input: JSON.stringify({ at: '<aws.scheduler.scheduled-time>', weekly, lateDays: LATE_DAYS[which] }),
            deadLetterConfig: { arn: args.deadLetters },
            retryPolicy: { maximumRetryAttempts: 10, maximumEventAgeInSeconds: 6 * 3600 },
          },
        },
        child,
      );
  }
}

/** Only from this address, and only the identity it belongs to. */
function mailGrant(mail: { from: string }, place: Place): Grant {
  const domain = mail.from.split('@')[1]!;
  const identity = (id: string) =>
    pulumi.interpolate`arn:${place.partition}:ses:${place.region}:${place.account}:identity/${id}`;
  return {
    sid: 'Mail',
    actions: ['ses:SendEmail'],
    resources: [identity(mail.from), identity(domain)],
    condition: { StringEquals: { 'ses:FromAddress': mail.from } },
  };
}

/** The one function that may read the address of the webhook, and may do nothing else. */
function webhookFunction(
  name: string,
  { settings, code, tags }: PipelineArgs,
  secret: string,
  child: pulumi.ComponentResourceOptions,
): NodeFunction {
  return new NodeFunction(
    `${name}-digest`,
    {
      description: 'Gives the digest to a webhook',
      code,
      handler: 'functions.step',
      architecture: settings.architecture,
      timeout: 60,
      memoryMegabytes: 512,
      diskMegabytes: 512,
      environment: { PARE_WEBHOOK_SECRET: secret },
      grants: [{ sid: 'Address', actions: ['secretsmanager:GetSecretValue'], resources: [secret] }],
      logDays: settings.logDays,
      tags,
    },
    child,
  );
}
