import { readFileSync } from 'node:fs';
import { parse } from 'graphql';
import { describe, expect, it } from 'vitest';
import { BLAME, TO_DRAFT } from '../../bot/github/platform/graphql.ts';
import { DOCUMENTS, trimmed } from './graphql/trim.ts';
import { assertGraphql } from './graphql/validate.ts';

const draft = { query: TO_DRAFT, variables: { id: 'PR_1' } };
const blame = { query: BLAME, variables: { owner: 'acme', name: 'infra', oid: 'a'.repeat(40), path: 'main.tf' } };
const range = { startingLine: 1, endingLine: 2, commit: { author: { user: { login: 'alice' } } } };
const blamed = (ranges: unknown) => ({ data: { repository: { object: { blame: { ranges } } } } });
const drafted = { data: { convertPullRequestToDraft: { pullRequest: { isDraft: true } } } };

describe("the trimmed copy of GitHub's GraphQL schema", () => {
  it('holds what the documents of the App need, and no more', () => {
    const stored = readFileSync(new URL('graphql/schema.graphql', import.meta.url), 'utf8');
    expect(`${trimmed(stored)}\n`).toBe(stored);
    expect(DOCUMENTS.map((one) => parse(one).definitions.length)).toEqual([1, 1, 1]);
  });

  it.each([
    ['a draft', draft, drafted],
    ['lines and who wrote them', blame, blamed([range])],
    ['lines of one who has no account', blame, blamed([{ ...range, commit: { author: { user: null } } }])],
    ['no such commit', blame, { data: { repository: { object: null } } }],
    ['a refusal', draft, { data: null, errors: [{ type: 'NOT_FOUND', message: 'no such node' }] }],
  ])('accepts %s', (_, sent, body) => {
    expect(() => assertGraphql(sent, { status: 200, body })).not.toThrow();
  });

  it.each([
    ['a field that GitHub does not have', { ...draft, query: TO_DRAFT.replace('isDraft', 'draft') }, drafted, 'draft'],
    ['a variable that is missing', { ...blame, variables: { owner: 'acme' } }, blamed([]), '$name'],
    [
      'a variable that is missing, refused',
      { ...draft, variables: {} },
      { data: null, errors: [{ message: 'x' }] },
      '$id',
    ],
    ['a variable of another type', { ...draft, variables: { id: [] } }, drafted, '$id'],
    ['a reply under another name', draft, { data: { any: { pullRequest: { isDraft: true } } } }, 'asked was'],
    ['a reply of another type', blame, blamed([{ ...range, startingLine: 'one' }]), 'Int'],
    ['a reply that leaves out what is never null', blame, blamed([{ startingLine: 1, endingLine: 2 }]), 'non-null'],
    ['a reply that says more', draft, { data: { ...drafted.data, more: 1 } }, 'asked was'],
  ])('finds %s', (_, sent, body, message) => {
    expect(() => assertGraphql(sent, { status: 200, body })).toThrow(message);
  });
});
