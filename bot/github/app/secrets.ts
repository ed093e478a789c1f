import { createPrivateKey } from 'node:crypto';
import { PareError } from '@pare/analyzer/model/problem.ts';

/** Where a secret is; AWS Secrets Manager or another store is one more function of this shape. */
export type SecretSource = (name: string) => Promise<string | null>;

export interface AppSecrets {
  appId: string;
  privateKey: string;
  webhookSecret: string;
}

const SHORTEST = 20;
/** `development` is what Probot takes when there is none, so anybody could sign. */
const WEAK: readonly string[] = ['development', 'secret', 'password', 'changeme', 'webhook', 'test'];

/** `NAME`, or the file that `NAME_FILE` names (as container platforms mount secrets). */
export function environmentSecrets(
  env: Readonly<Record<string, string | undefined>>,
  readFile: (path: string) => Promise<string>,
): SecretSource {
  return async (name) => {
    const file = env[`${name}_FILE`];
    const direct = env[name];
    if (file !== undefined && file !== '') {
      if (direct !== undefined && direct !== '')
        throw refused('secret-twice', `${name} and ${name}_FILE are both set`, 'unset one of them');
      try {
        return (await readFile(file)).trim();
      } catch {
        throw refused(
          'secret-unreadable',
          `the file that ${name}_FILE names cannot be read`,
          'check its path and mode',
        );
      }
    }
    return direct === undefined || direct === '' ? null : direct;
  };
}

/** All three, checked; a server that started with a guessable secret would take anybody's commands for GitHub's. No message holds a secret. */
export async function readSecrets(source: SecretSource): Promise<AppSecrets> {
  const need = async (name: string) => {
    const value = await source(name);
    if (value === null || value === '')
      throw refused('secret-missing', `${name} is not set`, `set ${name}, or ${name}_FILE to a file that holds it`);
    return value;
  };
  const appId = await need('APP_ID');
  if (!/^\d{1,12}$/.test(appId))
    throw refused('app-id-invalid', 'APP_ID is no number', 'copy it from the page of the App');
  const webhookSecret = await need('WEBHOOK_SECRET');
  if (webhookSecret.length < SHORTEST || WEAK.includes(webhookSecret.toLowerCase()) || new Set(webhookSecret).size < 8)
    throw refused(
      'webhook-secret-weak',
      `WEBHOOK_SECRET is too weak: it needs ${SHORTEST} characters that nobody can guess`,
      'make one with `openssl rand -hex 32` and give the same to the App',
    );
  return { appId, webhookSecret, privateKey: privateKeyOf(await need('PRIVATE_KEY')) };
}

/** As the page of the App gives it, or with `\n` written out, or in base64. */
function privateKeyOf(text: string): string {
  const plain = text.includes('-----BEGIN') ? text : Buffer.from(text, 'base64').toString('utf8');
  const key = plain.replaceAll('\\n', '\n').trim();
  try {
    createPrivateKey(key);
    return `${key}\n`;
  } catch {
    throw refused('private-key-invalid', 'PRIVATE_KEY is no private key in PEM', 'give the .pem file of the App');
  }
}

function refused(code: string, message: string, next: string): PareError {
  return new PareError({ code, message, next, fault: 'configuration' });
}
