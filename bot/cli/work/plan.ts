import type { ChangePlan } from '../../change/contract.ts';
import { fileNameOf } from '../../change/names.ts';
import { openRepository } from '../../git/open.ts';
import { makePlan, type SourceOptions } from '../make-plan.ts';
import { refusalLines, terminalTable, writePlan } from '../plan-output.ts';
import { prefixIn } from '../repository-path.ts';
import { EXIT, type ExitCode, type Runtime } from '../runtime.ts';

export interface PlanOptions extends SourceOptions {
  out: string;
  json?: boolean;
}

export async function plan(options: PlanOptions, runtime: Runtime): Promise<ExitCode> {
  const made = await makePlan(options, runtime);
  const proposals = await writePlan(options.out, made.plan, made.document, await patchPrefix(made.root));
  await runtime.write(
    options.json === true ? `${JSON.stringify(proposals, null, 2)}\n` : planTable(made.plan, runtime.width),
  );
  for (const line of refusalLines(made.plan)) runtime.note('info', line);
  runtime.note('info', `wrote ${made.plan.batches.length} patches, bodies and proposals.json to ${options.out}`);
  return made.plan.batches.length > 0 && options.detailedExitcode === true ? EXIT.findings : EXIT.clean;
}

export function planTable(made: ChangePlan, width: number): string {
  const rows = made.batches.map((batch) => {
    const removed = batch.proposals.filter(({ finding }) => finding.action === 'remove').length;
    return [
      batch.root || '.',
      String(removed),
      String(batch.proposals.length - removed),
      String(batch.refused.length),
      String(batch.changes.length),
      fileNameOf(batch.branch),
    ];
  });
  if (rows.length === 0) return 'Nothing to change.\n';
  return terminalTable(['Source', 'Remove', 'Narrow', 'Refused', 'Files', 'Name'], rows, width);
}

/** Patches apply at the root of the repository; without one, at the source folder. */
async function patchPrefix(root: string): Promise<string> {
  try {
    return prefixIn((await openRepository(root)).root, root);
  } catch {
    return '';
  }
}
