import type { Command } from 'commander';
import type { Run } from '../runtime.ts';
import type { AnalyzeCommandOptions } from '../work/analyze.ts';

/** The options that decide what is analyzed; `pare run` has them too. */
export function analysisOptions(command: Command): Command {
  return logGroupOptions(command)
    .requiredOption('--inventory <dir>', 'what the AWS CLI printed, flat or under ACCOUNT/REGION/')
    .option('--flow-logs <paths...>', "files or folders of VPC Flow Logs, in any of AWS's layouts and formats")
    .option('--ledger <dir>', 'what pare ingest has written, instead of --flow-logs')
    .option('--athena <file>', 'settings of Athena tables over flow logs in S3, instead of --flow-logs')
    .option('--config-history <paths...>', 'AWS Config history or snapshots: who wore which group, and when')
    .option('--window <duration>', 'how far back to judge: 90d, 12w, 24h (default: 90d)')
    .option('--from <time>', 'start of the window, with --to instead of --window')
    .option('--to <time>', 'end of the window (default: the newest record)')
    .option('--skip-unreadable', 'go on past files that cannot be read; their time counts as not covered')
    .option(
      '--policy <file>',
      'what may be proposed and what must stay (YAML or JSON; pare schema policy describes it)',
    )
    .option('--min-coverage <percent>', 'least share of hours that logs must cover before a rule is called unused')
    .option('--max-rules <number>', 'most rules that may stand instead of one narrowed rule')
    .option('--memory-limit <size>', 'most memory that the database may take before it uses the disk (default: 2GB)');
}

/** Flow logs in CloudWatch Logs; `pare ingest` has these, too. */
export function logGroupOptions(command: Command): Command {
  return command
    .option('--log-group <names...>', 'log groups of CloudWatch Logs that flow logs write to, instead of --flow-logs')
    .option('--region <region>', 'the Region of --log-group (default: the one that the AWS SDK finds)')
    .option(
      '--log-format <formats...>',
      "format of the flow logs in --log-group, as AWS writes it (default: the inventory's flow-logs.json, else AWS's own)",
    )
    .option('--max-scan-bytes <number>', 'most bytes that CloudWatch Logs may read for --log-group, which it bills');
}

export function register(program: Command, run: Run): void {
  analysisOptions(program.command('analyze'))
    .description('decide for every rule what it was used for and what may go')
    .option('--out <file>', 'write the findings document there')
    .option(
      '--app-dir <dir>',
      'write findings.json, refused.json and members.json there: FINDINGS/OWNER/REPO of pare serve',
    )
    .option('--json', 'print the findings document instead of the table')
    .option('--all', 'list in the table the rules that stay, too')
    .option('--detailed-exitcode', 'exit 2 when a rule can go or shrink')
    .action(
      run(async (runtime, options: AnalyzeCommandOptions) =>
        (await import('../work/analyze.ts')).analyze(options, runtime),
      ),
    );
}
