import nock from 'nock';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { githubSignIn } from '../../../bot/github/web/github-sign-in.ts';

const APP = { clientId: 'Iv1.0123456789abcdef', clientSecret: 'shh-0123456789' };
const BACK = 'https://pare.example.com/report/callback';

beforeEach(() => {
  nock.disableNetConnect();
});
afterEach(() => {
  nock.cleanAll();
  nock.enableNetConnect();
});

function exchange(answer: object) {
  return nock('https://github.com')
    .post('/login/oauth/access_token', {
      client_id: APP.clientId,
      client_secret: APP.clientSecret,
      code: 'abc',
      redirect_uri: BACK,
    })
    .reply(200, answer, { date: 'Thu, 01 Oct 2026 00:00:00 GMT' });
}
const TOKEN = {
  access_token: 'ghu_1',
  expires_in: 28800,
  refresh_token: 'ghr_1',
  refresh_token_expires_in: 15897600,
  scope: '',
  token_type: 'bearer',
};

describe('signing in with GitHub', () => {
  it('sends people to GitHub with the state and the way back', () => {
    const url = new URL(githubSignIn(APP).authorizeUrl('s', BACK));
    expect(url.origin + url.pathname).toBe('https://github.com/login/oauth/authorize');
    expect(Object.fromEntries(url.searchParams)).toMatchObject({
      client_id: APP.clientId,
      state: 's',
      redirect_uri: BACK,
    });
    const own = githubSignIn({ ...APP, baseUrl: 'https://ghe.example.com/api/v3/' }).authorizeUrl('s', BACK);
    expect(own).toMatch(/^https:\/\/ghe\.example\.com\/login\/oauth\/authorize\?/);
  });

  it('asks who it is, and gives the token back', async () => {
    exchange(TOKEN);
    const api = nock('https://api.github.com')
      .get('/user')
      .matchHeader('authorization', 'token ghu_1')
      .reply(200, { login: 'alice' })
      .delete(`/applications/${APP.clientId}/token`, { access_token: 'ghu_1' })
      .reply(204);
    expect(await githubSignIn(APP).login('abc', BACK)).toBe('alice');
    expect(api.isDone()).toBe(true);
  });

  it('a code that GitHub does not know is nobody', async () => {
    exchange({
      error: 'bad_verification_code',
      error_description: 'The code passed is incorrect or expired.',
      error_uri: '',
    });
    expect(await githubSignIn(APP).login('abc', BACK)).toBeNull();
  });

  it('gives the token back also where it cannot be used, and says that it failed', async () => {
    exchange(TOKEN);
    const api = nock('https://api.github.com')
      .get('/user')
      .reply(502)
      .delete(`/applications/${APP.clientId}/token`)
      .reply(204);
    await expect(githubSignIn(APP).login('abc', BACK)).rejects.toThrow();
    expect(api.isDone()).toBe(true);
  });

  it('a failure to give it back is no failure to sign in', async () => {
    exchange(TOKEN);
    nock('https://api.github.com')
      .get('/user')
      .reply(200, { login: 'alice' })
      .delete(/token$/)
      .reply(500);
    expect(await githubSignIn(APP).login('abc', BACK)).toBe('alice');
  });
});
