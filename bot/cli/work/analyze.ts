import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { FindingsDocument } from '@pare/analyzer/model/finding.ts';
import { toJson, toTable } from '@pare/analyzer/report/index.ts';
import { writeAllAtomic, writeAtomic } from '../atomic.ts';
import { EXIT, type ExitCode, type Runtime } from '../runtime.ts';
import { type AnalysisOptions, runAnalysis, runWatchedAnalysis } from './analysis.ts';

export interface AnalyzeCommandOptions extends AnalysisOptions {
  out?: string;
  appDir?: string;
  json?: boolean;
  all?: boolean;
  detailedExitcode?: boolean;
}

export async function analyze(options: AnalyzeCommandOptions, runtime: Runtime): Promise<ExitCode> {
  const { appDir } = options;
  const watched = appDir === undefined ? null : await runWatchedAnalysis(options, runtime);
  const document = watched?.document ?? (await runAnalysis(options, runtime));
  const json = toJson(document);
  if (appDir !== undefined && watched !== null) {
    await mkdir(appDir, { recursive: true });
    await writeAllAtomic([
      { path: join(appDir, 'refused.json'), data: `${JSON.stringify(watched.watch.refused)}\n` },
      { path: join(appDir, 'members.json'), data: `${JSON.stringify(watched.watch.members)}\n` },
      { path: join(appDir, 'findings.json'), data: json },
    ]);
    runtime.note('info', `wrote findings.json, refused.json and members.json to ${appDir}`);
  }
  if (options.out !== undefined) {
    await writeAtomic(options.out, json);
    runtime.note('info', `wrote ${options.out}`);
  }
  if (options.json === true) await runtime.write(json);
  else
    await runtime.write(toTable(document, { width: runtime.width, color: runtime.color, all: options.all === true }));
  return options.detailedExitcode === true && hasProposals(document) ? EXIT.findings : EXIT.clean;
}

export function hasProposals(document: FindingsDocument): boolean {
  return document.rules.some(({ action }) => action === 'remove' || action === 'narrow');
}
