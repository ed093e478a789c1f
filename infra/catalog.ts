import * as aws from '@pulumi/aws';
import * as pulumi from '@pulumi/pulumi';

export interface CatalogArgs {
  /** Most bytes one query may scan before Athena stops it; at $5 per TB this is the most one query can cost. */
  scanLimitBytes: pulumi.Input<number>;
  /** Days after which query results, which can always be made anew, are deleted. */
  resultDays: pulumi.Input<number>;
  tags: pulumi.Input<Record<string, pulumi.Input<string>>>;
}

/** What the Athena store works in: a database, a workgroup with a scan limit, and a private place for results. */
export class Catalog extends pulumi.ComponentResource {
  readonly database: pulumi.Output<string>;
  readonly workgroup: pulumi.Output<string>;
  readonly results: pulumi.Output<string>;

  constructor(name: string, args: CatalogArgs, options?: pulumi.ComponentResourceOptions) {
    super('pare:infra:Catalog', name, {}, options);
    const child = { parent: this };
    const { tags } = args;

    // Query results can always be made anew: `pulumi destroy` may take them with it.
    const bucket = new aws.s3.Bucket(`${name}-results`, { forceDestroy: true, tags }, child);
    const inBucket = { bucket: bucket.id };
    new aws.s3.BucketPublicAccessBlock(
      `${name}-results`,
      {
        ...inBucket,
        blockPublicAcls: true,
        blockPublicPolicy: true,
        ignorePublicAcls: true,
        restrictPublicBuckets: true,
      },
      child,
    );
    new aws.s3.BucketServerSideEncryptionConfiguration(
      `${name}-results`,
      { ...inBucket, rules: [{ applyServerSideEncryptionByDefault: { sseAlgorithm: 'AES256' } }] },
      child,
    );
    new aws.s3.BucketLifecycleConfiguration(
      `${name}-results`,
      {
        ...inBucket,
        rules: [
          {
            id: 'expire-results',
            status: 'Enabled',
            filter: { prefix: '' },
            expiration: { days: args.resultDays },
            abortIncompleteMultipartUpload: { daysAfterInitiation: 1 },
          },
        ],
      },
      child,
    );
    new aws.s3.BucketPolicy(
      `${name}-results`,
      { ...inBucket, policy: bucket.arn.apply((arn) => JSON.stringify(onlyEncryptedTransport(arn))) },
      child,
    );

    const database = new aws.glue.CatalogDatabase(
      `${name}-database`,
      { name: name.replaceAll('-', '_'), description: 'VPC Flow Logs and what Pare made of them', tags },
      child,
    );
    const workgroup = new aws.athena.Workgroup(
      `${name}-workgroup`,
      {
        name,
        description: 'Queries of Pare: bounded, encrypted, results in their own place',
        forceDestroy: true,
        configuration: {
          enforceWorkgroupConfiguration: true,
          publishCloudwatchMetricsEnabled: true,
          bytesScannedCutoffPerQuery: args.scanLimitBytes,
          resultConfiguration: {
            outputLocation: pulumi.interpolate`s3://${bucket.id}/athena/`,
            encryptionConfiguration: { encryptionOption: 'SSE_S3' },
          },
        },
        tags,
      },
      child,
    );
    this.database = database.name;
    this.workgroup = workgroup.name;
    this.results = pulumi.interpolate`s3://${bucket.id}/`;
    this.registerOutputs({ database: this.database, workgroup: this.workgroup, results: this.results });
  }
}

/** Refuses every request that does not come over TLS (AWS Config rule s3-bucket-ssl-requests-only). */
function onlyEncryptedTransport(arn: string) {
  return {
    Version: '2012-10-17',
    Statement: [
      {
        Sid: 'OnlyTls',
        Effect: 'Deny',
        Principal: '*',
        Action: 's3:*',
        Resource: [arn, `${arn}/*`],
        Condition: { Bool: { 'aws:SecureTransport': 'false' } },
      },
    ],
  };
}
