import {
  type CloudWatchLogsClient,
  type LogGroup as Described,
  DescribeLogGroupsCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import { PareError } from '../../model/problem.ts';
import type { LogGroup } from './days.ts';
import { formatsOf } from './formats.ts';
import { refused } from './query.ts';

/** While a run lasts the oldest records vanish: they are left alone, or what is counted would not be what is read. */
const VANISHING = 12 * 3600;
/** Records speak of times a little before they are received. */
const EARLIER = 3600;

/** What CloudWatch Logs says of the group. `formats`: of the flow logs that write to it, as AWS writes them; none: the default one. */
export async function describeGroup(
  client: CloudWatchLogsClient,
  { name, region, formats, now }: { name: string; region: string; formats: readonly string[]; now: number },
  signal: AbortSignal,
): Promise<LogGroup> {
  const found = await find(client, name, signal);
  if (found === null) {
    throw new PareError({
      code: 'log-group-unknown',
      message: `there is no log group of this name in ${region}`,
      next: 'check the name of the log group, the Region and the account',
      fault: 'environment',
      file: name,
    });
  }
  const { creationTime, retentionInDays, storedBytes } = found;
  const made = creationTime === undefined ? 0 : creationTime / 1000 - EARLIER;
  const kept = retentionInDays === undefined ? 0 : now - retentionInDays * 86_400 + VANISHING;
  return {
    region,
    name,
    formats: formatsOf(name, formats),
    heldSince: Math.max(0, Math.ceil(Math.max(made, kept))),
    storedBytes: storedBytes ?? 0,
  };
}

async function find(client: CloudWatchLogsClient, name: string, signal: AbortSignal): Promise<Described | null> {
  for (let token: string | undefined; ; ) {
    const input = { logGroupNamePrefix: name, ...(token === undefined ? {} : { nextToken: token }) };
    const page = await client
      .send(new DescribeLogGroupsCommand(input), { abortSignal: signal })
      .catch((cause: Error) => {
        signal.throwIfAborted();
        throw refused(name, cause);
      });
    const exact = (page.logGroups ?? []).find(({ logGroupName }) => logGroupName === name);
    if (exact !== undefined) return exact;
    if (page.nextToken === undefined) return null;
    token = page.nextToken;
  }
}
