import { PareError } from '@pare/analyzer/model/problem.ts';
import { terminalSafe } from '@pare/analyzer/model/text.ts';
import { checkPlan, parsePlan } from '../../change/plan-check.ts';
import type { ProposalsDocument } from '../../change/proposals.ts';
import { readJson } from '../read-findings.ts';
import { readProposals } from '../read-proposals.ts';
import { EXIT, type ExitCode, type Runtime } from '../runtime.ts';

export interface VerifyPlanOptions {
  proposals: string;
  batch?: string;
  context?: string;
  json?: boolean;
}

/**
 * `pare verify-plan`: exit 0 when the plan is the proposal, 1 when it does more, less or something else, with one line for each; with --json
 * one document on stdout instead of the lines.
 */
export async function verifyPlan(file: string, options: VerifyPlanOptions, runtime: Runtime): Promise<ExitCode> {
  const proposals = await readProposals(options.proposals);
  const batch = batchOf(proposals, options);
  const contexts = [...new Set(batch.proposals.map((one) => one.context))].sort();
  if (options.context !== undefined && !contexts.includes(options.context))
    throw wrong(options, `no proposal of ${batch.key} is in ${options.context}`, `give one of ${contexts.join(', ')}`);
  if (options.context === undefined && contexts.length > 1)
    throw wrong(options, `${batch.key} is about ${contexts.join(', ')}`, 'say which the plan is of with --context');
  const path = file === '-' ? '/dev/stdin' : file;
  const plan = parsePlan(await readJson(path, 'terraform show -json PLAN'));
  if (typeof plan === 'string')
    throw new PareError({
      code: 'plan-shape',
      message: plan,
      next: 'give what terraform show -json PLAN prints',
      fault: 'input',
      file,
    });
  const { kept, faults } = checkPlan(plan, batch, options.context ?? null);
  const passes = faults.length === 0;
  if (options.json === true) {
    const said = { batch: batch.key, branch: batch.branch, context: options.context ?? contexts[0] ?? null };
    await runtime.write(`${JSON.stringify({ passes, ...said, asProposed: kept, differences: faults }, null, 2)}\n`);
    return passes ? EXIT.clean : EXIT.error;
  }
  await runtime.write(kept.map((line) => `as proposed: ${terminalSafe(line)}\n`).join(''));
  for (const line of faults) runtime.note('warning', terminalSafe(line));
  if (passes) {
    runtime.note('info', `the plan does what ${batch.branch} said and nothing else`);
    return EXIT.clean;
  }
  runtime.note('warning', `the plan is not what ${batch.branch} said: ${faults.length} differences`);
  return EXIT.error;
}

function batchOf(document: ProposalsDocument, options: VerifyPlanOptions): ProposalsDocument['batches'][number] {
  const batches = document.batches.filter((one) => one.language === 'terraform');
  const wanted = options.batch;
  const found =
    wanted === undefined ? batches : batches.filter((one) => [one.key, one.root, one.branch].includes(wanted));
  const [only, second] = found;
  if (only !== undefined && second === undefined) return only;
  const names = batches.map((one) => one.root || '.').join(', ');
  if (batches.length === 0) throw wrong(options, 'nothing is proposed for Terraform', 'run pare plan again');
  if (only === undefined) throw wrong(options, `no batch is named ${wanted}`, `give one of ${names}`);
  throw wrong(options, `there are ${found.length} batches`, `say which the plan is of: --batch with one of ${names}`);
}

function wrong(options: VerifyPlanOptions, message: string, next: string): PareError {
  return new PareError({ code: 'verify-plan', message, next, fault: 'configuration', file: options.proposals });
}
