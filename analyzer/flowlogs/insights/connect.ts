import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';

/** CloudWatch Logs of a Region, by default the one that the AWS SDK finds, with the credentials that it finds. */
export function connectLogs(region: string | undefined): CloudWatchLogsClient {
  return new CloudWatchLogsClient({ maxAttempts: 4, ...(region === undefined ? {} : { region }) });
}
