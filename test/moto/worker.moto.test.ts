import { generateKeyPairSync } from 'node:crypto';
import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { CreateQueueCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../bot/github/platform/clock.ts';
import { openJobs } from '../../bot/lambda/jobs.ts';
import { document } from '../change/fake.ts';
import { findings, source } from '../github/e2e/story.ts';
import { FakeRepository, fakeClock } from '../github/fake-platform.ts';
import { type Host, startHost } from '../github/kill/host.ts';
import { context, DATA, makeBucket, s3Of } from './deployed.ts';
import { useBench } from './harness.ts';

const bench = useBench();
const keys = { region: 'eu-west-1', credentials: { accessKeyId: 'testing', secretAccessKey: 'testing' } };
let host: Host;
let repository: FakeRepository;
let queue = '';
let sqs: SQSClient;
let handlers: typeof import('../../bot/lambda/functions.ts');
let jobs: ReturnType<typeof openJobs>;

/** A GitHub on loopback with one root of Terraform, the App's parts on moto, evidence in S3 as the analysis leaves it. */
beforeAll(async () => {
  host = await startHost();
  repository = new FakeRepository(
    { '.github/pare.yml': "schedule: {cron: '0 * * * *'}\n", 'web/main.tf': source(1) },
    fakeClock(Math.floor(Date.now() / 1000)),
  );
  repository.permissions.set('alice', 'write');
  host.load(repository);
  const at = { ...keys, endpoint: bench.proxy.url };
  const dynamo = new DynamoDBClient(at);
  sqs = new SQSClient(at);
  await dynamo.send(
    new CreateTableCommand({
      TableName: 'pare-app',
      BillingMode: 'PAY_PER_REQUEST',
      KeySchema: [
        { AttributeName: 'pk', KeyType: 'HASH' },
        { AttributeName: 'sk', KeyType: 'RANGE' },
      ],
      AttributeDefinitions: ['pk', 'sk', 'state', 'notBefore'].map((name) => ({
        AttributeName: name,
        AttributeType: name === 'notBefore' ? 'N' : 'S',
      })),
      GlobalSecondaryIndexes: [
        {
          IndexName: 'waiting',
          KeySchema: [
            { AttributeName: 'state', KeyType: 'HASH' },
            { AttributeName: 'notBefore', KeyType: 'RANGE' },
          ],
          Projection: { ProjectionType: 'KEYS_ONLY' },
        },
      ],
    }),
  );
  queue = (await sqs.send(new CreateQueueCommand({ QueueName: 'pare-app' }))).QueueUrl!;
  const dead = (await sqs.send(new CreateQueueCommand({ QueueName: 'pare-app-dead' }))).QueueUrl!;
  const PRIVATE_KEY = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({
    type: 'pkcs1',
    format: 'pem',
  });
  await new SecretsManagerClient(at).send(
    new CreateSecretCommand({
      Name: 'pare-app',
      SecretString: JSON.stringify({ APP_ID: '7', PRIVATE_KEY, WEBHOOK_SECRET: '0f9d8c7b6a5e4d3c2b1a0f9e8d7c6b5a' }),
    }),
  );
  const s3 = s3Of(bench.moto);
  await makeBucket(s3, DATA);
  const day = (ago: number) => `${new Date(Date.now() - ago * 86_400_000).toISOString().slice(0, 10)}T00:00:00Z`;
  const found = { ...document(findings().slice(0, 3)), window: { from: day(91), to: day(1) } };
  await s3.send(
    new PutObjectCommand({ Bucket: DATA, Key: 'evidence/acme/infra/findings.json', Body: JSON.stringify(found) }),
  );
  jobs = openJobs({ dynamo, sqs, table: 'pare-app', queue, deadLetters: dead, clock: systemClock });
  Object.assign(process.env, {
    AWS_ENDPOINT_URL_S3: bench.moto,
    PARE_BUCKET: DATA,
    PARE_TABLE: 'pare-app',
    PARE_QUEUE: queue,
    PARE_DEAD_LETTERS: dead,
    PARE_SECRET: 'pare-app',
    PARE_GITHUB_URL: host.url,
  });
  handlers = await import('../../bot/lambda/functions.ts');
});
afterAll(() => host.close());

/** The next message, as Lambda's poller hands it over. */
async function message(): Promise<{ Records: { body: string }[] }> {
  const { Messages } = await sqs.send(new ReceiveMessageCommand({ QueueUrl: queue, MaxNumberOfMessages: 10 }));
  return { Records: (Messages ?? []).slice(0, 1).map(({ Body }) => ({ body: Body! })) };
}

describe('the worker as a function', () => {
  test('a run: evidence from S3, the tree from GitHub, a verified edit, a pull request', async () => {
    const put = { repository: { owner: 'acme', name: 'infra' }, installation: 1, notBefore: 0, attempts: 0 };
    await jobs.put({ ...put, id: 'run:1', work: { kind: 'run', fresh: true, cause: 'schedule' } });
    expect(await handlers.worker(await message(), context())).toEqual({ jobs: 1 });
    expect(repository.pulls.map(({ title, state }) => [title, state])).toEqual([
      ['fix(web): remove 2 unused rules', 'open'],
    ]);
    // Word for the digest.
    const { Body } = await s3Of(bench.moto).send(new GetObjectCommand({ Bucket: DATA, Key: 'pulls/acme/infra.json' }));
    expect(JSON.parse((await Body?.transformToString()) ?? '')).toMatchObject({
      pulls: [{ number: expect.any(Number), title: 'fix(web): remove 2 unused rules', draft: false }],
    });
  });

  test('a message that comes again finds nothing to do and asks GitHub for nothing', async () => {
    const asked = host.asked.length;
    expect(await handlers.worker({ Records: [{ body: '{"repository":"acme/infra"}' }] }, context())).toEqual({
      jobs: 0,
    });
    expect(host.asked).toHaveLength(asked);
  });

  test('with little time left no job is begun, and the job stays', async () => {
    const put = { repository: { owner: 'acme', name: 'infra' }, installation: 1, notBefore: 0, attempts: 0 };
    await jobs.put({ ...put, id: 'watch:1', work: { kind: 'watch' } });
    expect(await handlers.worker(await message(), context(60_000))).toEqual({ jobs: 0 });
    // It has woken the next one.
    expect(await handlers.worker(await message(), context())).toEqual({ jobs: 1 });
  });

  test('the tick puts the jobs of the clock once for each slot, and wakes what waits', async () => {
    const first = await handlers.tick();
    expect(first.repositories).toBe(1);
    expect(first.woken).toBe(1);
    const worked = await handlers.worker({ Records: [{ body: '{"repository":"acme/infra"}' }] }, context());
    // The watch of the day and the run of the hour; a second one where the hour ends just now.
    expect(worked.jobs).toBeGreaterThanOrEqual(2);
    await handlers.tick();
    expect(repository.pulls).toHaveLength(1);
  });

  test('a message that is none of ours goes back to the queue, and in the end to the dead letters', async () => {
    await expect(handlers.worker({ Records: [{ body: '{}' }] }, context())).rejects.toThrow('names no repository');
  });
});
