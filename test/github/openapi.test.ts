import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { printed, trimmed } from './openapi/trim.ts';
import { assertExchange, operationOf, queryViolations } from './openapi/validate.ts';

const none = new URLSearchParams();
const ref = { ref: 'refs/heads/x', node_id: 'n', url: 'u', object: { type: 'commit', sha: 's', url: 'u' } };

describe('the trimmed description of GitHub', () => {
  it('is what the installed package says (else run: node test/github/openapi/trim.ts)', () => {
    const stored = readFileSync(new URL('openapi/fixtures/github.json', import.meta.url), 'utf8');
    expect(stored === printed(trimmed())).toBe(true);
  });

  it('accepts what GitHub describes', () => {
    const request = {
      method: 'POST',
      path: '/repos/a/b/git/refs',
      query: none,
      body: { ref: 'refs/heads/x', sha: 's' },
    };
    expect(() => assertExchange(request, { status: 201, body: ref })).not.toThrow();
  });

  it.each([
    ['a missing name', '/repos/a/b/git/refs', { ref: 'refs/heads/x' }, 201, ref, 'sha is missing'],
    ['an unknown name', '/repos/a/b/git/refs', { ref: 'x', sha: 's', forse: true }, 201, ref, 'forse is unknown'],
    ['a wrong type', '/repos/a/b/git/refs', { ref: 'x', sha: 7 }, 201, ref, '7 is no string'],
    ['a wrong value', '/repos/a/b/git/trees', { tree: [{ path: 'x', mode: '100777' }] }, 422, {}, 'mode'],
    ['no body', '/repos/a/b/git/refs', null, 201, ref, 'the body is missing'],
    ['a reply of another shape', '/repos/a/b/git/refs', { ref: 'x', sha: 's' }, 201, { ref: 'x' }, 'object is missing'],
    ['a status it does not give', '/repos/a/b/git/refs', { ref: 'x', sha: 's' }, 206, ref, 'status 206'],
    ['a route that the App may not call', '/repos/a/b/hooks', {}, 201, {}, 'no route of used.ts'],
  ])('finds %s', (_, path, body, status, reply, message) => {
    expect(() => assertExchange({ method: 'POST', path, query: none, body }, { status, body: reply })).toThrow(message);
  });

  it('finds the most literal route, and queries that GitHub does not know', () => {
    expect(operationOf('GET', '/repos/a/b/git/ref/heads/pare/x')?.id).toBe('git/get-ref');
    expect(operationOf('GET', '/repos/a/b/contents/.github/pare.yml')?.id).toBe('repos/get-content');
    const list = operationOf('GET', '/repos/a/b/pulls')!;
    expect(queryViolations(new URLSearchParams('state=open&per_page=100'), list)).toEqual([]);
    expect(queryViolations(new URLSearchParams('state=opne&perpage=1'), list)).toHaveLength(2);
  });
});
