import { type Command, Option } from 'commander';
import type { Run } from '../runtime.ts';
import type { PlanOptions } from '../work/plan.ts';

export function register(program: Command, run: Run): void {
  sourceOptions(program.command('plan'))
    .description('write the patch, the body and the proof of every change to a folder; changes nothing else')
    .option('--out <dir>', 'where patches/, bodies/ and proposals.json go', 'pare-plan')
    .option('--json', 'print proposals.json instead of the table')
    .action(run(async (runtime, options: PlanOptions) => (await import('../work/plan.ts')).plan(options, runtime)));
}

/** The options that say what to change and where its source is; declared once for plan and apply. */
export function sourceOptions(command: Command): Command {
  return command
    .requiredOption('--findings <file>', 'what pare analyze wrote')
    .requiredOption('--source <dir>', 'folder with the Terraform or CloudFormation source')
    .option('--inventory <dir>', 'the folder given to pare analyze: its tags lead to CloudFormation stacks')
    .addOption(
      new Option(
        '--state <[ROOT=]FILE...>',
        'Terraform state: a file (version 4, or terraform show -json), - for standard input, s3://BUCKET/KEY, or hcp://ORG/WORKSPACE; ROOT is its folder below --source',
      ),
    )
    .addOption(
      new Option('--stack <[TEMPLATE=]PATH...>', 'what the AWS CLI prints about deployed stacks: files or folders'),
    )
    .option('--detailed-exitcode', 'exit with 2 when there is something to change');
}
