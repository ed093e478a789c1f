import type { Command } from 'commander';
import type { Progress } from './progress.ts';

/** What a command is given besides its options; made once in main.ts, by hand in tests. */
export interface Runtime {
  /** Data. Resolves when the reader has taken it; never resolves to a half-written line at exit. */
  write(text: string): Promise<void>;
  /** A line for people, on stderr; above the progress line where there is one. Left out with --quiet only for `info`. */
  note(level: 'info' | 'warning', text: string): void;
  readonly progress: Progress;
  /** Aborted on Ctrl-C and SIGTERM, with an Interrupted as reason. */
  readonly signal: AbortSignal;
  /** Of stdout. */
  readonly color: boolean;
  /** Columns of stdout; 80 where it is no terminal. */
  readonly width: number;
}

/** Exit codes of the command; scripts rely on them. */
export const EXIT = { clean: 0, error: 1, findings: 2, configuration: 3, interrupted: 130 } as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/**
 * One command: declares its options, and imports its work only when it runs, so that `pare --help` stays quick. The work returns the
 * exit code.
 */
export type Register = (program: Command, run: Run) => void;

/**
 * Binds the work to commander:
 * `.action(run(async (runtime, options: PlanOptions) => (await import('../work/plan.ts')).plan(options, runtime)))`.
 * Operands come before the options, as commander gives them: `run(async (runtime, id: string, options: O) => …)`.
 */
export type Run = <Args extends unknown[]>(
  work: (runtime: Runtime, ...args: Args) => Promise<ExitCode>,
) => (...args: Args) => Promise<void>;

/** The reason of the aborted signal. */
export class Interrupted extends Error {
  constructor(signal: string) {
    super(`interrupted by ${signal}`);
    this.name = 'Interrupted';
  }
}
