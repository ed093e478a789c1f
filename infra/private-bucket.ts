import * as aws from '@pulumi/aws';
import * as pulumi from '@pulumi/pulumi';
import type { Tags } from './types.ts';

export interface PrivateBucketArgs {
  /** Days after which objects below a prefix go, and whether earlier versions are kept at all. */
  expire: readonly { id: string; prefix: string; days: pulumi.Input<number> }[];
  /** Days that overwritten and deleted objects can be had back; 0: no versions. */
  versionDays: number;
  /** Whether `pulumi destroy` may take what is in it. */
  forceDestroy: boolean;
  /** Further statements, such as a log delivery's. */
  allow?: (arn: string) => readonly pulumi.Input<object>[];
  tags: Tags;
}

/** A bucket that nobody reads in public or without TLS: encrypted, owned by the account, with a life cycle. */
export class PrivateBucket extends pulumi.ComponentResource {
  readonly name: pulumi.Output<string>;
  readonly arn: pulumi.Output<string>;

  constructor(name: string, args: PrivateBucketArgs, options?: pulumi.ComponentResourceOptions) {
    super('pare:infra:PrivateBucket', name, {}, options);
    const child = { parent: this };
    const bucket = new aws.s3.Bucket(name, { forceDestroy: args.forceDestroy, tags: args.tags }, child);
    const inBucket = { bucket: bucket.id };
    const block = new aws.s3.BucketPublicAccessBlock(
      name,
      {
        ...inBucket,
        blockPublicAcls: true,
        blockPublicPolicy: true,
        ignorePublicAcls: true,
        restrictPublicBuckets: true,
      },
      child,
    );
    new aws.s3.BucketOwnershipControls(name, { ...inBucket, rule: { objectOwnership: 'BucketOwnerEnforced' } }, child);
    new aws.s3.BucketServerSideEncryptionConfiguration(
      name,
      { ...inBucket, rules: [{ applyServerSideEncryptionByDefault: { sseAlgorithm: 'AES256' } }] },
      child,
    );
    const versioning = new aws.s3.BucketVersioning(
      name,
      { ...inBucket, versioningConfiguration: { status: args.versionDays > 0 ? 'Enabled' : 'Suspended' } },
      child,
    );
    new aws.s3.BucketLifecycleConfiguration(
      name,
      {
        ...inBucket,
        rules: [
          {
            id: 'housekeeping',
            status: 'Enabled',
            filter: { prefix: '' },
            abortIncompleteMultipartUpload: { daysAfterInitiation: 1 },
            noncurrentVersionExpiration: { noncurrentDays: Math.max(1, args.versionDays) },
          },
          ...args.expire.map(({ id, prefix, days }) => ({
            id,
            status: 'Enabled',
            filter: { prefix },
            expiration: { days },
          })),
        ],
      },
      // S3 takes rules for versions only where versions are set up.
      { ...child, dependsOn: [versioning] },
    );
    new aws.s3.BucketPolicy(
      name,
      {
        ...inBucket,
        policy: bucket.arn.apply((arn) =>
          pulumi.jsonStringify({ Version: '2012-10-17', Statement: [onlyTls(arn), ...(args.allow?.(arn) ?? [])] }),
        ),
      },
      { ...child, dependsOn: [block] },
    );
    this.name = bucket.id;
    this.arn = bucket.arn;
    this.registerOutputs({ name: this.name, arn: this.arn });
  }
}

/** Refuses every request that does not come over TLS (AWS Config rule s3-bucket-ssl-requests-only). */
function onlyTls(arn: string): object {
  return {
    Sid: 'OnlyTls',
    Effect: 'Deny',
    Principal: '*',
    Action: 's3:*',
    Resource: [arn, `${arn}/*`],
    Condition: { Bool: { 'aws:SecureTransport': 'false' } },
  };
}
