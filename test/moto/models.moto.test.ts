import { describe, expect, inject, test } from 'vitest';
import { fromQuery, loadModel, toEc2Xml, violations } from './models.ts';
import { splitList } from './xml.ts';

const { models } = inject('moto');
const ec2 = loadModel(models, 'ec2').model;
const config = loadModel(models, 'config').model;

function query(shape: string, body: string): { value: unknown; left: string[]; wrong: string[] } {
  const params = new Map(new URLSearchParams(body));
  const value = fromQuery(ec2, shape, params, '', true);
  return { value, left: [...params.keys()], wrong: violations(ec2, shape, value, 'in') };
}

describe("AWS's models judge what goes over the wire", () => {
  test('a good request of EC2 is understood whole', () => {
    const body = 'MaxResults=100&Filter.1.Name=vpc-id&Filter.1.Value.1=vpc-1&Filter.1.Value.2=vpc-2';
    expect(query('DescribeNetworkInterfacesRequest', body)).toEqual({
      value: { MaxResults: 100, Filters: [{ Name: 'vpc-id', Values: ['vpc-1', 'vpc-2'] }] },
      left: [],
      wrong: [],
    });
  });

  test.each([
    ['a page that is too long', 'DescribeManagedPrefixListsRequest', 'MaxResults=101', 1],
    ['a required field that is missing', 'DescribeStaleSecurityGroupsRequest', 'MaxResults=5', 1],
    ['text for a number', 'DescribeVpcsRequest', 'MaxResults=many', 1],
  ])('%s is a violation', (_, shape, body, count) => {
    expect(query(shape, body).wrong).toHaveLength(count);
  });

  test('a parameter that the operation does not know is left over', () => {
    expect(query('DescribeVpcsRequest', 'VpcIds.1=vpc-1').left).toEqual(['VpcIds.1']);
  });

  test.each([
    ['an unknown member', { resourceType: 'AWS::EC2::NetworkInterface', resourceId: 'eni-1', Limit: 1 }],
    ['a value outside of the enumeration', { resourceType: 'eni', resourceId: 'eni-1' }],
    ['a number beyond the bounds', { resourceType: 'AWS::EC2::NetworkInterface', resourceId: 'eni-1', limit: 101 }],
    ['nothing where something is required', { resourceType: 'AWS::EC2::NetworkInterface' }],
  ])('of a JSON service %s is a violation', (_, input) => {
    expect(violations(config, 'GetResourceConfigHistoryRequest', input, 'in')).toHaveLength(1);
  });

  test('a reply in XML carries the names of the wire, escaped', () => {
    const output = { SecurityGroupVpcAssociations: [{ GroupId: 'a<&', VpcId: 'v', State: 'associated' }] };
    expect(toEc2Xml(ec2, 'DescribeSecurityGroupVpcAssociationsResult', output)).toBe(
      '<securityGroupVpcAssociationSet><item><groupId>a&lt;&amp;</groupId><vpcId>v</vpcId><state>associated</state></item></securityGroupVpcAssociationSet>',
    );
  });

  test('a listing is split at its own items, not at those within them', () => {
    const xml = '<r><set><item><a><item>1</item></a></item><item/><item>2</item></set><n/></r>';
    expect(splitList(xml, 'set')).toEqual({
      head: '<r><set>',
      items: ['<item><a><item>1</item></a></item>', '<item/>', '<item>2</item>'],
      tail: '</set><n/></r>',
    });
  });
});
