import type { Command } from 'commander';
import type { Run } from '../runtime.ts';
import type { ReportCommandOptions } from '../work/report.ts';

export function register(program: Command, run: Run): void {
  program
    .command('report')
    .description('show findings in other forms')
    .requiredOption('--findings <file>', 'what pare analyze --out wrote')
    .option('--format <names>', 'table, html, markdown, csv, sarif, junit, json; several with commas', 'table')
    .option('--proposals <file>', 'what pare plan wrote (proposals.json): adds source lines to SARIF and HTML')
    .option('--out <path>', 'a file, or a folder for report.html, report.csv, …; standard output by default')
    .option(
      '--tables <dir>',
      'write the result tables there, as the scheduled analysis does for the Glue catalog (docs/tables.md)',
    )
    .option('--all', 'list in the table the rules that stay, too')
    .action(
      run(async (runtime, options: ReportCommandOptions) =>
        (await import('../work/report.ts')).report(options, runtime),
      ),
    );
}
