import { beforeAll, describe, expect, it } from 'vitest';
import { all, runtime } from '../../infra/testing.ts';

interface Made {
  type: string;
  name: string;
  inputs: Record<string, unknown>;
}

/** Every resource the program registers, as the engine would get it. */
const made: Made[] = [];

describe('the Pulumi program', () => {
  let outputs: { database: string; workgroup: string; results: string };
  beforeAll(async () => {
    await runtime.setMocks(
      {
        newResource(args) {
          made.push({ type: args.type, name: args.name, inputs: args.inputs as Record<string, unknown> });
          const state = { ...args.inputs, arn: `arn:aws:s3:::${args.name}` };
          return { id: `${args.name}-id`, state };
        },
        call: (args) => args.inputs as Record<string, unknown>,
      },
      'pare',
      'test',
      false,
    );
    const program = await import('../../infra/index.ts');
    outputs = await new Promise((resolve) => {
      all([program.database, program.workgroup, program.results]).apply(([database, workgroup, results]) =>
        resolve({ database, workgroup, results }),
      );
    });
    await runtime.disconnect();
  });

  const only = (type: string): Record<string, unknown> => {
    const found = made.filter((one) => one.type === type);
    expect(found, type).toHaveLength(1);
    return found[0]!.inputs;
  };

  it('makes these resources and no others', () => {
    expect(made.map((one) => one.type).sort()).toEqual([
      'aws:athena/workgroup:Workgroup',
      'aws:glue/catalogDatabase:CatalogDatabase',
      'aws:s3/bucket:Bucket',
      'aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration',
      'aws:s3/bucketPolicy:BucketPolicy',
      'aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock',
      'aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration',
      'pare:infra:Catalog',
    ]);
  });

  it('lets nobody read the results in public, or over a line without TLS', () => {
    const block = only('aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock');
    for (const what of ['blockPublicAcls', 'blockPublicPolicy', 'ignorePublicAcls', 'restrictPublicBuckets'])
      expect(block[what], what).toBe(true);
    const policy = JSON.parse(String(only('aws:s3/bucketPolicy:BucketPolicy').policy)) as {
      Statement: { Effect: string; Condition: unknown }[];
    };
    expect(policy.Statement).toHaveLength(1);
    expect(policy.Statement[0]).toMatchObject({
      Effect: 'Deny',
      Condition: { Bool: { 'aws:SecureTransport': 'false' } },
    });
  });

  it('bounds what a query may scan, whatever the client asks for, and encrypts its results', () => {
    const { configuration, forceDestroy } = only('aws:athena/workgroup:Workgroup') as {
      configuration: Record<string, unknown>;
      forceDestroy: boolean;
    };
    expect(configuration).toMatchObject({
      enforceWorkgroupConfiguration: true,
      bytesScannedCutoffPerQuery: 1024 ** 4,
      resultConfiguration: {
        outputLocation: 's3://pare-results-id/athena/',
        encryptionConfiguration: { encryptionOption: 'SSE_S3' },
      },
    });
    expect(forceDestroy).toBe(true);
  });

  it('keeps no result for ever, and leaves nothing behind when destroyed', () => {
    const { rules } = only('aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration') as {
      rules: { status: string; expiration: { days: number } }[];
    };
    expect(rules).toEqual([expect.objectContaining({ status: 'Enabled', expiration: { days: 30 } })]);
    expect(only('aws:s3/bucket:Bucket').forceDestroy).toBe(true);
  });

  it('tells the Athena store where to work', () => {
    expect(outputs).toEqual({ database: 'pare', workgroup: 'pare', results: 's3://pare-results-id/' });
  });
});
