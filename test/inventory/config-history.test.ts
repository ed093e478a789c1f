import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { readConfigHistory, readInventory } from '../../analyzer/inventory/index.ts';
import { DB, folderWith, problemOf, smallInventory, WEB } from './aws-output.ts';

const ENI = 'eni-0000000000000000a';
const at = (text: string): number => Date.parse(text) / 1000;

/** As Config writes an interface: EC2's fields with small first letters, null for what is not there. */
function configuration(groups: string[], extra: object = {}): object {
  return {
    association: null,
    attachment: {
      attachTime: '2026-06-01T08:00:00.000Z',
      attachmentId: 'eni-attach-01',
      deleteOnTermination: true,
      deviceIndex: 0,
      networkCardIndex: 0,
      instanceId: 'i-0123456789abcdef0',
      instanceOwnerId: '111122223333',
      status: 'attached',
    },
    availabilityZone: 'eu-west-1a',
    description: '',
    groups: groups.map((groupId) => ({ groupName: `name-of-${groupId}`, groupId })),
    interfaceType: 'interface',
    ipv6Addresses: [{ ipv6Address: '2001:db8::a', isPrimaryIpv6: false }],
    macAddress: '02:00:00:00:00:01',
    networkInterfaceId: ENI,
    ownerId: '111122223333',
    privateDnsName: 'ip-10-0-1-9.eu-west-1.compute.internal',
    privateIpAddress: '10.0.1.9',
    privateIpAddresses: [
      { association: { publicIp: '198.51.100.7', ipOwnerId: 'amazon' }, primary: true, privateIpAddress: '10.0.1.9' },
      { association: null, primary: false, privateIpAddress: '10.0.1.200' },
    ],
    requesterId: null,
    requesterManaged: false,
    sourceDestCheck: true,
    status: 'in-use',
    subnetId: 'subnet-0123456789abcdef0',
    tagSet: [],
    vpcId: 'vpc-0123456789abcdef0',
    ...extra,
  };
}

/** An item as in S3's history files. */
function item(time: string, groups: string[] | null, extra: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    relatedEvents: [],
    relationships: [
      { resourceId: 'i-0123456789abcdef0', resourceType: 'AWS::EC2::Instance', name: 'Is attached to Instance' },
    ],
    configuration: groups === null ? null : configuration(groups),
    supplementaryConfiguration: {},
    tags: {},
    configurationItemVersion: '1.3',
    configurationItemCaptureTime: time,
    configurationStateId: 1_700_000_000_000,
    awsAccountId: '111122223333',
    configurationItemStatus: groups === null ? 'ResourceDeleted' : 'OK',
    resourceType: 'AWS::EC2::NetworkInterface',
    resourceId: ENI,
    ARN: `arn:aws:ec2:eu-west-1:111122223333:network-interface/${ENI}`,
    awsRegion: 'eu-west-1',
    availabilityZone: 'eu-west-1a',
    configurationStateMd5Hash: '',
    ...extra,
  };
}

/** The same item as the API answers it. */
function apiItem(time: string | number, groups: string[]): object {
  return {
    version: '1.3',
    accountId: '111122223333',
    configurationItemCaptureTime: time,
    configurationItemStatus: 'OK',
    configurationStateId: '1700000000000',
    configurationItemMD5Hash: '',
    arn: `arn:aws:ec2:eu-west-1:111122223333:network-interface/${ENI}`,
    resourceType: 'AWS::EC2::NetworkInterface',
    resourceId: ENI,
    awsRegion: 'eu-west-1',
    availabilityZone: 'eu-west-1a',
    tags: {},
    relatedEvents: [],
    relationships: [],
    configuration: JSON.stringify(configuration(groups)),
    supplementaryConfiguration: {},
  };
}

const history = (...items: object[]): object => ({ fileVersion: '1.0', configurationItems: items });
const snapshot = (...items: object[]): object => ({
  fileVersion: '1.0',
  configSnapshotId: 'a1',
  configurationItems: items,
});
const S3 =
  'AWSLogs/111122223333/Config/eu-west-1/2026/9/7/ConfigHistory/111122223333_Config_eu-west-1_ConfigHistory_AWS::EC2::NetworkInterface_20260907T000000Z_20260907T060000Z_1.json.gz';

