import * as aws from '@pulumi/aws';
import * as pulumi from '@pulumi/pulumi';
import { NodeFunction } from './node-function.ts';
import { serviceRole } from './role.ts';
import type { Settings } from './settings.ts';
import type { Grant, Place, Tags } from './types.ts';

export interface AppArgs {
  settings: Settings;
  data: { name: pulumi.Input<string>; arn: pulumi.Input<string> };
  deadLetters: pulumi.Input<string>;
  code: pulumi.asset.Archive;
  place: Place;
  tags: Tags;
}

/** A function may run for 900 s, a lease in the table lasts 960 s: only then may the message come again. */
const VISIBILITY = 1200;

/** The GitHub App: webhooks by an HTTP API, jobs in a table, a queue that wakes the worker, and the clock's tick. */
export class App extends pulumi.ComponentResource {
  readonly url: pulumi.Output<string>;
  readonly secret: pulumi.Output<string>;
  readonly deadJobs: pulumi.Output<string>;
  readonly queue: pulumi.Output<string>;
  readonly functions: readonly NodeFunction[];

  constructor(name: string, args: AppArgs, options?: pulumi.ComponentResourceOptions) {
    super('pare:infra:App', name, {}, options);
    const child = { parent: this };
    const { tags, settings, data } = args;
    const secret = new aws.secretsmanager.Secret(
      name,
      {
        name,
        description:
          'APP_ID, PRIVATE_KEY and WEBHOOK_SECRET of the GitHub App as one JSON object; its value is put in by hand',
        // Gone at once with the stack, so that it costs nothing and its name can be used again.
        recoveryWindowInDays: 0,
        tags,
      },
      child,
    );
    const dead = new aws.sqs.Queue(
      `${name}-dead`,
      { name: `${name}-dead`, messageRetentionSeconds: 14 * 86_400, sqsManagedSseEnabled: true, tags },
      child,
    );
    const queue = new aws.sqs.Queue(
      name,
      {
        name,
        visibilityTimeoutSeconds: VISIBILITY,
        messageRetentionSeconds: 4 * 86_400,
        sqsManagedSseEnabled: true,
        redrivePolicy: pulumi.jsonStringify({ deadLetterTargetArn: dead.arn, maxReceiveCount: 5 }),
        tags,
      },
      child,
    );
    const table = new aws.dynamodb.Table(
      name,
      {
        name,
        billingMode: 'PAY_PER_REQUEST',
        hashKey: 'pk',
        rangeKey: 'sk',
        attributes: [
          { name: 'pk', type: 'S' },
          { name: 'sk', type: 'S' },
          { name: 'state', type: 'S' },
          { name: 'notBefore', type: 'N' },
        ],
        globalSecondaryIndexes: [
          { name: 'waiting', hashKey: 'state', rangeKey: 'notBefore', projectionType: 'KEYS_ONLY' },
        ],
        ttl: { attributeName: 'expires', enabled: true },
        pointInTimeRecovery: { enabled: true },
        serverSideEncryption: { enabled: true },
        tags,
      },
      child,
    );
    const environment = {
      PARE_BUCKET: data.name,
      PARE_TABLE: table.name,
      PARE_QUEUE: queue.url,
      PARE_DEAD_LETTERS: dead.url,
      PARE_SECRET: secret.arn,
      ...(settings.githubUrl === undefined ? {} : { PARE_GITHUB_URL: settings.githubUrl }),
    };
    const readSecret: Grant = { sid: 'Secret', actions: ['secretsmanager:GetSecretValue'], resources: [secret.arn] };
    const putJobs: Grant = {
      sid: 'PutJobs',
      actions: ['dynamodb:GetItem', 'dynamodb:PutItem'],
      resources: [table.arn],
    };
    const wake: Grant = { sid: 'Wake', actions: ['sqs:SendMessage'], resources: [queue.arn] };
    const make = (
      what: string,
      description: string,
      size: Pick<ConstructorParameters<typeof NodeFunction>[1], 'timeout' | 'memoryMegabytes' | 'diskMegabytes'>,
      grants: readonly Grant[],
    ) =>
      new NodeFunction(
        `${name}-${what}`,
        {
          description,
          code: args.code,
          handler: `functions.${what}`,
          architecture: settings.architecture,
          ...size,
          environment,
          grants: [readSecret, ...grants],
          logDays: settings.logDays,
          tags,
        },
        child,
      );
    const webhook = make(
      'webhook',
      'Stores what GitHub delivers',
      { timeout: 10, memoryMegabytes: 1024, diskMegabytes: 512 },
      [putJobs, wake],
    );
    const worker = make(
      'worker',
      'Does the jobs of one repository',
      { timeout: 900, memoryMegabytes: 3072, diskMegabytes: 4096 },
      [
        putJobs,
        {
          sid: 'DoJobs',
          actions: ['dynamodb:DeleteItem', 'dynamodb:Query', 'dynamodb:UpdateItem'],
          resources: [table.arn],
        },
        { sid: 'Wake', actions: ['sqs:SendMessage'], resources: [queue.arn, dead.arn] },
        {
          sid: 'Take',
          actions: ['sqs:ChangeMessageVisibility', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes', 'sqs:ReceiveMessage'],
          resources: [queue.arn],
        },
        { sid: 'List', actions: ['s3:ListBucket'], resources: [data.arn] },
        { sid: 'Read', actions: ['s3:GetObject'], resources: [pulumi.interpolate`${data.arn}/evidence/*`] },
        { sid: 'LeaveWord', actions: ['s3:PutObject'], resources: [pulumi.interpolate`${data.arn}/pulls/*`] },
      ],
    );
    const tick = make(
      'tick',
      'Puts the jobs of the clock, wakes what waits',
      { timeout: 900, memoryMegabytes: 512, diskMegabytes: 512 },
      [
        putJobs,
        wake,
        {
          sid: 'Waiting',
          actions: ['dynamodb:Query'],
          resources: [pulumi.interpolate`${table.arn}/index/waiting`],
        },
      ],
    );
    this.functions = [webhook, worker, tick];
    new aws.lambda.EventSourceMapping(
      name,
      {
        eventSourceArn: queue.arn,
        functionName: worker.arn,
        batchSize: 1,
        scalingConfig: { maximumConcurrency: 5 },
        tags,
      },
      child,
    );
    this.clock(name, args, tick);
    this.url = this.httpApi(name, args, webhook);
    this.secret = secret.arn;
    this.deadJobs = dead.name;
    this.queue = queue.name;
    this.registerOutputs({ url: this.url, secret: this.secret });
  }

  private clock(name: string, args: AppArgs, tick: NodeFunction): void {
    const child = { parent: this };
    const role = serviceRole(
      `${name}-clock`,
      {
        service: 'scheduler.amazonaws.com',
        sourceAccount: args.place.account,
        grants: [
          { sid: 'Tick', actions: ['lambda:InvokeFunction'], resources: [tick.arn] },
          { sid: 'DeadLetters', actions: ['sqs:SendMessage'], resources: [args.deadLetters] },
        ],
        tags: args.tags,
      },
      child,
    );
    new aws.scheduler.Schedule(
      `${name}-tick`,
      {
        name: `${name}-tick`,
        description: "The App's clock",
        scheduleExpression: 'rate(15 minutes)',
        flexibleTimeWindow: { mode: 'OFF' },
        target: {
          arn: tick.arn,
          roleArn: role.arn,
          deadLetterConfig: { arn: args.deadLetters },
          retryPolicy: { maximumRetryAttempts: 2, maximumEventAgeInSeconds: 900 },
        },
      },
      child,
    );
  }

  /** Open to all, since GitHub signs what it sends and the function checks it; slowed down, so that nobody makes it expensive. */
  private httpApi(name: string, args: AppArgs, webhook: NodeFunction): pulumi.Output<string> {
    const child = { parent: this };
    const { tags } = args;
    const api = new aws.apigatewayv2.Api(name, { name, protocolType: 'HTTP', tags }, child);
    const logs = new aws.cloudwatch.LogGroup(
      `${name}-api`,
      { name: `/aws/vendedlogs/apis/${name}`, retentionInDays: args.settings.logDays, tags },
      child,
    );
    const integration = new aws.apigatewayv2.Integration(
      name,
      {
        apiId: api.id,
        integrationType: 'AWS_PROXY',
        integrationUri: webhook.arn,
        payloadFormatVersion: '2.0',
        timeoutMilliseconds: 10_000,
      },
      child,
    );
    new aws.apigatewayv2.Route(
      name,
      {
        apiId: api.id,
        routeKey: 'POST /api/github/webhooks',
        target: pulumi.interpolate`integrations/${integration.id}`,
      },
      child,
    );
    new aws.apigatewayv2.Stage(
      name,
      {
        apiId: api.id,
        name: '$default',
        autoDeploy: true,
        defaultRouteSettings: { throttlingBurstLimit: 50, throttlingRateLimit: 20 },
        accessLogSettings: {
          destinationArn: logs.arn,
          format: JSON.stringify({
            requestId: '$context.requestId',
            status: '$context.status',
            ip: '$context.identity.sourceIp',
          }),
        },
        tags,
      },
      child,
    );
    new aws.lambda.Permission(
      name,
      {
        action: 'lambda:InvokeFunction',
        function: webhook.name,
        principal: 'apigateway.amazonaws.com',
        sourceArn: pulumi.interpolate`${api.executionArn}/*/POST/api/github/webhooks`,
      },
      child,
    );
    return pulumi.interpolate`${api.apiEndpoint}/api/github/webhooks`;
  }
}
