import type { Command } from 'commander';
import type { Run } from '../runtime.ts';

export function register(program: Command, run: Run): void {
  program
    .command('schema')
    .description('print the JSON Schema of a document that Pare writes')
    .argument('[name]', 'findings or proposals', 'findings')
    .action(run(async (runtime, name: string) => (await import('../work/schema.ts')).schema(name, runtime)));
}
