import { formatProblem, PareError } from '@pare/analyzer/model/problem.ts';
import { terminalSafe } from '@pare/analyzer/model/text.ts';
import { fileProblem, isSystemError } from './atomic.ts';
import { EXIT, type ExitCode, Interrupted } from './runtime.ts';

export interface Failure {
  code: ExitCode;
  /** Lines for stderr, without line ends. */
  lines: readonly string[];
}

/** What to say and how to exit when a command ended by throwing. One line, unless it is our bug and --debug asks for the stack. */
export function describeFailure(thrown: unknown, options: { debug: boolean }): Failure {
  const error = asPareError(thrown);
  if (error instanceof Interrupted)
    return { code: EXIT.interrupted, lines: [`pare: ${error.message}; nothing was left half-written`] };
  if (error instanceof PareError) {
    const code = error.problem.fault === 'configuration' ? EXIT.configuration : EXIT.error;
    const lines = [`pare: ${terminalSafe(formatProblem(error.problem))}`];
    if (options.debug) lines.push(...stackOf(error));
    return { code, lines };
  }
  const message = terminalSafe(error instanceof Error ? `${error.name}: ${error.message}` : String(error));
  const next = options.debug
    ? 'please report it with the lines below'
    : 'run again with --debug and report what it prints';
  return {
    code: EXIT.error,
    lines: [`pare: ${message}; this is a bug, ${next}`, ...(options.debug ? stackOf(error) : [])],
  };
}

/** A system error that nobody put in words (a full disk below a library) still names its file and the next step. */
function asPareError(thrown: unknown): unknown {
  if (thrown instanceof Error && thrown.name === 'AbortError' && thrown.cause instanceof Interrupted)
    return thrown.cause;
  if (!isSystemError(thrown)) return thrown;
  const path = 'path' in thrown && typeof thrown.path === 'string' ? thrown.path : null;
  const call = 'syscall' in thrown && typeof thrown.syscall === 'string' ? thrown.syscall : '';
  if (path === null && thrown.code !== 'ENOSPC') return thrown;
  return fileProblem(path ?? 'disk', /write|rename|mkdir|unlink|sync/.test(call) ? 'write' : 'read', thrown);
}

function stackOf(error: unknown): string[] {
  const lines: string[] = [];
  for (let at = error; at instanceof Error; at = at.cause) {
    lines.push(...(at.stack ?? at.message).split('\n').map(terminalSafe));
    if (at.cause instanceof Error) lines.push('caused by:');
  }
  return lines;
}
