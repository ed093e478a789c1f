import type { Command } from 'commander';
import type { Run } from '../runtime.ts';
import type { IngestCommandOptions } from '../work/ingest.ts';
import { logGroupOptions } from './analyze.ts';

export function register(program: Command, run: Run): void {
  logGroupOptions(program.command('ingest'))
    .description('read new flow logs once into a ledger, which pare analyze --ledger reads instead of them')
    .option('--since <time>', 'the first day of --log-group (default: 7 days before --until)')
    .option('--until <time>', 'the end of the last day of --log-group (default: now)')
    .option('--flow-logs <paths...>', "files or folders of VPC Flow Logs, in any of AWS's layouts and formats")
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
