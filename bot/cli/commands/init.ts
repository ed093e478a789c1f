import type { Command } from 'commander';
import type { Run } from '../runtime.ts';
import type { InitOptions } from '../work/init.ts';

export function register(program: Command, run: Run): void {
  program
    .command('init')
    .description('write a first .github/pare.yml from what it sees: sources, owners, rules that look rare but vital')
    .option('--source <dir>', 'the repository', '.')
    .option('--findings <file>', 'what pare analyze --out wrote: rules for emergencies are kept from the start')
    .option('--timezone <name>', 'IANA name for the schedule (default: that of this machine)')
    .option('--force', 'replace a configuration that is there')
    .option('--json', 'print what would be written as JSON, and write nothing')
    .action(run(async (runtime, options: InitOptions) => (await import('../work/init.ts')).init(options, runtime)));
}
