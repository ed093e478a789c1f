import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, inject } from 'vitest';
import { createAwsApi } from '../../analyzer/inventory/live/index.ts';
import type { AwsApi } from '../../analyzer/inventory/live/operations.ts';
import { type Outcome, pare } from '../cli/pare.ts';
import { type Bystander, startProxy } from './proxy.ts';
import { resetMoto } from './seed.ts';

export interface Bench {
  moto: string;
  proxy: Bystander;
  /** A new folder for each test. */
  dir: string;
  /** The environment in which AWS is the proxy, and nobody's own credentials are found. */
  env: Record<string, string>;
  pull(args: readonly string[], started?: Parameters<typeof pare>[1]): Promise<Outcome>;
  api(options?: Partial<Parameters<typeof createAwsApi>[0]>): AwsApi;
}

/** The proxy in front of moto for one file of tests; no test may leave a violation of AWS's models behind. */
export function useBench(): Bench {
  const given = inject('moto');
  const bench = { moto: given.url } as Bench;
  const closers: (() => void)[] = [];
  beforeAll(async () => {
    await resetMoto(given.url);
    bench.proxy = await startProxy(given);
    bench.env = {
      AWS_ENDPOINT_URL: bench.proxy.url,
      AWS_ACCESS_KEY_ID: 'testing',
      AWS_SECRET_ACCESS_KEY: 'testing',
      AWS_REGION: 'eu-west-1',
      AWS_EC2_METADATA_DISABLED: 'true',
      AWS_CONFIG_FILE: '/dev/null',
      AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
    };
    Object.assign(process.env, bench.env);
  });
  beforeEach(() => {
    bench.dir = mkdtempSync(join(tmpdir(), 'pare-moto-test-'));
    bench.proxy.reset();
    standInForWhatMotoLacks(bench.proxy);
  });
  afterEach(() => {
    rmSync(bench.dir, { recursive: true, force: true });
    for (const close of closers.splice(0)) close();
    expect(bench.proxy.violations).toEqual([]);
  });
  afterAll(() => bench.proxy.close());
  bench.pull = (args, options = {}) =>
    pare(['inventory', '--out', join(bench.dir, 'out'), ...args], {
      ...options,
      env: { ...bench.env, ...options.env },
    });
  bench.api = (options = {}) => {
    const api = createAwsApi({
      profile: null,
      externalId: null,
      sessionName: 'test-session',
      sessionTags: {},
      sessionPolicy: '{"Version":"2012-10-17","Statement":[]}',
      ...options,
    });
    closers.push(() => api.close());
    return api;
  };
  return bench;
}

/** Operations that moto 5.2.5 does not have, answered with nothing unless a test says more. */
function standInForWhatMotoLacks(proxy: Bystander): void {
  proxy.standIns.clear();
  proxy.standIns.set('DescribeStaleSecurityGroups', () => ({ StaleSecurityGroupSet: [] }));
  proxy.standIns.set('DescribeSecurityGroupVpcAssociations', () => ({ SecurityGroupVpcAssociations: [] }));
  proxy.standIns.set('ListDiscoveredResources', () => ({ resourceIdentifiers: [] }));
  proxy.standIns.set('GetResourceConfigHistory', () => ({ configurationItems: [] }));
  proxy.standIns.set('LookupEvents', () => ({ Events: [] }));
}

/** All files below a folder by their paths in it, sorted. */
export function filesIn(dir: string): string[] {
  return readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(dir.length + 1))
    .sort();
}
