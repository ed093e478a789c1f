import { join } from 'node:path';
import { toHtml, toJson, toTable } from '@pare/analyzer/report/index.ts';
import { writeAllAtomic, writeAtomic } from '../atomic.ts';
import { readProposals, sourcesOfProposals } from '../read-proposals.ts';
import type { ExitCode, Runtime } from '../runtime.ts';
import { type AnalysisOptions, runAnalysis } from './analysis.ts';
import { apply } from './apply.ts';

export interface RunCommandOptions extends AnalysisOptions {
  source: string;
  state?: string[];
  stack?: string[];
  out: string;
  detailedExitcode?: boolean;
  json?: boolean;
}

/** The three steps with the files between them, so that each can be looked at and run again alone. */
export async function runAll(options: RunCommandOptions, runtime: Runtime): Promise<ExitCode> {
  const document = await runAnalysis(options, runtime);
  const findings = join(options.out, 'findings.json');
  const page = join(options.out, 'report.html');
  await writeAllAtomic([
    { path: findings, data: toJson(document) },
    { path: page, data: toHtml(document) },
  ]);
  if (options.json !== true)
    await runtime.write(`${toTable(document, { width: runtime.width, color: runtime.color })}\n`);
  const code = await apply(
    {
      findings,
      source: options.source,
      inventory: options.inventory,
      out: options.out,
      ...(options.state === undefined ? {} : { state: options.state }),
      ...(options.stack === undefined ? {} : { stack: options.stack }),
      ...(options.json === undefined ? {} : { json: options.json }),
      ...(options.detailedExitcode === undefined ? {} : { detailedExitcode: options.detailedExitcode }),
    },
    runtime,
  );
  // Once more, now that the lines of source are known.
  const proposals = await readProposals(join(options.out, 'proposals.json'));
  await writeAtomic(page, toHtml(document, sourcesOfProposals(proposals)));
  runtime.note('info', `report: ${page}`);
  return code;
}
