import { createHmac, generateKeyPairSync } from 'node:crypto';
import { CreateTableCommand, DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb';
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { CreateQueueCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Job } from '../../bot/github/contract.ts';
import { MOST_ATTEMPTS } from '../../bot/github/queue/contract.ts';
import { type Jobs, LEASE_SECONDS, openJobs } from '../../bot/lambda/jobs.ts';
import { LEAST } from '../infra/configurations.ts';
import { deploy, type Made } from '../infra/program.ts';
import { useBench } from './harness.ts';

const bench = useBench();
const keys = { region: 'eu-west-1', credentials: { accessKeyId: 'testing', secretAccessKey: 'testing' } };
let made: Made[];
let dynamo: DynamoDBClient;
let sqs: SQSClient;
let urls: { queue: string; dead: string };
let table = '';
let round = 0;
let now = 1000;
let jobs: Jobs;

beforeAll(async () => {
  made = (await deploy(LEAST)).made;
  const through = { ...keys, endpoint: bench.proxy.url };
  dynamo = new DynamoDBClient(through);
  sqs = new SQSClient(through);
});

/** The table as the program makes it, so that the code is held against that one. */
beforeEach(async () => {
  table = `pare-app-${++round}`;
  now = 1000;
  const { inputs } = made.find(({ type }) => type === 'aws:dynamodb/table:Table')!;
  const { hashKey, rangeKey, attributes, globalSecondaryIndexes } = inputs as {
    hashKey: string;
    rangeKey: string;
    attributes: { name: string; type: 'S' | 'N' }[];
    globalSecondaryIndexes: { name: string; hashKey: string; rangeKey: string; projectionType: 'KEYS_ONLY' }[];
  };
  const schema = (hash: string, range: string) => [
    { AttributeName: hash, KeyType: 'HASH' as const },
    { AttributeName: range, KeyType: 'RANGE' as const },
  ];
  await dynamo.send(
    new CreateTableCommand({
      TableName: table,
      BillingMode: 'PAY_PER_REQUEST',
      KeySchema: schema(hashKey, rangeKey),
      AttributeDefinitions: attributes.map(({ name, type }) => ({ AttributeName: name, AttributeType: type })),
      GlobalSecondaryIndexes: globalSecondaryIndexes.map((one) => ({
        IndexName: one.name,
        KeySchema: schema(one.hashKey, one.rangeKey),
        Projection: { ProjectionType: one.projectionType },
      })),
    }),
  );
  const make = async (name: string) => (await sqs.send(new CreateQueueCommand({ QueueName: name }))).QueueUrl!;
  urls = { queue: await make(`wake-${round}`), dead: await make(`dead-${round}`) };
  jobs = openJobs({ dynamo, sqs, table, queue: urls.queue, deadLetters: urls.dead, clock: { now: () => now } });
});

function job(id: string, more: Partial<Job> = {}): Job {
  return {
    id,
    repository: { owner: 'acme', name: 'infra' },
    installation: 1,
    work: { kind: 'watch' },
    notBefore: 0,
    attempts: 0,
    ...more,
  };
}

async function messages(queue: string): Promise<Record<string, unknown>[]> {
  const { Messages } = await sqs.send(new ReceiveMessageCommand({ QueueUrl: queue, MaxNumberOfMessages: 10 }));
  return (Messages ?? []).map(({ Body }) => JSON.parse(Body!) as Record<string, unknown>);
}

const REPOSITORY = 'acme/infra';

describe('deliveries and jobs count once', () => {
  test('a delivery that comes again is seen, and its jobs are not put again', async () => {
    expect(await jobs.accept('d1', [job('d1:0'), job('d1:1')], now)).toBe('new');
    expect(await jobs.accept('d1', [job('d1:0'), job('d1:1')], now)).toBe('seen');
    expect(await jobs.put(job('d1:0'))).toBe('known');
    expect(await worked()).toEqual(['d1:0', 'd1:1']);
  });

  test('a job is known after it was done, so that a slot runs once', async () => {
    await jobs.put(job('run:acme/infra:1'));
    expect(await worked()).toEqual(['run:acme/infra:1']);
    expect(await jobs.put(job('run:acme/infra:1'))).toBe('known');
    expect(await worked()).toEqual([]);
  });

  test.each([1, 2, 3, 4, 5])(
    'killed at write %i of five, a delivery that is sent again is stored whole and once',
    async (nth) => {
      let writes = 0;
      bench.proxy.faults = ({ operation }) =>
        ['TransactWriteItems', 'PutItem', 'SendMessage'].includes(operation) && ++writes === nth ? 'reset' : null;
      const once = openJobs({
        dynamo: new DynamoDBClient({ ...keys, endpoint: bench.proxy.url, maxAttempts: 1 }),
        sqs: new SQSClient({ ...keys, endpoint: bench.proxy.url, maxAttempts: 1 }),
        table,
        queue: urls.queue,
        deadLetters: urls.dead,
        clock: { now: () => now },
      });
      await expect(once.accept('d2', [job('d2:0'), job('d2:1')], now)).rejects.toThrow(/./);
      bench.proxy.faults = () => null;
      expect(await once.accept('d2', [job('d2:0'), job('d2:1')], now)).toBe('new');
      expect(await worked()).toEqual(['d2:0', 'd2:1']);
      // Whoever waits for a message gets at least one.
      expect((await messages(urls.queue)).length).toBeGreaterThan(0);
    },
  );

  test('a throttled table is waited for', async () => {
    let n = 0;
    bench.proxy.faults = ({ operation }) =>
      operation === 'TransactWriteItems' && n++ < 2
        ? { status: 400, code: 'ThrottlingException', message: 'Rate exceeded' }
        : null;
    expect(await jobs.put(job('slow'))).toBe('added');
    expect(n).toBe(3);
  });
});

describe('one worker for each repository', () => {
  test('a second one gets nothing until the first is done, and jobs come in their order', async () => {
    for (const id of ['a', 'b', 'c']) {
      await jobs.put(job(id));
      now += 1;
    }
    const first = await jobs.take(REPOSITORY, now);
    expect(first?.job.id).toBe('a');
    expect(await jobs.take(REPOSITORY, now)).toBeNull();
    await first!.done();
    expect(await worked()).toEqual(['b', 'c']);
  });

  test('repositories do not hold up each other, and names differ in case only for people', async () => {
    await jobs.put(job('a', { repository: { owner: 'Acme', name: 'Infra' } }));
    await jobs.put(job('b', { repository: { owner: 'acme', name: 'web' } }));
    const lease = await jobs.take(REPOSITORY, now);
    expect(lease?.job.repository).toEqual({ owner: 'Acme', name: 'Infra' });
    expect((await jobs.take('acme/web', now))?.job.id).toBe('b');
  });

  test('killed in the middle of a job: the lease ends by itself, and the job is done by the next', async () => {
    await jobs.put(job('a'));
    expect((await jobs.take(REPOSITORY, now))?.job.id).toBe('a');
    // The function is gone; its message comes again when it has become visible.
    expect(await jobs.take(REPOSITORY, now + LEASE_SECONDS - 1)).toBeNull();
    const again = await jobs.take(REPOSITORY, now + LEASE_SECONDS + 1);
    expect(again?.job.id).toBe('a');
    await again!.done();
    expect(await jobs.take(REPOSITORY, now + LEASE_SECONDS + 2)).toBeNull();
  });

  test('who comes back after the lease has run out does not take it from whoever holds it now', async () => {
    await jobs.put(job('a'));
    await jobs.put(job('b'));
    const lost = await jobs.take(REPOSITORY, now);
    const held = await jobs.take(REPOSITORY, now + LEASE_SECONDS + 1);
    await lost!.done();
    expect(await jobs.take(REPOSITORY, now + LEASE_SECONDS + 2)).toBeNull();
    await held!.done();
  });

  test('a message that comes early finds nothing, and one that is lost is made up for by the tick', async () => {
    await jobs.put(job('later', { notBefore: 2000 }));
    expect(await jobs.take(REPOSITORY, 1999)).toBeNull();
    expect(await jobs.wakeAll(1999)).toBe(0);
    await messages(urls.queue);
    expect(await jobs.wakeAll(2000)).toBe(1);
    expect(await messages(urls.queue)).toContainEqual({ repository: REPOSITORY });
    expect((await jobs.take(REPOSITORY, 2000))?.job.id).toBe('later');
  });

  test('a planned job holds back nobody, a failed one holds back those behind it', async () => {
    await jobs.put(job('planned', { notBefore: 5000 }));
    now += 1;
    await jobs.put(job('failing'));
    now += 1;
    await jobs.put(job('behind'));
    const failing = await jobs.take(REPOSITORY, now);
    expect(failing?.job.id).toBe('failing');
    await failing!.retry(now + 60, 'GitHub is away');
    expect(await jobs.take(REPOSITORY, now + 59)).toBeNull();
    const again = await jobs.take(REPOSITORY, now + 60);
    expect([again?.job.id, again?.job.attempts]).toEqual(['failing', 1]);
  });

  test('what fails too often becomes a dead letter with its reason, and the next one is done', async () => {
    await jobs.put(job('bad'));
    now += 1;
    await jobs.put(job('good'));
    for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
      now += 10_000;
      const lease = await jobs.take(REPOSITORY, now);
      expect(lease?.job.id).toBe('bad');
      await lease!.retry(now + 1, 'no evidence');
    }
    expect(await messages(urls.dead)).toEqual([
      expect.objectContaining({ repository: REPOSITORY, why: 'no evidence', job: expect.stringContaining('"bad"') }),
    ]);
    now += 10_000;
    expect(await worked()).toEqual(['good']);
  });

  test('what kills whoever takes it becomes a dead letter too', async () => {
    await jobs.put(job('deadly'));
    now += 1;
    await jobs.put(job('good'));
    for (let time = 0; time < MOST_ATTEMPTS; time++) {
      expect((await jobs.take(REPOSITORY, now))?.job.id).toBe('deadly');
      now += LEASE_SECONDS + 1;
    }
    expect(await worked()).toEqual(['good']);
    expect(await messages(urls.dead)).toEqual([
      expect.objectContaining({ why: 'was begun 8 times and never came to its end' }),
    ]);
  });

  test('every item that is only remembered has a time to go', async () => {
    await jobs.accept('d9', [job('d9:0')], now);
    await worked();
    const { Items } = await dynamo.send(new ScanCommand({ TableName: table }));
    expect(Items!.map(({ pk }) => pk!.S!.split('#')[0]).sort()).toEqual(['delivery', 'known']);
    for (const item of Items!) expect(Number(item.expires?.N)).toBeGreaterThan(now);
  });
});

