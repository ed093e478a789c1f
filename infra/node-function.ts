import * as aws from '@pulumi/aws';
import * as pulumi from '@pulumi/pulumi';
import { serviceRole } from './role.ts';
import type { Grant, Tags } from './types.ts';

export interface NodeFunctionArgs {
  description: string;
  code: pulumi.asset.Archive;
  /** `functions.NAME` of bot/lambda/functions.ts. */
  handler: string;
  architecture: 'x86_64' | 'arm64';
  /** Seconds, at most 900. */
  timeout: number;
  memoryMegabytes: number;
  diskMegabytes: number;
  environment: Record<string, pulumi.Input<string>>;
  grants: readonly Grant[];
  logDays: number;
  tags: Tags;
}

/** A function of Node 24 with a role that may do what its code does, and a log that ends. */
export class NodeFunction extends pulumi.ComponentResource {
  readonly name: pulumi.Output<string>;
  readonly arn: pulumi.Output<string>;
  /** Its name in the stack, known before it is made. */
  readonly what: string;
  readonly role: aws.iam.Role;

  constructor(name: string, args: NodeFunctionArgs, options?: pulumi.ComponentResourceOptions) {
    super('pare:infra:NodeFunction', name, {}, options);
    const child = { parent: this };
    const { tags } = args;
    // Made here, since one that Lambda makes is kept for ever and outlives the stack.
    const logs = new aws.cloudwatch.LogGroup(
      name,
      { name: `/aws/lambda/${name}`, retentionInDays: args.logDays, tags },
      child,
    );
    this.role = serviceRole(
      name,
      {
        service: 'lambda.amazonaws.com',
        grants: [
          {
            sid: 'Logs',
            actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
            resources: [pulumi.interpolate`${logs.arn}:*`],
          },
          ...args.grants,
        ],
        tags,
      },
      child,
    );
    const made = new aws.lambda.Function(
      name,
      {
        name,
        description: args.description,
        code: args.code,
        handler: args.handler,
        runtime: 'nodejs24.x',
        architectures: [args.architecture],
        role: this.role.arn,
        timeout: args.timeout,
        memorySize: args.memoryMegabytes,
        ephemeralStorage: { size: args.diskMegabytes },
        environment: { variables: { NODE_OPTIONS: '--enable-source-maps', ...args.environment } },
        loggingConfig: { logFormat: 'JSON', logGroup: logs.name },
        tags,
      },
      child,
    );
    this.what = name;
    this.name = made.name;
    this.arn = made.arn;
    this.registerOutputs({ name: this.name, arn: this.arn });
  }
}
