import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import nock from 'nock';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { formatProblem } from '../../../analyzer/model/problem.ts';
import { type RemoteEffects, tokenFor, tokenVariable } from '../../../bot/source/state/adapters/remote.ts';
import { readStates } from '../../../bot/source/state/index.ts';

const STATE = JSON.stringify({
  version: 4,
  resources: [
    {
      mode: 'managed',
      type: 'aws_vpc_security_group_ingress_rule',
      name: 'r',
      instances: [
        {
          attributes: {
            id: 'sgr-1',
            security_group_rule_id: 'sgr-1',
            security_group_id: 'sg-1',
            ip_protocol: 'tcp',
            from_port: 443,
            to_port: 443,
            cidr_ipv4: '10.0.0.0/8',
          },
        },
      ],
    },
    { mode: 'managed', type: 'aws_db_instance', name: 'd', instances: [{ attributes: { password: 'hunter2' } }] },
  ],
});

function failing(name: string): Error {
  return Object.assign(new Error(`${name} by AWS`), { name });
}

function effects(over: Partial<RemoteEffects>): RemoteEffects {
  return {
    getObject: () => Promise.reject(new Error('no bucket in this test')),
    fetch,
    token: async () => 'secret-token',
    ...over,
  };
}

describe('a state in a bucket', () => {
  it('is read by bucket and key, with the workspace that its key names, and no more of it than concerns groups', async () => {
    const asked: string[] = [];
    const remote = effects({
      getObject: async (bucket, key) => {
        asked.push(`${bucket} ${key}`);
        return new TextEncoder().encode(STATE);
      },
    });
    const address = 's3://states/env:/eu/app=1/terraform.tfstate';
    const { states, problems } = await readStates([`live/app=${address}`, address], remote);
    expect(problems).toEqual([]);
    expect(asked).toEqual(Array(2).fill('states env:/eu/app=1/terraform.tfstate'));
    expect(states.map((state) => [state.root, state.workspace, state.origin])).toEqual([
      ['live/app', 'eu', address],
      [null, 'eu', address],
    ]);
    expect(states[0]!.rules[0]).toMatchObject({ ruleId: 'sgr-1', groupId: 'sg-1' });
    expect(JSON.stringify(states)).not.toContain('hunter2');
  });

  it.each([
    ['NoSuchKey', 'state-missing'],
    ['NoSuchBucket', 'state-missing'],
    ['AccessDenied', 'state-forbidden'],
    ['CredentialsProviderError', 'state-credentials'],
    ['SlowDown', 'state-unreadable'],
  ])('that answers %s is one line with the next step', async (name, code) => {
    const { states, problems } = await readStates(
      ['s3://b/k'],
      effects({ getObject: () => Promise.reject(failing(name)) }),
    );
    expect(states).toEqual([]);
    expect(problems.map((problem) => problem.code)).toEqual([code]);
    expect(formatProblem(problems[0]!)).toMatch(/^s3:\/\/b\/k: [^\n]+; [^\n]+$/);
  });

  it('is bounded in size, and must be UTF-8', async () => {
    const large = await readStates(['s3://b/k'], effects({ getObject: async () => 'too-large' }));
    expect(large.problems[0]!.code).toBe('state-too-large');
    const bytes = await readStates(['s3://b/k'], effects({ getObject: async () => Uint8Array.of(0x7b, 0xff) }));
    expect(bytes.problems[0]!.code).toBe('state-not-utf8');
  });
});

