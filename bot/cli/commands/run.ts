import { Command } from 'commander';
import type { Run } from '../runtime.ts';
import type { RunCommandOptions } from '../work/run.ts';
import { analysisOptions } from './analyze.ts';
import { sourceOptions } from './plan.ts';

/** Those of `plan` and `apply` that `analyze` does not give. */
const OF_SOURCE = ['--source', '--state', '--stack'];

export function register(program: Command, run: Run): void {
  const command = analysisOptions(program.command('run')).description('analyze, plan and apply in one');
  for (const option of sourceOptions(new Command()).options) {
    if (OF_SOURCE.includes(option.long ?? '')) command.addOption(option);
  }
  command
    .option('--out <dir>', 'where findings.json, report.html, patches/, bodies/ and proposals.json go', 'pare-out')
    .option('--json', 'print the branches as JSON instead of the tables')
    .option('--detailed-exitcode', 'exit 2 when there is something to change')
    .action(
      run(async (runtime, options: RunCommandOptions) => (await import('../work/run.ts')).runAll(options, runtime)),
    );
}
