import type { Command } from 'commander';
import type { Run } from '../runtime.ts';
import type { IngestCommandOptions } from '../work/ingest.ts';

export function register(program: Command, run: Run): void {
  program
    .command('ingest')
    .description('read new flow logs once into a ledger, which pare analyze --ledger reads instead of them')
    .requiredOption('--flow-logs <paths...>', "files or folders of VPC Flow Logs, in any of AWS's layouts and formats")
    .requiredOption('--inventory <dir>', 'what the AWS CLI printed, flat or under ACCOUNT/REGION/')
    .requiredOption('--ledger <dir>', 'the folder of the ledger; made where it is not there')
    .option('--config-history <paths...>', 'AWS Config history or snapshots: who wore which group, and when')
    .option(
      '--skip-unreadable',
      'go on past files that cannot be read; their time counts as not covered until they can',
    )
    .action(
      run(async (runtime, options: IngestCommandOptions) =>
        (await import('../work/ingest.ts')).ingest(options, runtime),
      ),
    );
}
