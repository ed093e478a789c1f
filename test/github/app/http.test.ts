import nock from 'nock';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createPlatform } from '../../../bot/github/platform/github.ts';
import { tokenClient } from '../../../bot/github/platform/octokit.ts';
import { fakeClock } from '../fake-platform.ts';

const HOST = 'https://github.test';
const REPO = '/api/v3/repos/acme/infra';

beforeEach(() => {
  nock.disableNetConnect();
});
afterEach(() => {
  expect(nock.pendingMocks()).toEqual([]);
  nock.cleanAll();
  nock.enableNetConnect();
});

function platform() {
  const clock = fakeClock();
  const start = clock.at;
  const made = createPlatform({
    client: tokenClient({ token: 't', baseUrl: `${HOST}/api/v3` }),
    repository: { owner: 'acme', name: 'infra' },
    clock,
    viewer: 'pare[bot]',
  });
  return { platform: made, waited: () => clock.at - start };
}

const COMMENT = { id: 1, body: 'x', user: { login: 'pare[bot]' }, created_at: '2026-11-01T00:00:00Z' };
const PULL = {
  number: 4,
  html_url: 'u',
  title: 't',
  body: '',
  state: 'open',
  draft: false,
  head: { ref: 'pare/x', sha: 'h', repo: { full_name: 'acme/infra' } },
  base: { ref: 'main' },
  labels: [],
  created_at: '2026-11-01T00:00:00Z',
  closed_at: null,
  merged_at: null,
  merge_commit_sha: null,
  mergeable: true,
};

describe('faults on the wire, on GitHub Enterprise Server', () => {
  it('a 500 of a read is asked again', async () => {
    nock(HOST).get(`${REPO}/issues/7`).reply(500).get(`${REPO}/issues/7`).reply(502);
    nock(HOST)
      .get(`${REPO}/issues/7`)
      .reply(200, { ...PULL, number: 7, user: null });
    const { platform: one, waited } = platform();
    expect((await one.issue(7))?.number).toBe(7);
    expect(waited()).toBeGreaterThan(0);
  });

  it('a connection that breaks while a comment is made is not made twice: the job looks first', async () => {
    nock(HOST).post(`${REPO}/issues/7/comments`).replyWithError('socket hang up');
    await expect(platform().platform.createComment(7, 'x')).rejects.toThrow(/commenting failed/);
  });

  it('a 500 of a comment is left to the job too', async () => {
    nock(HOST).post(`${REPO}/issues/7/comments`).reply(500);
    await expect(platform().platform.createComment(7, 'x')).rejects.toMatchObject({
      problem: { code: 'github-unavailable' },
    });
  });

  it('a secondary limit is waited out as long as GitHub says, a minute where it says nothing', async () => {
    const limited = { message: 'You have exceeded a secondary rate limit.' };
    nock(HOST).post(`${REPO}/issues/7/comments`).reply(403, limited, { 'retry-after': '90' });
    nock(HOST).post(`${REPO}/issues/7/comments`).reply(403, limited);
    nock(HOST).post(`${REPO}/issues/7/comments`).reply(201, COMMENT);
    const { platform: one, waited } = platform();
    expect((await one.createComment(7, 'x')).own).toBe(true);
    expect(waited()).toBeGreaterThanOrEqual(150);
  });

  it('“already exists” of a pull request or branch is a lost race and no error', async () => {
    nock(HOST).post(`${REPO}/git/refs`).reply(422, { message: 'Reference already exists' });
    nock(HOST)
      .post(`${REPO}/pulls`)
      .reply(422, {
        message: 'Validation Failed',
        errors: [{ message: 'A pull request already exists for acme:pare/x.' }],
      });
    nock(HOST).get(`${REPO}/pulls`).query(true).reply(200, [PULL]);
    nock(HOST).get(`${REPO}/pulls/4`).reply(200, PULL);
    nock(HOST).get(`${REPO}/pulls/4/commits`).query(true).reply(200, []);
    const { platform: one } = platform();
    expect(await one.createBranch('pare/x', 'a'.repeat(40))).toBe('exists');
    const made = await one.createPull({ branch: 'pare/x', base: 'main', title: 't', body: '', draft: false });
    expect([made.state, made.pull.number]).toEqual(['exists', 4]);
  });

  it('a permission is none where GitHub refuses it, and asked for again where GitHub does not answer', async () => {
    for (const status of [404, 403]) {
      nock(HOST).get(`${REPO}/collaborators/eve/permission`).reply(status, { message: 'no' });
      expect(await platform().platform.permission('eve')).toBe('none');
    }
    nock(HOST).get(`${REPO}/collaborators/eve/permission`).times(4).reply(500);
    await expect(platform().platform.permission('eve')).rejects.toMatchObject({
      problem: { code: 'github-unavailable' },
    });
  });
});
