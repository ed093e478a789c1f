import type { FindingsDocument } from '@pare/analyzer/model/finding.ts';
import { toJson, toTable } from '@pare/analyzer/report/index.ts';
import { writeAtomic } from '../atomic.ts';
import { EXIT, type ExitCode, type Runtime } from '../runtime.ts';
import { type AnalysisOptions, runAnalysis } from './analysis.ts';

export interface AnalyzeCommandOptions extends AnalysisOptions {
  out?: string;
  json?: boolean;
  all?: boolean;
  detailedExitcode?: boolean;
}

export async function analyze(options: AnalyzeCommandOptions, runtime: Runtime): Promise<ExitCode> {
  const document = await runAnalysis(options, runtime);
  const json = toJson(document);
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
