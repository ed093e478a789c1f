import type { Command } from 'commander';
import type { Run } from '../runtime.ts';
import type { VerifyPlanOptions } from '../work/verify-plan.ts';

export function register(program: Command, run: Run): void {
  program
    .command('verify-plan')
    .argument('<plan.json>', 'what terraform show -json PLAN prints; - is standard input')
    .description('pass only if a Terraform plan does what a proposal said and nothing else')
    .requiredOption('--proposals <file>', 'proposals.json of pare plan')
    .option('--batch <name>', 'key, root or branch of the batch that the plan is of, where there are several')
    .option('--context <name>', 'the workspace or variables file that the plan is of, where there are several')
    .option('--json', 'print one JSON document instead of lines: passes, asProposed, differences')
    .action(
      run(async (runtime, file: string, options: VerifyPlanOptions) =>
        (await import('../work/verify-plan.ts')).verifyPlan(file, options, runtime),
      ),
    );
}
