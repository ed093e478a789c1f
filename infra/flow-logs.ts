import * as aws from '@pulumi/aws';
import * as pulumi from '@pulumi/pulumi';
import { PrivateBucket } from './private-bucket.ts';
import { RECOMMENDED_FIELDS } from './settings.ts';
import type { Place, Tags } from './types.ts';

export interface VpcFlowLogsArgs {
  vpcs: readonly string[];
  /** Days that the logs are kept: longer than the window. */
  days: number;
  place: Place;
  tags: Tags;
}

/** Flow logs with the recommended format, for VPCs that have none: all traffic, by the minute, as Parquet. */
export class VpcFlowLogs extends pulumi.ComponentResource {
  readonly bucket: pulumi.Output<string>;

  constructor(name: string, args: VpcFlowLogsArgs, options?: pulumi.ComponentResourceOptions) {
    super('pare:infra:VpcFlowLogs', name, {}, options);
    const child = { parent: this };
    const { tags, place } = args;
    const bucket = new PrivateBucket(
      name,
      {
        expire: [{ id: 'expire-logs', prefix: '', days: args.days }],
        versionDays: 0,
        forceDestroy: false,
        allow: (arn) => delivery(arn, place),
        tags,
      },
      child,
    );
    for (const vpc of [...args.vpcs].sort())
      new aws.ec2.FlowLog(
        `${name}-${vpc}`,
        {
          vpcId: vpc,
          trafficType: 'ALL',
          logDestinationType: 's3',
          logDestination: bucket.arn,
          logFormat: RECOMMENDED_FIELDS.map((field) => `\${${field}}`).join(' '),
          maxAggregationInterval: 60,
          destinationOptions: { fileFormat: 'parquet', hiveCompatiblePartitions: false, perHourPartition: false },
          tags,
        },
        child,
      );
    this.bucket = bucket.name;
    this.registerOutputs({ bucket: this.bucket });
  }
}

/** Source: VPC user guide, "Amazon S3 bucket permissions for flow logs". Written by us, since AWS's own would be taken away by the next update. */
function delivery(arn: string, { account }: Place): object[] {
  const from = { 'aws:SourceAccount': account };
  const service = { Service: 'delivery.logs.amazonaws.com' };
  return [
    {
      Sid: 'Deliver',
      Effect: 'Allow',
      Principal: service,
      Action: 's3:PutObject',
      Resource: `${arn}/AWSLogs/*`,
      Condition: { StringEquals: { ...from, 's3:x-amz-acl': 'bucket-owner-full-control' } },
    },
    {
      Sid: 'Check',
      Effect: 'Allow',
      Principal: service,
      Action: ['s3:GetBucketAcl', 's3:ListBucket'],
      Resource: arn,
      Condition: { StringEquals: from },
    },
  ];
}
