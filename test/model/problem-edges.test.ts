import { describe, expect, it } from 'vitest';
import { formatProblem, PareError, type Problem } from '../../analyzer/model/problem.ts';

const problem: Problem = { code: 'x-y', message: 'it is wrong', next: 'make it right', fault: 'input' };

describe('a problem in one line', () => {
  it.each<[Partial<Problem>, string]>([
    [{}, 'it is wrong; make it right'],
    [{ file: 'a.yml' }, 'a.yml: it is wrong; make it right'],
    [{ file: 'a.yml', at: 7 }, 'a.yml:7: it is wrong; make it right'],
    [{ file: 'a.yml', at: 0 }, 'a.yml:0: it is wrong; make it right'],
    [{ file: 'a.json', at: '$.rules' }, 'a.json:$.rules: it is wrong; make it right'],
    [{ at: 7 }, 'it is wrong; make it right'],
  ])('with %j is %s', (more, text) => expect(formatProblem({ ...problem, ...more })).toBe(text));

  it('is what its error says, and the error keeps the problem and its cause', () => {
    const cause = new Error('because');
    const error = new PareError({ ...problem, file: 'a.yml' }, { cause });
    expect(error).toBeInstanceOf(Error);
    expect([error.name, error.message, error.problem.code]).toEqual([
      'PareError',
      'a.yml: it is wrong; make it right',
      'x-y',
    ]);
    expect(error.cause).toBe(cause);
  });
});
