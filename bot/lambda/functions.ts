import type { FunctionRequest, FunctionResponse } from '../github/app/lambda.ts';
import { type DeployedApp, openApp, tick as tickOf, webhookHandler, workRepository } from './app.ts';
import { runStep } from './steps.ts';

/** What Lambda gives along; only what is used. */
export interface Context {
  getRemainingTimeInMillis(): number;
}

let app: Promise<DeployedApp> | null = null;
let webhooks: Promise<(event: FunctionRequest) => Promise<FunctionResponse>> | null = null;

/** A failure is not remembered: a secret that was put right is read by the next call. */
function opened(): Promise<DeployedApp> {
  app ??= openApp(process.env).catch((error: unknown) => {
    app = null;
    throw error;
  });
  return app;
}

/** A state of the daily or weekly state machine. */
export async function step(event: unknown, context: Context): Promise<object> {
  const left = () => context.getRemainingTimeInMillis();
  // Some seconds to take away what was begun: Lambda itself only kills.
  const signal = AbortSignal.timeout(Math.max(1, left() - 15_000));
  return runStep(event, { env: process.env, signal, left });
}

/** GitHub's deliveries, by an HTTP API. */
export async function webhook(event: FunctionRequest): Promise<FunctionResponse> {
  webhooks ??= opened()
    .then(webhookHandler)
    .catch((error: unknown) => {
      webhooks = null;
      throw error;
    });
  return (await webhooks)(event);
}

/** One message of the queue: a repository that has work. Throws where it failed, so that SQS gives the message again. */
export async function worker(
  event: { Records: readonly { body: string }[] },
  context: Context,
): Promise<{ jobs: number }> {
  let jobs = 0;
  for (const { body } of event.Records) {
    const { repository } = JSON.parse(body) as { repository?: unknown };
    if (typeof repository !== 'string') throw new Error('a message of the queue names no repository');
    jobs += await workRepository(await opened(), repository, () => context.getRemainingTimeInMillis());
  }
  return { jobs };
}

/** The clock's tick. */
export async function tick(): Promise<{ repositories: number; woken: number }> {
  return tickOf(await opened());
}
