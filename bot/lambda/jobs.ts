import { randomUUID } from 'node:crypto';
import {
  type AttributeValue,
  DeleteItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import type { EpochSeconds } from '@pare/analyzer/model/interface.ts';
import type { Clock, Job, Lease } from '../github/contract.ts';
import { type Inbox, MOST_ATTEMPTS, repositoryKey } from '../github/queue/contract.ts';
import { formatJob, parseJob } from '../github/queue/job.ts';

export interface JobsOptions {
  dynamo: DynamoDBClient;
  sqs: SQSClient;
  table: string;
  /** URLs of the queue that wakes the workers and of the one for jobs that were given up. */
  queue: string;
  deadLetters: string;
  clock: Pick<Clock, 'now'>;
}

export interface Jobs extends Pick<Inbox, 'accept' | 'put'> {
  /** The next job of one repository, if nobody works on it; its lease ends by itself after LEASE_SECONDS. */
  take(repository: string, now: EpochSeconds): Promise<Lease | null>;
  /** Wakes a worker for the repository; for whoever stops before all is done. */
  wake(repository: string): Promise<void>;
  /** Wakes the workers for every repository that has a job which may start; how many. */
  wakeAll(now: EpochSeconds): Promise<number>;
}

/** Longer than a function may run, so that a worker that still lives is never joined by a second one. */
export const LEASE_SECONDS = 960;
/** Longer than GitHub lets anybody redeliver (three days). */
const KNOWN_SECONDS = 30 * 86_400;
/** Source: SQS API reference, SendMessage, DelaySeconds. */
const MOST_DELAY = 900;
/** The sparse index of jobs that wait; infra/app.ts makes it. */
const WAITING = 'waiting';

/**
 * The App's jobs in DynamoDB, where conditional writes make each delivery and each job count once; SQS only says where there is work. A
 * message that gets lost is made up for by `wakeAll`, one that comes twice finds the lease taken or no job.
 */
export function openJobs({ dynamo, sqs, table, queue, deadLetters, clock }: JobsOptions): Jobs {
  const TableName = table;

  async function wake(repository: string, at: EpochSeconds, now: EpochSeconds): Promise<void> {
    const DelaySeconds = Math.max(0, Math.min(MOST_DELAY, Math.ceil(at - now)));
    await sqs.send(
      new SendMessageCommand({ QueueUrl: queue, MessageBody: JSON.stringify({ repository }), DelaySeconds }),
    );
  }

  async function store(job: Job): Promise<'added' | 'known'> {
    const now = clock.now();
    const known = { pk: { S: `known#${job.id}` }, sk: { S: 'job' }, expires: { N: expiry(now) } };
    try {
      await dynamo.send(
        new TransactWriteItemsCommand({
          TransactItems: [
            { Put: { TableName, Item: known, ConditionExpression: 'attribute_not_exists(pk)' } },
            { Put: { TableName, Item: waiting(job, now) } },
          ],
        }),
      );
      return 'added';
    } catch (error) {
      const { name, CancellationReasons: reasons } = error as {
        name: string;
        CancellationReasons?: { Code?: string }[];
      };
      if (name === 'TransactionCanceledException' && reasons?.[0]?.Code === 'ConditionalCheckFailed') return 'known';
      throw error;
    }
  }

  async function put(job: Job): Promise<'added' | 'known'> {
    const state = await store(job);
    // Woken also where it was known: the earlier attempt may have died before its message.
    await wake(repositoryKey(job), job.notBefore, clock.now());
    return state;
  }

  async function lease(repository: string, now: EpochSeconds): Promise<string | null> {
    const owner = randomUUID();
    try {
      await dynamo.send(
        new PutItemCommand({
          TableName,
          Item: {
            ...leaseKey(repository),
            holder: { S: owner },
            until: { N: String(now + LEASE_SECONDS) },
            expires: { N: expiry(now) },
          },
          ConditionExpression: 'attribute_not_exists(pk) OR #until < :now',
          ExpressionAttributeNames: { '#until': 'until' },
          ExpressionAttributeValues: { ':now': { N: String(now) } },
        }),
      );
      return owner;
    } catch (error) {
      if ((error as Error).name === 'ConditionalCheckFailedException') return null;
      throw error;
    }
  }

  async function release(repository: string, owner: string): Promise<void> {
    try {
      await dynamo.send(
        new DeleteItemCommand({
          TableName,
          Key: leaseKey(repository),
          ConditionExpression: 'holder = :owner',
          ExpressionAttributeValues: { ':owner': { S: owner } },
        }),
      );
    } catch (error) {
      // It had run out, and somebody else holds it now.
      if ((error as Error).name !== 'ConditionalCheckFailedException') throw error;
    }
  }

  /** As the local queue orders them: one that failed keeps its place, one that is planned for later holds back nobody. */
  async function nextOf(repository: string, now: EpochSeconds): Promise<Item | null> {
    for (let start: Item | undefined; ; ) {
      const page = await dynamo.send(
        new QueryCommand({
          TableName,
          KeyConditionExpression: 'pk = :pk AND begins_with(sk, :job)',
          ExpressionAttributeValues: { ':pk': { S: `repo#${repository}` }, ':job': { S: 'job#' } },
          ConsistentRead: true,
          ...(start === undefined ? {} : { ExclusiveStartKey: start }),
        }),
      );
      for (const item of page.Items ?? []) {
        const notBefore = Number(item.notBefore?.N ?? 0);
        if (notBefore <= now) return item;
        if (Number(item.attempts?.N ?? 0) > 0) return null;
      }
      if (page.LastEvaluatedKey === undefined) return null;
      start = page.LastEvaluatedKey;
    }
  }

  async function giveUp(item: Item, why: string): Promise<void> {
    // The letter first: sent twice is better than not at all.
    const body = JSON.stringify({ repository: item.pk?.S?.slice(5), job: item.job?.S, why: why.slice(0, 2000) });
    await sqs.send(new SendMessageCommand({ QueueUrl: deadLetters, MessageBody: body }));
    await remove(item);
  }

  async function remove({ pk, sk }: Item): Promise<void> {
    await dynamo.send(new DeleteItemCommand({ TableName, Key: { pk: pk!, sk: sk! } }));
  }

  async function begun({ pk, sk }: Item): Promise<number> {
    const { Attributes } = await dynamo.send(
      new UpdateItemCommand({
        TableName,
        Key: { pk: pk!, sk: sk! },
        UpdateExpression: 'ADD begun :one',
        ExpressionAttributeValues: { ':one': { N: '1' } },
        ReturnValues: 'UPDATED_NEW',
      }),
    );
    return Number(Attributes?.begun?.N ?? 1);
  }

  async function again({ pk, sk }: Item, attempts: number, at: EpochSeconds): Promise<void> {
    await dynamo.send(
      new UpdateItemCommand({
        TableName,
        Key: { pk: pk!, sk: sk! },
        UpdateExpression: 'SET attempts = :attempts, notBefore = :at',
        ExpressionAttributeValues: { ':attempts': { N: String(attempts) }, ':at': { N: String(at) } },
        ConditionExpression: 'attribute_exists(pk)',
      }),
    );
  }

  return {
    put,
    wake: (repository) => wake(repository, 0, clock.now()),
    async accept(delivery, jobs, at) {
      const key = { pk: { S: `delivery#${delivery}` }, sk: { S: 'delivery' } };
      const { Item: seen } = await dynamo.send(new GetItemCommand({ TableName, Key: key, ConsistentRead: true }));
      if (seen !== undefined) return 'seen';
      // Each job counts once by its id; the delivery is noted last, so that one that was cut short is taken again.
      for (const job of jobs) await put(job);
      await dynamo.send(new PutItemCommand({ TableName, Item: { ...key, expires: { N: expiry(at) } } }));
      return 'new';
    },
    async take(repository, now) {
      const owner = await lease(repository, now);
      if (owner === null) return null;
      for (let item = await nextOf(repository, now); item !== null; item = await nextOf(repository, now)) {
        const job = parseJob(item.job?.S ?? '');
        if (job === null) await giveUp(item, 'this version of Pare does not know the job');
        // One that kills whoever takes it never gets as far as a retry: it must not be begun for ever.
        else if ((await begun(item)) > MOST_ATTEMPTS)
          await giveUp(item, `was begun ${MOST_ATTEMPTS} times and never came to its end`);
        else return leaseOf(item, job, owner);
      }
      await release(repository, owner);
      return null;
    },
    async wakeAll(now) {
      const repositories = new Set<string>();
      for (let start: Item | undefined; ; ) {
        const page = await dynamo.send(
          new QueryCommand({
            TableName,
            IndexName: WAITING,
            KeyConditionExpression: '#state = :waiting AND notBefore <= :now',
            ExpressionAttributeNames: { '#state': 'state' },
            ExpressionAttributeValues: { ':waiting': { S: WAITING }, ':now': { N: String(now) } },
            ...(start === undefined ? {} : { ExclusiveStartKey: start }),
          }),
        );
        for (const { pk } of page.Items ?? []) repositories.add(pk!.S!.slice(5));
        if (page.LastEvaluatedKey === undefined) break;
        start = page.LastEvaluatedKey;
      }
      for (const repository of [...repositories].sort()) await wake(repository, now, now);
      return repositories.size;
    },
  };

  function leaseOf(item: Item, job: Job, owner: string): Lease {
    const repository = repositoryKey(job);
    const attempts = Number(item.attempts?.N ?? 0);
    let open = true;
    const close = async (write: () => Promise<void>) => {
      if (!open) return;
      await write();
      open = false;
      await release(repository, owner);
    };
    return {
      job: { ...job, attempts, notBefore: Number(item.notBefore?.N ?? 0) },
      done: () => close(() => remove(item)),
      retry: (at, why) =>
        close(async () => {
          if (attempts + 1 >= MOST_ATTEMPTS) return giveUp(item, why);
          await again(item, attempts + 1, at);
          await wake(repository, at, clock.now());
        }),
    };
  }
}

type Item = Record<string, AttributeValue>;

function waiting(job: Job, now: EpochSeconds): Item {
  const order = String(Math.round(now * 1000)).padStart(15, '0');
  return {
    pk: { S: `repo#${repositoryKey(job)}` },
    sk: { S: `job#${order}#${job.id}` },
    state: { S: WAITING },
    job: { S: formatJob(job) },
    notBefore: { N: String(job.notBefore) },
    attempts: { N: String(job.attempts) },
  };
}

function leaseKey(repository: string): { pk: { S: string }; sk: { S: string } } {
  return { pk: { S: `repo#${repository}` }, sk: { S: 'lease' } };
}

function expiry(now: EpochSeconds): string {
  return String(Math.ceil(now) + KNOWN_SECONDS);
}
