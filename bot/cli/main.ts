#!/usr/bin/env node
import { clip, terminalSafe } from '@pare/analyzer/model/text.ts';
import { Command, CommanderError } from 'commander';
import { removeUnfinished } from './atomic.ts';
import { COMMANDS } from './commands.ts';
import { describeFailure } from './failure.ts';
import { createProgress, SILENT } from './progress.ts';
import { EXIT, type ExitCode, Interrupted, type Run, type Runtime } from './runtime.ts';

/** How long a command may take to unwind after Ctrl-C before it is ended regardless. */
const GRACE_MS = 10_000;

const controller = new AbortController();
const debug = process.argv.includes('--debug');
/** Filled as the commands register, for the hint after a usage error. */
const knownCommands = new Set<string>();
const quiet = process.argv.includes('--quiet') || process.argv.includes('-q');

process.exitCode = await main();
// Whatever a library left open (a pool, a timer) must not keep a finished command alive.
removeUnfinished();
process.exit();

async function main(): Promise<ExitCode> {
  const runtime = createRuntime();
  listenForInterrupt(runtime);
  listenForClosedPipe();
  let code: ExitCode = EXIT.clean;
  const run: Run =
    (work) =>
    async (...args) => {
      code = await work(runtime, ...args);
    };
  try {
    const program = createProgram();
    for (const register of await Promise.all(COMMANDS.map((load) => load()))) register(program, run);
    for (const command of program.commands) knownCommands.add(command.name());
    if (process.argv.length <= 2) {
      program.outputHelp({ error: true });
      return EXIT.configuration;
    }
    await program.parseAsync(process.argv);
    runtime.progress.clear();
    return code;
  } catch (thrown) {
    runtime.progress.clear();
    if (thrown instanceof CommanderError) return usage(thrown);
    const failure = describeFailure(controller.signal.aborted ? controller.signal.reason : thrown, { debug });
    for (const line of failure.lines) process.stderr.write(`${line}\n`);
    return failure.code;
  }
}

function createProgram(): Command {
  return new Command('pare')
    .description('Pares AWS security groups down to what traffic proves they need.')
    .version('0.1.0', '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .option('-q, --quiet', 'no progress and no remarks on stderr, only errors')
    .option('--debug', 'print the stack of an error')
    .option('--no-color', 'no colour, as with NO_COLOR=1')
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({ outputError: () => {} })
    .showSuggestionAfterError(true)
    .addHelpText(
      'after',
      '\nExit codes: 0 clean, 1 error, 2 findings (with --detailed-exitcode),\n3 bad configuration or usage, 130 interrupted.',
    )
    .exitOverride();
}

/** Help and version are no errors; the rest is one line with the next step. */
function usage(error: CommanderError): ExitCode {
  if (error.exitCode === 0) return EXIT.clean;
  if (error.code === 'commander.help') return EXIT.configuration;
  const message = error.message.replace(/^error: /, '').replace(/\s*\n\s*/g, ' ');
  const command = process.argv[2] ?? '';
  const where = knownCommands.has(command) ? `pare ${command} --help` : 'pare --help';
  process.stderr.write(`pare: ${terminalSafe(message)}; see ${where}\n`);
  return EXIT.configuration;
}

function createRuntime(): Runtime {
  const wantsColor =
    !process.argv.includes('--no-color') && (process.env.NO_COLOR ?? '') === '' && process.env.TERM !== 'dumb';
  const progress = quiet
    ? SILENT
    : createProgress({
        write: (text) => process.stderr.write(text),
        terminal: process.stderr.isTTY === true && process.env.TERM !== 'dumb',
        width: process.stderr.columns ?? 80,
        now: () => performance.now(),
      });
  return {
    write: (text) =>
      new Promise((resolve, reject) => {
        progress.clear();
        process.stdout.write(text, (error) => (error ? reject(error) : resolve()));
      }),
    note: (level, text) => {
      if (quiet && level === 'info') return;
      progress.clear();
      process.stderr.write(`pare: ${level === 'warning' ? 'warning: ' : ''}${clip(terminalSafe(text), 2_000)}\n`);
    },
    progress,
    signal: controller.signal,
    color: wantsColor && process.stdout.isTTY === true,
    width: process.stdout.columns ?? 80,
  };
}

/** The first Ctrl-C asks the command to stop, which removes what it began; the second, or ten seconds, ends it. */
function listenForInterrupt(runtime: Runtime): void {
  const onSignal = (signal: NodeJS.Signals) => {
    if (controller.signal.aborted) end();
    controller.abort(new Interrupted(signal));
    setTimeout(end, GRACE_MS).unref();
  };
  const end = (): never => {
    runtime.progress.clear();
    removeUnfinished();
    process.exit(EXIT.interrupted);
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal);
}

/** `pare … | head`: the reader has had enough, which is no error of ours. */
function listenForClosedPipe(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE') {
        removeUnfinished();
        process.exit(EXIT.clean);
      }
      if (stream === process.stdout) {
        process.stderr.write(`pare: standard output: cannot write: ${error.code}; send it elsewhere, or use --out\n`);
      }
      removeUnfinished();
      process.exit(EXIT.error);
    });
  }
}