async function read(files: Record<string, unknown>) {
  return readConfigHistory([folderWith(files)]);
}

describe('AWS Config files in all their shapes', () => {
  const T = '2026-09-07T01:02:03.000Z';
  const shapes: [string, Record<string, unknown>, 'config-history' | 'config-snapshot'][] = [
    ['history as S3 holds it', { [S3]: gzipSync(JSON.stringify(history(item(T, [WEB])))) }, 'config-history'],
    ['a snapshot', { 'x_ConfigSnapshot_1.json': snapshot(item(T, [WEB])) }, 'config-snapshot'],
    [
      'get-resource-config-history',
      { 'a.json': { configurationItems: [apiItem('2026-09-07T03:02:03+02:00', [WEB])] } },
      'config-history',
    ],
    [
      'the same from version 1 of the CLI',
      { 'a.json': { configurationItems: [apiItem(at(T), [WEB])] } },
      'config-history',
    ],
    ['a single item', { 'a.json': item(T, [WEB]) }, 'config-history'],
    ['a list of items', { 'a.json': [item(T, [WEB])] }, 'config-history'],
    [
      'JSON lines',
      { 'a.jsonl': `${JSON.stringify(item(T, [WEB]))}\n${JSON.stringify(item(T, [WEB]))}\n` },
      'config-history',
    ],
    [
      'a change notification',
      { 'a.json': { messageType: 'ConfigurationItemChangeNotification', configurationItem: item(T, [WEB]) } },
      'config-history',
    ],
  ];
  test.each(shapes)('%s', async (_, files, origin) => {
    const { items, warnings } = await read(files);
    expect(warnings).toEqual([]);
    expect(items).toHaveLength(1);
    expect(items[0]).toMatchObject({
      interfaceId: ENI,
      accountId: '111122223333',
      region: 'eu-west-1',
      capturedAt: at(T),
      status: 'present',
      origin,
    });
    expect(items[0]!.facts).toMatchObject({
      groups: [WEB],
      addresses: ['10.0.1.9', '10.0.1.200', '2001:db8::a'],
      publicAddresses: ['198.51.100.7'],
      existsSince: at('2026-06-01T08:00:00Z'),
    });
  });

  test.each([
    [{ awsRegion: undefined, awsAccountId: undefined }],
    [{ awsRegion: undefined, ARN: undefined }],
    [
      {
        awsRegion: '',
        awsAccountId: '',
        ARN: undefined,
        arn: `arn:aws:ec2:eu-west-1:111122223333:network-interface/${ENI}`,
      },
    ],
  ])('account and region may be told by the ARN or the zone only: %j', async (without) => {
    const { items } = await read({ 'a.json': history(item(T, [WEB], without)) });
    expect(items.map((i) => [i.accountId, i.region])).toEqual([['111122223333', 'eu-west-1']]);
  });

  test('the same item in history and in snapshots is one, and other resource types are counted', async () => {
    const group = {
      ...item(T, null),
      resourceType: 'AWS::EC2::SecurityGroup',
      resourceId: WEB,
      configurationItemStatus: 'OK',
    };
    const read1 = await read({
      'h.json': history(item(T, [WEB]), group),
      's.json': snapshot(item(T, [WEB]), group),
      'readme.txt': 'no JSON',
    });
    expect(read1.items.map((i) => i.origin)).toEqual(['config-history']);
    expect(read1.ignored).toEqual([{ resourceType: 'AWS::EC2::SecurityGroup', count: 2 }]);
    expect(read1.files).toBe(2);
  });

  test('files without any interface, and a listing cut short, are told', async () => {
    const { warnings } = await readInventory(folderWith(smallInventory()), {
      configHistory: [folderWith({ 'a.json': { configurationItems: [], nextToken: 'x' } })],
    });
    expect(warnings.map((w) => w.code)).toEqual(['config-history-cut', 'config-history-without-interfaces']);
  });

  const bad: [string, unknown, string, string | number | undefined][] = [
    [
      'half a gzip',
      gzipSync(JSON.stringify(history(item(T, [WEB])))).subarray(0, 200),
      'inventory-damaged-gzip',
      undefined,
    ],
    ['not JSON', '{"configurationItems": [}', 'inventory-invalid-json', 1],
    ['other JSON', { Records: [] }, 'inventory-wrong-shape', 'configurationItems'],
    [
      'no capture time',
      history(item(T, [WEB], { configurationItemCaptureTime: 'soon' })),
      'inventory-wrong-shape',
      'configurationItems[0].configurationItemCaptureTime',
    ],
    [
      'an unknown status',
      history(item(T, [WEB], { configurationItemStatus: 'Fine' })),
      'inventory-wrong-shape',
      'configurationItems[0].configurationItemStatus',
    ],
    [
      'no account',
      history(item(T, [WEB], { awsAccountId: undefined, ARN: undefined })),
      'inventory-wrong-shape',
      'configurationItems[0].awsAccountId',
    ],
    [
      'no region',
      history(item(T, [WEB], { awsRegion: undefined, ARN: undefined, availabilityZone: null })),
      'inventory-wrong-shape',
      'configurationItems[0].awsRegion',
    ],
    [
      'a configuration that is no JSON',
      history(item(T, [WEB], { configuration: '{' })),
      'inventory-wrong-shape',
      'configurationItems[0].configuration',
    ],
    [
      'no configuration',
      history(item(T, [WEB], { configuration: null })),
      'inventory-wrong-shape',
      'configurationItems[0].configuration',
    ],
    [
      'another interface inside',
      history(item(T, [WEB], { resourceId: 'eni-2' })),
      'inventory-wrong-shape',
      'configurationItems[0].configuration.networkInterfaceId',
    ],
  ];
  test.each(bad)('%s is one line with file and place', async (_, content, code, place) => {
    const dir = folderWith({ 'a.json': content });
    const problem = await problemOf(readConfigHistory([dir]));
    expect([problem.code, problem.file, problem.at]).toEqual([code, join(dir, 'a.json'), place]);
    expect(problem.next).toContain('AWS Config');
  });

  test('a path that is not there, and a folder without files of Config', async () => {
    const dir = folderWith({ 'notes.txt': '' });
    expect((await problemOf(readConfigHistory([join(dir, 'x')]))).code).toBe('config-history-missing');
    expect((await problemOf(readConfigHistory([dir]))).code).toBe('config-history-missing');
  });
});

