import type { Command } from 'commander';
import type { Run } from '../runtime.ts';
import type { ExplainCommandOptions } from '../work/explain.ts';

export function register(program: Command, run: Run): void {
  program
    .command('explain')
    .description(
      'everything about one rule: its use, the evidence, the coverage, what would change and where it is written',
    )
    .argument('<id>', 'a rule (sgr-…), a finding, or a group (sg-…), which lists its rules')
    .option('--findings <file>', 'what pare analyze --out wrote', 'findings.json')
    .option('--proposals <file>', 'what pare plan wrote (proposals.json): adds the place in the source')
    .option('--json', 'print the finding and its proposal as JSON')
    .action(
      run(async (runtime, id: string, options: ExplainCommandOptions) =>
        (await import('../work/explain.ts')).explain(id, options, runtime),
      ),
    );
}
