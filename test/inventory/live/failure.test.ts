import { describe, expect, test } from 'vitest';
import { tellFailure } from '../../../analyzer/inventory/live/failure.ts';
import { AssumeRoleFailed, type OperationName } from '../../../analyzer/inventory/live/operations.ts';
import { UnexpectedAnswer } from '../../../analyzer/inventory/live/pages.ts';
import { awsError, PLACE } from './fake-api.ts';

const ROLE = 'arn:aws:iam::111122223333:role/PareInventory';

describe('what a failed call says', () => {
  test.each<[string, Error, OperationName, string, RegExp, RegExp]>([
    [
      'EC2 denies',
      awsError(
        'UnauthorizedOperation',
        'You are not authorized to perform this operation. Encoded authorization failure message: AbC\nD',
      ),
      'DescribeSubnets',
      'aws-access-denied',
      /may not call ec2:DescribeSubnets$/,
      /^allow ec2:DescribeSubnets on \* /,
    ],
    [
      'a resource is named where the action takes one',
      awsError('UnauthorizedOperation'),
      'GetManagedPrefixListEntries',
      'aws-access-denied',
      /ec2:GetManagedPrefixListEntries/,
      /on arn:aws:ec2:\*:\*:prefix-list\/\*/,
    ],
    [
      'AWS Config denies',
      awsError('AccessDeniedException', 'User is not authorized'),
      'GetResourceConfigHistory',
      'aws-access-denied',
      /config:GetResourceConfigHistory/,
      /^allow config:/,
    ],
    [
      'a service control policy',
      awsError('AccessDeniedException', 'with an explicit deny in a service control policy'),
      'LookupEvents',
      'aws-access-denied',
      /cloudtrail:LookupEvents/,
      /^a service control policy denies cloudtrail:LookupEvents/,
    ],
    [
      'a permissions boundary',
      awsError('AccessDenied', 'because no permissions boundary allows the action'),
      'DescribeVpcs',
      'aws-access-denied',
      /ec2:DescribeVpcs/,
      /in the permissions boundary/,
    ],
    [
      'another explicit deny',
      awsError('AccessDenied', 'with an explicit deny in an identity-based policy'),
      'DescribeVpcs',
      'aws-access-denied',
      /ec2:DescribeVpcs/,
      /take away the policy/,
    ],
    [
      'EC2 throttles',
      awsError('RequestLimitExceeded'),
      'DescribeVpcs',
      'aws-throttled',
      /after all retries/,
      /--concurrency/,
    ],
    [
      'CloudTrail throttles',
      awsError('ThrottlingException'),
      'LookupEvents',
      'aws-throttled',
      /LookupEvents/,
      /--concurrency/,
    ],
    [
      'credentials expire',
      awsError('ExpiredTokenException'),
      'DescribeVpcs',
      'aws-credentials-expired',
      /expired/,
      /aws sso login/,
    ],
    [
      'EC2 says expired',
      awsError('RequestExpired'),
      'DescribeVpcs',
      'aws-credentials-expired',
      /expired/,
      /aws sso login/,
    ],
    [
      'no credentials',
      awsError('CredentialsProviderError', 'Could not load credentials from any providers'),
      'GetCallerIdentity',
      'aws-credentials-missing',
      /no AWS credentials/,
      /--profile/,
    ],
    [
      'a region that is not enabled',
      awsError('AuthFailure'),
      'DescribeVpcs',
      'aws-credentials-refused',
      /eu-west-1 does not take/,
      /eu-west-1 is enabled/,
    ],
    [
      'the same for the JSON services',
      awsError('UnrecognizedClientException'),
      'LookupEvents',
      'aws-credentials-refused',
      /eu-west-1/,
      /enabled/,
    ],
    [
      'a name that does not resolve',
      Object.assign(new Error('getaddrinfo ENOTFOUND ec2.eu-west-9.amazonaws.com'), { code: 'ENOTFOUND' }),
      'DescribeVpcs',
      'aws-unreachable',
      /ENOTFOUND/,
      /name of the region/,
    ],
    ['a time-out', awsError('TimeoutError', 'socket'), 'DescribeVpcs', 'aws-unreachable', /TimeoutError/, /network/],
    [
      'no recorder',
      awsError('NoAvailableConfigurationRecorderException'),
      'ListDiscoveredResources',
      'aws-config-off',
      /does not record/,
      /recorder on/,
    ],
    [
      'pages that never end',
      new UnexpectedAnswer('DescribeVpcs', 'gave the same page token twice'),
      'DescribeVpcs',
      'aws-unexpected-answer',
      /twice/,
      /again/,
    ],
    [
      'something new',
      awsError('BrandNewException', 'of two\nlines.'),
      'DescribeVpcs',
      'aws-refused',
      /^DescribeVpcs failed: BrandNewException: of two lines$/,
      /API reference/,
    ],
    [
      'a role that may not be assumed',
      new AssumeRoleFailed(ROLE, awsError('AccessDenied')),
      'DescribeVpcs',
      'aws-assume-role-denied',
      /sts:AssumeRole on arn:aws:iam::111122223333:role/,
      /trust policy.*external id/,
    ],
    [
      'a role while throttled',
      new AssumeRoleFailed(ROLE, awsError('Throttling')),
      'DescribeVpcs',
      'aws-throttled',
      /AssumeRole/,
      /--concurrency/,
    ],
  ])('%s', (_, error, operation, code, message, next) => {
    const told = tellFailure(error, operation, PLACE);
    expect(told.code).toBe(code);
    expect(told.message).toMatch(message);
    expect(told.next).toMatch(next);
    expect(`${told.message}${told.next}`).not.toMatch(/\n|Encoded/);
  });

  test.each([null, undefined, 'text', 42, {}])('%j thrown is told, too', (thrown) => {
    expect(tellFailure(thrown, 'DescribeVpcs', PLACE).code).toBe('aws-refused');
  });
});
