/**
 * What a user is told when input is wrong or a step cannot be done: one clear line that names the place and the next step.
 * `fault` says whose it is and so decides the exit code: `input` and `environment` 1, `configuration` 3, `bug` 1.
 */
export interface Problem {
  /** Stable identifier in kebab case, e.g. `flow-log-header-without-interface-id`. */
  code: string;
  /** What is wrong, one sentence without a final period. */
  message: string;
  /** What the user should do next, one sentence without a final period. */
  next: string;
  fault: 'input' | 'configuration' | 'environment' | 'bug';
  /** Path as the user gave it. */
  file?: string;
  /** Line (1-based), record number or JSON path within the file. */
  at?: number | string;
}

/** A problem that ends the command. Thrown at the edges only; the pure core returns problems as values. */
export class PareError extends Error {
  readonly problem: Problem;
  constructor(problem: Problem, options?: { cause?: unknown }) {
    super(formatProblem(problem), options);
    this.name = 'PareError';
    this.problem = problem;
  }
}

/** One line: `file:at: message; next`. */
export function formatProblem(problem: Problem): string {
  const place =
    problem.file === undefined ? '' : `${problem.file}${problem.at === undefined ? '' : `:${problem.at}`}: `;
  return `${place}${problem.message}; ${problem.next}`;
}
