import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { S3Client } from '@aws-sdk/client-s3';
import { PareError } from '@pare/analyzer/model/problem.ts';
import { terminalSafe } from '@pare/analyzer/model/text.ts';
import { z } from 'zod';
import { SILENT } from '../cli/progress.ts';
import type { Runtime } from '../cli/runtime.ts';
import { openBucket } from './bucket.ts';
import { ledgerStep } from './daily.ts';
import type { Digest } from './digest.ts';
import { inventoryStep } from './inventory.ts';
import { type Environment, type StepSettings, stepSettings } from './settings.ts';
import { secretText, webhookStep } from './webhook.ts';
import { analysisStep } from './weekly.ts';

/** The input of one step, as the state machine gives it; `at` is the schedule's time, so that a retry does the same again. */
const event = z.strictObject({
  step: z.enum(['inventory', 'ledger', 'analysis', 'webhook']),
  at: z.iso.datetime({ offset: true }),
  from: z.string().nullish(),
  lateDays: z.int().min(0).max(400).nullish(),
  failed: z.array(z.string()).nullish(),
  /** Of the digest, for a webhook. */
  subject: z.string().nullish(),
  text: z.string().nullish(),
});

export interface StepOptions {
  env: Environment;
  signal: AbortSignal;
  /** Milliseconds that are left; a step that can go on later stops when they are few. */
  left(): number;
}

/** A day of flow logs is ingested in less; what does not fit goes on in the next round. */
const ENOUGH_MS = 5 * 60_000;

/** Runs one step in a folder of its own, which goes with it. Its result is the state machine's: small, and without secrets. */
export async function runStep(input: unknown, { env, signal, left }: StepOptions): Promise<object> {
  const parsed = event.safeParse(input);
  if (!parsed.success) throw notAStep(parsed.error.issues[0]!);
  const { step, from, lateDays, failed, subject, text } = parsed.data;
  if (step === 'webhook') return tell(env, { subject: subject ?? '', text: text ?? '' }, signal);
  const at = new Date(parsed.data.at);
  const s3 = new S3Client({ maxAttempts: 6, retryMode: 'adaptive' });
  const folder = await mkdtemp(join(tmpdir(), 'pare-step-'));
  const runtime = stepRuntime(signal);
  try {
    const settings = await storedSettings(env, s3, signal);
    const bucket = openBucket(s3, settings.bucket, signal);
    switch (step) {
      case 'inventory':
        return await inventoryStep(settings.inventory, bucket, at, folder, runtime);
      case 'ledger': {
        const enough = () => left() < ENOUGH_MS;
        const data = { bucket, s3, at, from: from ?? null, lateDays: lateDays ?? settings.lateDays, enough };
        return await ledgerStep(settings, data, folder, runtime);
      }
      case 'analysis':
        return await analysisStep(settings, { bucket, at, failed: failed ?? [] }, folder, runtime);
    }
  } catch (error) {
    throw named(error);
  } finally {
    await rm(folder, { recursive: true, force: true });
    s3.destroy();
  }
}

/**
 * The settings of the object that PARE_SETTINGS names, and those of the environment above them: a function's environment takes 4 KB, less
 * than the places of an organization's flow logs.
 */
async function storedSettings(env: Environment, s3: S3Client, signal: AbortSignal): Promise<StepSettings> {
  const key = env.PARE_SETTINGS ?? '';
  if (key === '') return stepSettings(env);
  const text = await openBucket(s3, env.PARE_BUCKET ?? '', signal).text(key);
  let stored: unknown = null;
  try {
    stored = JSON.parse(text ?? 'null');
  } catch {
    // Told below.
  }
  const parsed = z.record(z.string(), z.string()).safeParse(stored);
  if (parsed.success) return stepSettings({ ...parsed.data, ...env });
  throw new PareError({
    code: 'settings-unreadable',
    message: `the settings in ${key} are ${text === null ? 'not there' : 'no JSON object of texts'}`,
    next: 'deploy again with the Pulumi program',
    fault: 'configuration',
  });
}

/** Needs neither the bucket nor the settings: its role may read one secret. */
async function tell(env: Environment, digest: Digest, signal: AbortSignal): Promise<object> {
  try {
    return await webhookStep(env, digest, { secret: secretText, fetch, signal });
  } catch (error) {
    throw named(error);
  }
}

/** Step Functions retries by the error's name: what no retry mends is told apart by it. */
function named(error: unknown): unknown {
  if (!(error instanceof PareError)) return error;
  const { code, message, next, fault, file } = error.problem;
  const out = new Error(`${file === undefined ? '' : `${file}: `}${message}; ${next} (${code})`, { cause: error });
  out.name = fault === 'environment' ? 'PareTransient' : 'PareFinal';
  return out;
}

function stepRuntime(signal: AbortSignal): Runtime {
  const line = (text: string) => process.stderr.write(`${terminalSafe(text)}\n`);
  return {
    write: async (text) => {
      for (const one of text.trimEnd().split('\n')) line(one);
    },
    note: (level, text) => line(level === 'warning' ? `warning: ${text}` : text),
    progress: SILENT,
    signal,
    color: false,
    width: 120,
  };
}

function notAStep({ path, message }: { path: PropertyKey[]; message: string }): Error {
  const error = new Error(`the step's input is not understood: ${path.join('.')}: ${message}`);
  error.name = 'PareFinal';
  return error;
}
