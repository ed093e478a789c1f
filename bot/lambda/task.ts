import { pathToFileURL } from 'node:url';
import { S3Client } from '@aws-sdk/client-s3';
import { openBucket } from './bucket.ts';
import { runStep } from './steps.ts';

/**
 * A step as a container: its input in PARE_STEP, its result under `runs/` of the bucket, since a task has no answer. A task is stopped by
 * SIGTERM; the step then takes away what it began, and the state machine runs it again.
 */
export async function runTask(env: NodeJS.ProcessEnv, signal: AbortSignal): Promise<number> {
  const result = env.PARE_RESULT ?? '';
  try {
    if (!/^runs\/[\w:./-]{1,300}\.json$/.test(result)) throw new Error('PARE_RESULT names no key below runs/');
    const output = await runStep(JSON.parse(env.PARE_STEP ?? 'null'), {
      env,
      signal,
      left: () => Number.POSITIVE_INFINITY,
    });
    const bucket = openBucket(new S3Client({}), env.PARE_BUCKET ?? '', signal);
    await bucket.put(result, JSON.stringify(output));
    return 0;
  } catch (error) {
    const { name, message } = error as Error;
    process.stderr.write(`${name}: ${message}\n`);
    return 1;
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const control = new AbortController();
  for (const name of ['SIGTERM', 'SIGINT'] as const)
    process.once(name, () => control.abort(new Error(`stopped by ${name}`)));
  process.exitCode = await runTask(process.env, control.signal);
}
