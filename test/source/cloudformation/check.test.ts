import { describe, expect, it } from 'vitest';
import { checkTemplate } from '../../../bot/source/cloudformation/check.ts';

const GOOD = [
  'Resources:',
  '  Web:',
  '    Type: AWS::EC2::SecurityGroup',
  '    Properties:',
  '      GroupDescription: !Sub "web of ${AWS::StackName}"',
  '      VpcId: !If [Here, !Ref Vpc, !ImportValue vpc]',
  '      Tags: !Custom {a: 1}',
  '',
].join('\n');

async function codes(path: string, text: string): Promise<string[]> {
  return (await checkTemplate({ path, text })).map((note) => `${note.code}:${note.place.line}`);
}

describe('the second opinion on a changed template', () => {
  it('takes short tags on every kind of node, a BOM and CRLF', async () => {
    expect(await codes('a.yaml', GOOD)).toEqual([]);
    expect(await codes('a.yaml', `\uFEFF${GOOD.replaceAll('\n', '\r\n')}`)).toEqual([]);
  });

  it('refuses what only the second parser of YAML refuses, with its line', async () => {
    // A control character in a string: the first parser lets it through.
    expect(await codes('a.yaml', `${GOOD}      X: "\u0001"\n`)).toEqual(['cfn-yaml-syntax:8']);
  });

  it('refuses broken YAML and JSON, and files that are no template any more', async () => {
    expect(await codes('a.yaml', `${GOOD}  Web: {\n`)).not.toEqual([]);
    expect(await codes('a.json', '{"Resources": {"A": {"Type": "AWS::EC2::VPC",}}}')).not.toEqual([]);
    expect(await codes('a.yaml', 'Parameters: {}\n')).toEqual(['cfn-not-a-template:1']);
  });
});
