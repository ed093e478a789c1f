import { describe, expect, it } from 'vitest';
import type { FlowLogSetting, Inventory } from '../../analyzer/model/inventory.ts';
import { diagnose, RECOMMENDED_FORMAT } from '../../bot/cli/work/doctor-checks.ts';
import { sampleDocument } from '../report/fixture.ts';

const LOG: FlowLogSetting = {
  flowLogId: 'fl-1',
  accountId: '111122223333',
  region: 'eu-west-1',
  resourceId: 'vpc-1',
  trafficType: 'ALL',
  destinationType: 's3',
  destination: 'arn:aws:s3:::logs/vpc',
  format: RECOMMENDED_FORMAT,
  aggregationInterval: 600,
  status: 'ACTIVE',
  deliveryError: null,
  createdAt: 0,
};

function inventory(flowLogs: FlowLogSetting[], part: Partial<Inventory> = {}): Inventory {
  const place = { accountId: '111122223333', region: 'eu-west-1' };
  const state = (interfaceId: string, subnetId: string) => ({
    ...place,
    interfaceId,
    subnetId,
    vpcId: 'vpc-1',
    groups: ['sg-1'],
    addresses: ['10.0.0.1'],
    publicAddresses: [],
    interfaceType: 'interface',
    requesterManaged: false,
    description: null,
    origin: 'config-history' as const,
    startKnown: true,
    from: 0,
    to: null,
  });
  return {
    groups: [{ ...place, groupId: 'sg-1', groupName: 'web', vpcId: 'vpc-1', description: null, tags: {} }],
    rules: [],
    interfaces: [state('eni-1', 'subnet-a'), state('eni-2', 'subnet-b')],
    prefixLists: [],
    vpcs: [{ ...place, vpcId: 'vpc-1', cidrs: ['10.0.0.0/16'] }],
    subnets: ['subnet-a', 'subnet-b'].map((subnetId) => ({ ...place, subnetId, vpcId: 'vpc-1', cidrs: [], tags: {} })),
    warnings: [],
    flowLogs,
    ...part,
  };
}

function codes(of: Inventory, document: Parameters<typeof diagnose>[0]['document'] = null): string[] {
  return diagnose({ inventory: of, document, folder: 'inventory' }).map((complaint) => complaint.code);
}

describe('pare doctor', () => {
  it('finds nothing where the VPC, or each of its subnets or interfaces, is recorded in the recommended format', () => {
    expect(codes(inventory([LOG]))).toEqual([]);
    const on = (ids: string[]) => inventory(ids.map((resourceId) => ({ ...LOG, resourceId })));
    expect(codes(on(['subnet-a', 'subnet-b']))).toEqual([]);
    expect(codes(on(['subnet-a', 'eni-2']))).toEqual([]);
  });

  it('names the VPC without flow logs, or the subnets that are left out, with the command that records them', () => {
    const [none] = diagnose({ inventory: inventory([]), document: null, folder: 'inventory' });
    expect(none).toMatchObject({ code: 'flow-logs-off', weight: 'blocks' });
    expect(none!.what).toContain('vpc-1');
    expect(none!.commands[0]).toContain('--resource-type VPC --resource-ids vpc-1');
    const [part] = diagnose({
      inventory: inventory([{ ...LOG, resourceId: 'subnet-a' }]),
      document: null,
      folder: 'inventory',
    });
    expect(part!.commands[0]).toContain('--resource-type Subnet --resource-ids subnet-b ');
    expect(part!.commands[0]).toContain('arn:aws:s3:::logs/vpc');
  });

  it.each([
    ['refused traffic only', { trafficType: 'REJECT' }, ['flow-logs-off', 'flow-log-rejects-only']],
    ['that cannot deliver', { deliveryError: 'Access error' }, ['flow-logs-off', 'flow-log-does-not-deliver']],
    ['that is not active', { status: 'FAILED' }, ['flow-logs-off', 'flow-log-does-not-deliver']],
  ])('does not take a flow log of %s for one', (_, part, expected) => {
    expect(codes(inventory([{ ...LOG, ...part }]))).toEqual(expected);
  });

  it('says which fields a format lacks, and how to get them', () => {
    const format = RECOMMENDED_FORMAT.replace(' ${tcp-flags}', '');
    const [complaint] = diagnose({ inventory: inventory([{ ...LOG, format }]), document: null, folder: 'i' });
    expect(complaint!.code).toBe('format-tells-little');
    expect(complaint!.what).toMatch(/lacks tcp-flags$/);
    expect(complaint!.commands[0]).toContain('${tcp-flags}');
  });

  it('asks for flow-logs.json where it is not there, instead of calling every VPC unrecorded', () => {
    const missing = [{ accountId: null, region: null, listing: 'flow-logs' }];
    expect(codes(inventory([], { missingListings: missing }))).toEqual(['flow-log-settings-unknown']);
  });

  it('asks for AWS Config where only the present is known', () => {
    const present = inventory([LOG]);
    const states = present.interfaces.map((state) => ({ ...state, origin: 'inventory' as const }));
    expect(codes({ ...present, interfaces: states })).toEqual(['no-config-history']);
  });

  it('judges the logs: no NODATA, thin coverage, gaps, formats, what nothing explains', () => {
    const document = sampleDocument();
    const sick = {
      ...document,
      flowLogs: {
        ...document.flowLogs,
        noData: 0,
        skipData: 3,
        formats: [
          { fields: ['srcaddr', 'tcp_flags'], files: 1, records: 1 },
          { fields: ['srcaddr'], files: 2, records: 9 },
        ],
      },
    };
    const found = codes(inventory([LOG]), sick);
    for (const code of ['no-nodata', 'coverage-thin', 'skipdata', 'unexplained-traffic', 'records-without-tcp-flags'])
      expect(found).toContain(code);
    expect(found.filter((code) => code === 'records-without-tcp-flags')).toHaveLength(1);
    expect(found.indexOf('coverage-thin')).toBeLessThan(found.indexOf('no-nodata'));
  });
});
