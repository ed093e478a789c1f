import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { formatProblem } from '../../../analyzer/model/problem.ts';
import { parseStackFiles, readDeployedStacks, type StackFile } from '../../../bot/source/cloudformation/index.ts';

const ID = 'arn:aws:cloudformation:eu-west-1:111122223333:stack/shop/0a1b';
const file = (origin: string, content: unknown, over: Partial<StackFile> = {}): StackFile => ({
  origin,
  group: origin.replace(/[^/]*$/, ''),
  text: typeof content === 'string' ? content : JSON.stringify(content),
  templatePath: null,
  ...over,
});
const described = {
  Stacks: [
    {
      StackName: 'shop',
      StackId: ID,
      Parameters: [
        { ParameterKey: 'Net', ParameterValue: '/net', ResolvedValue: '10.0.0.0/8' },
        { ParameterKey: 'Port', ParameterValue: '443' },
      ],
      Outputs: [{ OutputKey: 'Password', OutputValue: 'secret' }],
    },
  ],
};
const resource = { LogicalResourceId: 'Web', PhysicalResourceId: 'sg-1', ResourceStatus: 'CREATE_COMPLETE' };

describe('deployed stacks from what the AWS CLI prints', () => {
  it('joins describe-stacks, its resources and its template, and reads account and region from the ARN', () => {
    const { stacks, problems } = parseStackFiles([
      file('d/stacks.json', described),
      file('d/resources.json', { StackResources: [{ ...resource, StackName: 'shop', StackId: ID }] }),
      file('d/template.json', { TemplateBody: { Resources: {} }, StagesAvailable: ['Original'] }),
    ]);
    expect(problems).toEqual([]);
    expect(stacks).toEqual([
      {
        stackName: 'shop',
        stackId: ID,
        accountId: '111122223333',
        region: 'eu-west-1',
        parameters: { Net: '10.0.0.0/8', Port: '443' },
        resources: { Web: 'sg-1' },
        templateBody: '{\n  "Resources": {}\n}',
        templatePath: null,
      },
    ]);
  });

  it('gives a nameless list to the stack that its file is named after, else to the only stack of its folder', () => {
    const two = { Stacks: [{ StackName: 'shop' }, { StackName: 'shop-web' }] };
    const list = {
      StackResourceSummaries: [resource, { ...resource, LogicalResourceId: 'Old', ResourceStatus: 'DELETE_COMPLETE' }],
    };
    const { stacks } = parseStackFiles([file('d/all.json', two), file('d/shop-web-resources.json', list)]);
    expect(stacks.map((stack) => stack.resources)).toEqual([{}, { Web: 'sg-1' }]);
    const unclear = parseStackFiles([file('d/all.json', two), file('d/resources.json', list)]);
    expect(unclear.problems.map((problem) => problem.code)).toEqual(['stack-file-without-stack']);
  });

  it('keeps stacks of one name in two regions apart', () => {
    const other = ID.replace('eu-west-1', 'us-east-1');
    const both = {
      Stacks: [
        { StackName: 'shop', StackId: ID },
        { StackName: 'shop', StackId: other },
      ],
    };
    expect(parseStackFiles([file('d/a.json', both)]).stacks.map((stack) => stack.region)).toEqual([
      'eu-west-1',
      'us-east-1',
    ]);
  });

  it.each([
    ['Stacks:', 'stack-file-not-json'],
    [{ Reservations: [] }, 'stack-file-foreign'],
    [{ Stacks: [{}] }, 'stack-file-foreign'],
    [[], 'stack-file-foreign'],
    [{ TemplateBody: 'Resources: {}' }, 'stack-file-without-stack'],
  ])('answers %j with one clear line', (content, code) => {
    const { stacks, problems } = parseStackFiles([file('d/x.json', content)]);
    expect(stacks).toEqual([]);
    expect(problems.map((problem) => problem.code)).toEqual([code]);
    expect(formatProblem(problems[0]!)).toMatch(/^d\/x\.json: [^\n]+; [^\n]+$/);
  });
});

describe('--stack arguments', () => {
  let dir = '';
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'pare-stacks-'));
    await writeFile(join(dir, 'stacks.json'), JSON.stringify(described));
    await writeFile(join(dir, 'bad.bin'), Buffer.from([0xff, 0xfe, 0x00]));
  });
  afterAll(() => rm(dir, { recursive: true }));

  it('take a file, a folder, or TEMPLATE=FILE', async () => {
    expect((await readDeployedStacks([dir])).stacks.map((stack) => stack.stackName)).toEqual(['shop']);
    const tied = await readDeployedStacks([`./cfn/web.yaml=${join(dir, 'stacks.json')}`]);
    expect(tied.stacks[0]!.templatePath).toBe('cfn/web.yaml');
  });

  it('that cannot be read are problems', async () => {
    const { problems } = await readDeployedStacks([join(dir, 'none.json'), join(dir, 'bad.bin')]);
    expect(problems.map((problem) => problem.code)).toEqual(['stack-file-unreadable', 'stack-file-unreadable']);
  });
});