describe('a state in HCP Terraform or Terraform Enterprise', () => {
  beforeEach(() => nock.disableNetConnect());
  afterEach(() => {
    nock.cleanAll();
    nock.enableNetConnect();
  });

  const bearer = { reqheaders: { authorization: 'Bearer secret-token' } };

  function serve(host: string, download: string): void {
    nock(`https://${host}`, bearer)
      .get('/api/v2/organizations/acme/workspaces/network-prod')
      .reply(200, { data: { id: 'ws-1' } })
      .get('/api/v2/workspaces/ws-1/current-state-version')
      .reply(200, { data: { attributes: { 'hosted-state-download-url': download } } });
  }

  it.each([
    ['hcp://acme/network-prod', 'app.terraform.io'],
    ['https://app.terraform.io/app/acme/workspaces/network-prod/states', 'app.terraform.io'],
    ['tfe://tfe.example.com/acme/network-prod', 'tfe.example.com'],
  ])('is read at %s', async (address, host) => {
    serve(host, `https://${host}/archive/1`);
    nock(`https://${host}`, bearer).get('/archive/1').reply(200, STATE);
    const { states, problems } = await readStates([`net=${address}`], effects({}));
    expect(problems).toEqual([]);
    expect(states.map((state) => [state.root, state.workspace, state.rules.length])).toEqual([
      ['net', 'network-prod', 1],
    ]);
    expect(nock.isDone()).toBe(true);
  });

  it("gives the token to HCP's archive, and to no other host", async () => {
    serve('app.terraform.io', 'https://archivist.terraform.io/v1/object/x');
    nock('https://archivist.terraform.io', bearer).get('/v1/object/x').reply(200, STATE);
    expect((await readStates(['hcp://acme/network-prod'], effects({}))).problems).toEqual([]);
    serve('app.terraform.io', 'https://evil.example/x');
    nock('https://evil.example', { badheaders: ['authorization'] })
      .get('/x')
      .reply(200, STATE);
    expect((await readStates(['hcp://acme/network-prod'], effects({}))).states).toHaveLength(1);
  });

  it('is downloaded over https only', async () => {
    serve('app.terraform.io', 'http://archivist.terraform.io/v1/object/x');
    const { problems } = await readStates(['hcp://acme/network-prod'], effects({}));
    expect(problems.map((problem) => problem.code)).toEqual(['state-unreadable']);
  });

  it.each([
    [401, 'state-token'],
    [404, 'state-missing'],
    [500, 'state-unreadable'],
  ])('behind an answer of %d is one line without the token', async (status, code) => {
    nock('https://app.terraform.io').get('/api/v2/organizations/acme/workspaces/w').reply(status, 'nothing');
    const { problems } = await readStates(['hcp://acme/w'], effects({}));
    expect(problems.map((problem) => problem.code)).toEqual([code]);
    expect(formatProblem(problems[0]!)).toMatch(/^hcp:\/\/acme\/w: [^\n]+; [^\n]+$/);
    expect(JSON.stringify(problems)).not.toContain('secret-token');
  });

  it('that answers something else, or not at all, is one line', async () => {
    nock('https://app.terraform.io').get('/api/v2/organizations/acme/workspaces/w').reply(200, '{"data": []}');
    nock('https://app.terraform.io').get('/api/v2/organizations/acme/workspaces/v').replyWithError('connection reset');
    const { problems } = await readStates(['hcp://acme/w', 'hcp://acme/v'], effects({}));
    expect(problems.map((problem) => problem.code)).toEqual(['state-unreadable', 'state-unreadable']);
  });

  it('asks for a token by the name that Terraform reads, and finds what terraform login wrote', async () => {
    const { problems } = await readStates(['tfe://my-tfe.example.com/a/b'], effects({ token: async () => null }));
    expect(problems[0]!.next).toContain('TF_TOKEN_my__tfe_example_com');
    const home = await mkdtemp(join(tmpdir(), 'pare-home-'));
    try {
      expect(await tokenFor('h.example', {}, home)).toBeNull();
      await mkdir(join(home, '.terraform.d'));
      const credentials = { credentials: { 'h.example': { token: 'from-login' } } };
      await writeFile(join(home, '.terraform.d', 'credentials.tfrc.json'), JSON.stringify(credentials));
      expect(await tokenFor('h.example', {}, home)).toBe('from-login');
      expect(await tokenFor('h.example', { [tokenVariable('h.example')]: 'from-environment' }, home)).toBe(
        'from-environment',
      );
      expect(await tokenFor('other.example', {}, home)).toBeNull();
      const shared = { TFE_TOKEN: 'for-one-host' };
      expect(await tokenFor('app.terraform.io', shared, home)).toBe('for-one-host');
      expect(await tokenFor('other.example', shared, home)).toBeNull();
      expect(await tokenFor('other.example', { ...shared, TFE_HOSTNAME: 'other.example' }, home)).toBe('for-one-host');
    } finally {
      await rm(home, { recursive: true });
    }
  });
});

describe('an address of nothing that is known', () => {
  it.each([
    's3://bucket',
    'https://example.com/state.json',
    'hcp://only',
    'tfe://h/../x/y',
    'http://app.terraform.io/app/a/workspaces/b',
  ])('%s gets the forms there are', async (address) => {
    const { problems } = await readStates([address], effects({}));
    expect(problems.map((problem) => problem.code)).toEqual(['state-address']);
    expect(problems[0]!.next).toContain('hcp://ORG/WORKSPACE');
  });
});
