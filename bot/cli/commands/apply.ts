import type { Command } from 'commander';
import type { Run } from '../runtime.ts';
import type { ApplyOptions } from '../work/apply.ts';
import { sourceOptions } from './plan.ts';

export function register(program: Command, run: Run): void {
  sourceOptions(program.command('apply'))
    .description('plan, and commit each batch to a branch of the local git repository; the working tree stays as it is')
    .option('--out <dir>', 'also write patches/, bodies/ and proposals.json here')
    .action(run(async (runtime, options: ApplyOptions) => (await import('../work/apply.ts')).apply(options, runtime)));
}
