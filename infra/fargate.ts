import * as aws from '@pulumi/aws';
import * as pulumi from '@pulumi/pulumi';
import type { Compute } from './definition.ts';
import { serviceRole } from './role.ts';
import type { Settings } from './settings.ts';
import { SETTINGS_KEY } from './step-environment.ts';
import { stepGrants } from './step-grants.ts';
import type { Grant, Place, Tags } from './types.ts';

export interface FargateArgs {
  settings: Settings;
  image: string;
  data: { name: pulumi.Input<string>; arn: pulumi.Input<string> };
  place: Place;
  tags: Tags;
}

const CONTAINER = 'step';

/** Ledger and analysis as containers, for what takes longer than a function may or needs more memory or disk. */
export class FargateSteps extends pulumi.ComponentResource {
  readonly compute: pulumi.Output<Extract<Compute, { kind: 'fargate' }>>;
  /** What the state machine must be allowed to run them. */
  readonly runGrants: readonly Grant[];

  constructor(name: string, args: FargateArgs, options?: pulumi.ComponentResourceOptions) {
    super('pare:infra:FargateSteps', name, {}, options);
    const child = { parent: this };
    const { settings, data, place, tags } = args;
    const cluster = new aws.ecs.Cluster(
      name,
      { name, settings: [{ name: 'containerInsights', value: 'disabled' }], tags },
      child,
    );
    const logs = new aws.cloudwatch.LogGroup(
      name,
      { name: `/aws/ecs/${name}`, retentionInDays: settings.logDays, tags },
      child,
    );
    const execution = serviceRole(
      `${name}-execution`,
      {
        service: 'ecs-tasks.amazonaws.com',
        sourceAccount: place.account,
        grants: [
          {
            sid: 'Logs',
            actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
            resources: [pulumi.interpolate`${logs.arn}:*`],
          },
          // Knows no resource (service authorization reference, Amazon ECR).
          { sid: 'Token', actions: ['ecr:GetAuthorizationToken'], resources: ['*'] },
          {
            sid: 'Image',
            actions: ['ecr:BatchCheckLayerAvailability', 'ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer'],
            resources: [pulumi.interpolate`arn:${place.partition}:ecr:${place.region}:${place.account}:repository/*`],
          },
        ],
        tags,
      },
      child,
    );
    // One task definition runs both steps, so it may do what both need.
    const merged = [
      ...stepGrants('ledger', settings, data.arn, place),
      ...stepGrants('analysis', settings, data.arn, place),
    ];
    const role = serviceRole(
      `${name}-task`,
      {
        service: 'ecs-tasks.amazonaws.com',
        sourceAccount: place.account,
        grants: [
          ...merged.map((grant, i) => ({ ...grant, sid: `${grant.sid}${i}` })),
          { sid: 'Result', actions: ['s3:PutObject'], resources: [pulumi.interpolate`${data.arn}/runs/*`] },
        ],
        tags,
      },
      child,
    );
    const environment = { PARE_BUCKET: data.name, PARE_SETTINGS: SETTINGS_KEY };
    const task = new aws.ecs.TaskDefinition(
      name,
      {
        family: name,
        requiresCompatibilities: ['FARGATE'],
        networkMode: 'awsvpc',
        cpu: '4096',
        memory: '16384',
        ephemeralStorage: { sizeInGib: 200 },
        runtimePlatform: {
          operatingSystemFamily: 'LINUX',
          cpuArchitecture: settings.architecture === 'arm64' ? 'ARM64' : 'X86_64',
        },
        executionRoleArn: execution.arn,
        taskRoleArn: role.arn,
        containerDefinitions: pulumi.jsonStringify([
          {
            name: CONTAINER,
            image: args.image,
            essential: true,
            command: ['node', 'task.mjs'],
            environment: Object.entries({ ...environment, PARE_MOST_BYTES: String(100 * 1024 ** 3) }).map(
              ([key, value]) => ({ name: key, value }),
            ),
            logConfiguration: {
              logDriver: 'awslogs',
              options: {
                'awslogs-group': logs.name,
                'awslogs-region': place.region,
                'awslogs-stream-prefix': CONTAINER,
              },
            },
          },
        ]),
        tags,
      },
      child,
    );
    this.compute = pulumi.all([cluster.arn, task.arn]).apply(([clusterArn, taskArn]) => ({
      kind: 'fargate' as const,
      cluster: clusterArn,
      task: taskArn,
      container: CONTAINER,
      subnets: settings.subnets,
      securityGroups: settings.securityGroups,
    }));
    this.runGrants = [
      { sid: 'RunTask', actions: ['ecs:RunTask'], resources: [task.arn] },
      {
        sid: 'WatchTask',
        actions: ['ecs:DescribeTasks', 'ecs:StopTask'],
        resources: [pulumi.interpolate`arn:${place.partition}:ecs:${place.region}:${place.account}:task/${name}/*`],
      },
      { sid: 'PassRoles', actions: ['iam:PassRole'], resources: [execution.arn, role.arn] },
      // `.sync` learns of the end by this rule of the service (Step Functions developer guide, "IAM policies for Amazon ECS").
      {
        sid: 'TaskEvents',
        actions: ['events:DescribeRule', 'events:PutRule', 'events:PutTargets'],
        resources: [
          pulumi.interpolate`arn:${place.partition}:events:${place.region}:${place.account}:rule/StepFunctionsGetEventsForECSTaskRule`,
        ],
      },
      { sid: 'ReadResult', actions: ['s3:GetObject'], resources: [pulumi.interpolate`${data.arn}/runs/*`] },
    ];
    this.registerOutputs({ cluster: cluster.arn });
  }
}
