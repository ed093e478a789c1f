import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Finding, findingsDocumentSchema } from '@pare/analyzer/model/finding.ts';
import { toJson } from '@pare/analyzer/report/index.ts';
import { REFUSED_LIMITS } from '@pare/analyzer/usage/index.ts';
import type { Runtime } from '../cli/runtime.ts';
import { parseDuration } from '../cli/time.ts';
import { runWatchedAnalysis } from '../cli/work/analysis.ts';
import { writeTables } from '../cli/work/tables.ts';
import type { Bucket } from './bucket.ts';
import { type Digest, digest } from './digest.ts';
import { fetchInventory } from './inventory.ts';
import { pullLedger, pullNeeded } from './ledger.ts';
import { readPulls } from './pulls.ts';
import type { StepSettings } from './settings.ts';

export interface AnalysisResult {
  rules: number;
  proposals: number;
  /** `owner/name` of those that got the findings. */
  repositories: readonly string[];
  digest: Digest;
}

const FINDINGS = 'findings/current.json';
const POLICY = 'config/policy.yml';

/**
 * Judges the window from the ledger alone and writes the findings: the document, the result tables, and the evidence of each
 * repository. The current document is written last, so that a run that dies in between is run again and says the same.
 */
export async function analysisStep(
  settings: StepSettings,
  data: { bucket: Bucket; at: Date; failed: readonly string[] },
  folder: string,
  runtime: Runtime,
): Promise<AnalysisResult> {
  const { bucket, at, failed } = data;
  const inventory = await fetchInventory(bucket, folder);
  const ledger = join(folder, 'ledger');
  const { manifest } = await pullLedger(bucket, ledger);
  const lastDays = parseDuration(settings.window, 'PARE_WINDOW') / 86_400;
  await pullNeeded(bucket, ledger, manifest, {
    window: { lastDays, to: null },
    refusedDays: REFUSED_LIMITS.days,
  });
  const policy = await policyFile(bucket, folder);
  const { document, watch } = await runWatchedAnalysis(
    { inventory, ledger, window: settings.window, ...policy },
    runtime,
  );
  const previous = await previousFindings(bucket);
  const json = toJson(document);
  const { to } = document.window;
  for (const repository of settings.repositories) {
    // The names of the App's evidence folder (bot/cli/work/serve-evidence.ts).
    const evidence = `evidence/${repository}/`;
    await bucket.put(`${evidence}history/${to.replace(/[^0-9A-Za-z-]/g, '')}.json`, json);
    await bucket.put(`${evidence}refused.json`, JSON.stringify(watch.refused));
    await bucket.put(`${evidence}members.json`, JSON.stringify(watch.members));
    await bucket.put(`${evidence}findings.json`, json);
  }
  const tables = join(folder, 'tables');
  for (const path of await writeTables(document, tables, runtime.signal))
    await bucket.upload(join(tables, path), `tables/${path}`);
  const pulls = await readPulls(bucket, settings.repositories);
  const mail = digest({ document, previous, failed, repositories: settings.repositories, pulls, at });
  await bucket.put('findings/digest.txt', `${mail.subject}\n\n${mail.text}`, 'text/plain; charset=utf-8');
  await bucket.put(FINDINGS, json);
  return {
    rules: document.rules.length,
    proposals: document.rules.filter(({ action }) => action === 'remove' || action === 'narrow').length,
    repositories: settings.repositories,
    digest: mail,
  };
}

/** The operator's policy, where there is one; `pare schema policy` describes it. */
async function policyFile(bucket: Bucket, folder: string): Promise<{ policy?: string }> {
  const text = await bucket.text(POLICY);
  if (text === null) return {};
  const policy = join(folder, 'policy.yml');
  await writeFile(policy, text);
  return { policy };
}

async function previousFindings(bucket: Bucket): Promise<readonly Finding[] | null> {
  const text = await bucket.text(FINDINGS);
  if (text === null) return null;
  const parsed = findingsDocumentSchema.safeParse(JSON.parse(text));
  // Of an earlier version of the schema: everything counts as new.
  return parsed.success ? parsed.data.rules : null;
}