describe('Config and the present inventory become one timeline', () => {
  const T1 = '2026-07-01T00:00:00.000Z';
  const T2 = '2026-08-01T00:00:00.500Z';
  async function states(items: object[], presentGroups: string[] | null) {
    const files = smallInventory();
    const list = (files['network-interfaces.json'] as { NetworkInterfaces: { Groups: object[] }[] }).NetworkInterfaces;
    if (presentGroups === null) list.length = 0;
    else list[0]!.Groups = presentGroups.map((GroupId) => ({ GroupId, GroupName: GroupId }));
    const inventory = await readInventory(folderWith(files), {
      configHistory: [folderWith({ 'a.json': history(...items) })],
    });
    const spans = inventory.interfaces.map((s) => ({
      groups: s.groups,
      from: s.from,
      to: s.to,
      startKnown: s.startKnown,
      origin: s.origin,
    }));
    return { spans, codes: inventory.warnings.map((w) => w.code), inventory };
  }
  const first = at('2026-06-01T08:00:00Z');

  test('an item holds until the next, and the present goes on with the last', async () => {
    const { spans, codes } = await states([item(T1, [WEB]), item(T2, [DB])], [DB]);
    expect(spans).toEqual([
      { groups: [WEB], from: first, to: at('2026-08-01T00:00:00Z'), startKnown: false, origin: 'config-history' },
      { groups: [DB], from: at('2026-08-01T00:00:00Z'), to: null, startKnown: true, origin: 'config-history' },
    ]);
    expect(codes).toEqual([]);
  });

  test('where the present contradicts the last item, both count since that item', async () => {
    const { spans, codes } = await states(
      [item(T1, [WEB], { configurationItemStatus: 'ResourceDiscovered' }), item(T2, [WEB])],
      [DB],
    );
    expect(spans).toEqual([
      { groups: [WEB], from: first, to: null, startKnown: true, origin: 'config-history' },
      { groups: [DB], from: at('2026-08-01T00:00:00Z'), to: null, startKnown: true, origin: 'inventory' },
    ]);
    expect(codes).toEqual(['config-history-behind']);
  });

  test('a deletion ends the last state', async () => {
    const { spans, codes } = await states([item(T1, [WEB]), item(T2, null)], null);
    expect(spans.map((s) => s.to)).toEqual([at('2026-08-01T00:00:00Z')]);
    expect(codes).toEqual([]);
  });

  test('an interface that Config never saw go is still there, and a warning says so', async () => {
    const { spans, codes } = await states([item(T1, [WEB])], null);
    expect(spans.map((s) => s.to)).toEqual([null]);
    expect(codes).toEqual(['config-history-unfinished']);
  });

  test('an interface deleted and yet present is present since its deletion', async () => {
    const { spans, codes } = await states([item(T1, [WEB]), item(T2, null)], [DB]);
    expect(spans.map((s) => [s.groups, s.from, s.to])).toEqual([
      [[WEB], first, at('2026-08-01T00:00:00Z')],
      [[DB], at('2026-08-01T00:00:00Z'), null],
    ]);
    expect(codes).toEqual(['config-history-deleted-but-present']);
  });

  test('while Config does not record, the state before and the one after are both possible', async () => {
    const gap = { configurationItemStatus: 'ResourceNotRecorded', configuration: null };
    const T3 = '2026-09-01T00:00:00.000Z';
    const { spans, codes } = await states([item(T1, [WEB]), item(T2, null, gap), item(T3, [DB])], [DB]);
    expect(spans.map((s) => [s.groups, s.from, s.to])).toEqual([
      [[WEB], first, at(T3)],
      [[DB], at(T1), null],
    ]);
    expect(codes).toEqual(['config-history-not-recorded']);
  });

  test('an interface that came within the window began when Config saw it come or when it was attached, not before', async () => {
    const late = configuration([WEB], { attachment: null });
    const { spans } = await states(
      [item(T1, [WEB], { configuration: late, configurationItemStatus: 'ResourceDiscovered' }), item(T2, null)],
      null,
    );
    expect(spans.map((s) => [s.from, s.startKnown])).toEqual([[at(T1), true]]);
  });

  test('other addresses with the same groups make one state that has them all', async () => {
    const moved = configuration([WEB], {
      privateIpAddresses: [
        { primary: true, privateIpAddress: '10.0.1.9' },
        { primary: false, privateIpAddress: '10.0.1.77' },
      ],
    });
    const { inventory } = await states([item(T1, [WEB], { configuration: moved })], [WEB]);
    expect(inventory.interfaces.map((s) => s.addresses)).toEqual([
      ['10.0.1.9', '10.0.1.200', '2001:db8::a', '10.0.1.77'],
    ]);
  });

  test('an interface without any item is as the present shows it, its start not known', async () => {
    const { spans } = await states(
      [item(T1, [DB], { resourceId: 'eni-2', configuration: configuration([DB], { networkInterfaceId: 'eni-2' }) })],
      [WEB],
    );
    expect(spans.map((s) => [s.groups, s.startKnown, s.origin])).toEqual([
      [[WEB], false, 'inventory'],
      [[DB], false, 'config-history'],
    ]);
  });

  test('a group worn only in the past and unknown today is told', async () => {
    const { codes } = await states([item(T1, ['sg-0old']), item(T2, [WEB])], [WEB]);
    expect(codes).toEqual(['inventory-group-missing']);
  });
});
