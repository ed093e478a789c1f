import { Argument, type Command } from 'commander';
import type { Run } from '../runtime.ts';
import { SHELLS, type Shell } from '../shells.ts';

export function register(program: Command, run: Run): void {
  program
    .command('completion')
    .description('print the completion script of a shell: eval "$(pare completion bash)"')
    .addArgument(new Argument('<shell>', 'bash, zsh or fish').choices([...SHELLS]))
    .option('--json', 'print the commands and options as JSON instead')
    .action(
      run(async (runtime, shell: Shell, options: { json?: boolean }) =>
        (await import('../work/completion.ts')).completion(program, shell, options, runtime),
      ),
    );
}