describe('the webhook as a function', () => {
  const SECRET = '0f9d8c7b6a5e4d3c2b1a0f9e8d7c6b5a';
  test('with the secret of Secrets Manager it stores what GitHub signed, and refuses the rest', async () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const secrets = new SecretsManagerClient({ ...keys, endpoint: bench.proxy.url });
    const value = {
      APP_ID: '7',
      PRIVATE_KEY: privateKey.export({ type: 'pkcs1', format: 'pem' }).toString(),
      WEBHOOK_SECRET: SECRET,
    };
    await secrets.send(new CreateSecretCommand({ Name: 'pare-app', SecretString: JSON.stringify(value) }));
    Object.assign(process.env, {
      PARE_BUCKET: 'pare-data',
      PARE_TABLE: table,
      PARE_QUEUE: urls.queue,
      PARE_DEAD_LETTERS: urls.dead,
      PARE_SECRET: 'pare-app',
    });
    const { webhook } = await import('../../bot/lambda/functions.ts');
    const body = JSON.stringify({
      action: 'created',
      repository: { full_name: 'acme/infra', name: 'infra', owner: { login: 'acme' } },
      sender: { login: 'alice', type: 'User' },
      installation: { id: 1 },
      issue: { number: 7 },
      comment: { id: 9, body: '/pare help' },
    });
    const signature = `sha256=${createHmac('sha256', SECRET).update(body).digest('hex')}`;
    const event = (signed: string) => ({
      headers: { 'x-github-event': 'issue_comment', 'x-github-delivery': 'aaaa', 'x-hub-signature-256': signed },
      body: Buffer.from(body).toString('base64'),
      isBase64Encoded: true,
    });
    expect((await webhook(event(`sha256=${'0'.repeat(64)}`))).statusCode).toBe(401);
    expect(await worked()).toEqual([]);
    expect((await webhook(event(signature))).statusCode).toBe(202);
    // GitHub's button "Redeliver".
    expect((await webhook(event(signature))).statusCode).toBe(202);
    expect(await messages(urls.queue)).toContainEqual({ repository: 'acme/infra' });
    now = Date.now() / 1000 + 1;
    expect(await worked()).toEqual(['aaaa:0']);
  });
});

/** Takes all that may start now and finishes it; the ids. */
async function worked(): Promise<string[]> {
  const ids: string[] = [];
  for (let lease = await jobs.take(REPOSITORY, now); lease !== null; lease = await jobs.take(REPOSITORY, now)) {
    ids.push(lease.job.id);
    await lease.done();
  }
  return ids;
}
