import type { FailedScope } from '../../model/inventory.ts';
import { AssumeRoleFailed, OPERATIONS, type OperationName, type Place } from './operations.ts';
import { UnexpectedAnswer } from './pages.ts';

/** What went wrong, in the words of the one who must do something about it. */
export type Told = Pick<FailedScope, 'code' | 'message' | 'next'>;

/** Error codes of EC2 (query protocol), of the JSON services and of STS; sources: the API references' pages of common errors. */
const DENIED =
  /^(UnauthorizedOperation|AccessDenied|AccessDeniedException|NotAuthorized|AccessDeniedForDependencyException)$/;
const THROTTLED =
  /^(RequestLimitExceeded|Throttling|ThrottlingException|ThrottledException|TooManyRequestsException|RequestThrottled|SlowDown|BandwidthLimitExceeded|LimitExceededException|EC2ThrottledException|RequestThrottledException)$/;
const EXPIRED = /^(ExpiredToken|ExpiredTokenException|RequestExpired|TokenRefreshRequired)$/;
const NO_CREDENTIALS = /^(CredentialsProviderError|TokenProviderError)$/;
const BAD_CREDENTIALS =
  /^(AuthFailure|UnrecognizedClientException|InvalidClientTokenId|SignatureDoesNotMatch|OptInRequired)$/;
const NETWORK =
  /^(TimeoutError|ENOTFOUND|ECONNREFUSED|ECONNRESET|EAI_AGAIN|ETIMEDOUT|EPIPE|EHOSTUNREACH|ENETUNREACH|NetworkingError)$/;

/** Turns an error of a call into one line's parts. Never throws; what it does not know keeps AWS's own words. */
export function tellFailure(error: unknown, operation: OperationName, place: Place): Told {
  if (error instanceof AssumeRoleFailed) return tellAssumeRole(error, place);
  if (error instanceof UnexpectedAnswer) {
    return {
      code: 'aws-unexpected-answer',
      message: `${error.message}`,
      next: 'pull again; if it stays, report it',
    };
  }
  const code = codeOf(error);
  const words = wordsOf(error);
  if (DENIED.test(code)) return tellDenied(operation, place, words);
  if (THROTTLED.test(code)) {
    return {
      code: 'aws-throttled',
      message: `${operation} was still throttled after all retries (${code})`,
      next: 'pull again later, or with a lower --concurrency',
    };
  }
  if (EXPIRED.test(code)) {
    return { code: 'aws-credentials-expired', message: `the credentials have expired (${code})`, next: LOGIN };
  }
  if (NO_CREDENTIALS.test(code)) {
    return { code: 'aws-credentials-missing', message: `no AWS credentials: ${words}`, next: LOGIN };
  }
  if (BAD_CREDENTIALS.test(code)) {
    return {
      code: 'aws-credentials-refused',
      message: `${place.region} does not take the credentials (${code})`,
      next: `check that ${place.region} is enabled for account ${place.accountId ?? 'of the credentials'}, and the credentials`,
    };
  }
  if (NETWORK.test(code)) {
    return {
      code: 'aws-unreachable',
      message: `cannot reach AWS for ${operation} in ${place.region} (${code}: ${words})`,
      next: 'check the network, the proxy and the name of the region',
    };
  }
  if (code === 'NoAvailableConfigurationRecorderException') {
    return {
      code: 'aws-config-off',
      message: `AWS Config does not record in ${place.region}`,
      next: 'switch its recorder on for AWS::EC2::NetworkInterface, or leave --config-history out',
    };
  }
  return {
    code: 'aws-refused',
    message: `${operation} failed: ${code}${words === '' ? '' : `: ${words}`}`,
    next: 'see the API reference of the operation for this error, and pull again',
  };
}

const LOGIN = 'sign in, for example with aws sso login, or name another --profile';

function tellDenied(operation: OperationName, place: Place, words: string): Told {
  const { action } = OPERATIONS[operation];
  const who = place.roleArn ?? (place.accountId === null ? 'the caller' : `the caller in account ${place.accountId}`);
  const message = `access denied: ${who} may not call ${action ?? operation}`;
  const code = 'aws-access-denied';
  if (/service control policy/i.test(words))
    return { code, message, next: `a service control policy denies ${action}; exempt the role from it` };
  if (/permissions boundary/i.test(words))
    return { code, message, next: `allow ${action} in the permissions boundary, too` };
  if (/explicit deny/i.test(words)) return { code, message, next: `take away the policy that denies ${action}` };
  return {
    code,
    message,
    next: `allow ${action} on ${OPERATIONS[operation].resource} (docs/permissions.md has the whole policy)`,
  };
}

function tellAssumeRole(error: AssumeRoleFailed, place: Place): Told {
  const code = codeOf(error.cause);
  if (!DENIED.test(code)) return tellFailure(error.cause, 'AssumeRole', place);
  return {
    code: 'aws-assume-role-denied',
    message: `access denied: sts:AssumeRole on ${error.roleArn}`,
    next: `allow sts:AssumeRole on it, and let its trust policy name the caller and the same external id (and sts:TagSession for session tags)`,
  };
}

/** The error's code; that of its cause where the SDK wraps a system error. */
function codeOf(error: unknown): string {
  if (typeof error !== 'object' || error === null) return 'Error';
  const { name, code, cause } = error as { name?: unknown; code?: unknown; cause?: unknown };
  if (typeof code === 'string' && NETWORK.test(code)) return code;
  if (name === 'AggregateError' || (name === 'Error' && cause !== undefined))
    return cause === undefined ? 'Error' : codeOf(cause);
  if (typeof name === 'string' && name !== 'Error') return name;
  return typeof code === 'string' ? code : 'Error';
}

/** One line, without the encoded blob that EC2 adds. */
function wordsOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text
    .replace(/\s*Encoded authorization failure message:.*$/s, '')
    .replace(/\s+/g, ' ')
    .trim()
    .replace(/\.$/, '')
    .slice(0, 500);
}

export function isCode(error: unknown, code: string): boolean {
  return codeOf(error) === code;
}
