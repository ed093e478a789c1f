import { describe, expect, it } from 'vitest';
import { PareError } from '../../analyzer/model/problem.ts';
import { describeFailure } from '../../bot/cli/failure.ts';
import { Interrupted } from '../../bot/cli/runtime.ts';

function problem(fault: 'input' | 'configuration' | 'environment' | 'bug') {
  return new PareError({
    code: 'x',
    message: 'it is\nwrong\u001b[31m',
    next: 'mend it',
    fault,
    file: 'dir/a.json',
    at: 3,
  });
}

describe('a failure', () => {
  it.each([
    ['input', 1],
    ['environment', 1],
    ['bug', 1],
    ['configuration', 3],
  ] as const)('of %s exits %i with file, line and next step on one line', (fault, code) => {
    const failure = describeFailure(problem(fault), { debug: false });
    expect(failure).toEqual({ code, lines: ['pare: dir/a.json:3: it is\\u{a}wrong\\u{1b}[31m; mend it'] });
  });

  it('that nobody foresaw is called a bug, and shows its stack only when asked', () => {
    const plain = describeFailure(new TypeError('x is undefined'), { debug: false });
    expect(plain.code).toBe(1);
    expect(plain.lines).toEqual([
      'pare: TypeError: x is undefined; this is a bug, run again with --debug and report what it prints',
    ]);
    const debug = describeFailure(new TypeError('x is undefined', { cause: new Error('below') }), { debug: true });
    expect(debug.lines.join('\n')).toMatch(/at .*failure\.test/);
    expect(debug.lines).toContain('caused by:');
  });

  it.each([
    ['ENOSPC', 'write', 'no space left on the device'],
    ['EACCES', 'open', 'permission denied'],
  ])('of the system that nobody caught (%s) still names the file and the next step', (code, syscall, words) => {
    const error = Object.assign(new Error(code), { code, syscall, path: '/data/x' });
    const { lines, code: exit } = describeFailure(error, { debug: false });
    expect(exit).toBe(1);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(new RegExp(`^pare: /data/x: cannot (read|write): ${words}; `));
  });

  it('by interrupt exits 130', () => {
    expect(describeFailure(new Interrupted('SIGINT'), { debug: false })).toEqual({
      code: 130,
      lines: ['pare: interrupted by SIGINT; nothing was left half-written'],
    });
  });
});
