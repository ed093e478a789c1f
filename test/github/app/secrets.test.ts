import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { environmentSecrets, readSecrets } from '../../../bot/github/app/secrets.ts';

const KEY = generateKeyPairSync('rsa', { modulusLength: 2048 })
  .privateKey.export({ type: 'pkcs1', format: 'pem' })
  .toString();
const GOOD = '0f9d8c7b6a5e4d3c2b1a0f9e8d7c6b5a';
const FILES: Record<string, string> = { '/run/key': KEY, '/run/hook': `${GOOD}\n` };

function read(env: Record<string, string>) {
  return readSecrets(
    environmentSecrets(env, async (path) => {
      if (FILES[path] === undefined) throw new Error('ENOENT');
      return FILES[path];
    }),
  );
}

describe('secrets', () => {
  it('come from the environment or from files, the key also in base64 or with line ends written out', async () => {
    const wanted = { appId: '7', webhookSecret: GOOD, privateKey: KEY };
    for (const key of [KEY, KEY.replaceAll('\n', '\\n'), Buffer.from(KEY).toString('base64')])
      expect(await read({ APP_ID: '7', WEBHOOK_SECRET: GOOD, PRIVATE_KEY: key })).toEqual(wanted);
    expect(await read({ APP_ID: '7', WEBHOOK_SECRET_FILE: '/run/hook', PRIVATE_KEY_FILE: '/run/key' })).toEqual(wanted);
  });

  it.each(['development', 'secret', 'short', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', ''])(
    'a webhook secret %j is refused, and not repeated in the message',
    async (secret) => {
      const error = await read({ APP_ID: '7', PRIVATE_KEY: KEY, WEBHOOK_SECRET: secret }).catch(
        (thrown: Error) => thrown,
      );
      expect(error).toBeInstanceOf(Error);
      expect((error as Error).message).toMatch(/WEBHOOK_SECRET is (too weak|not set)/);
      if (secret.length > 6) expect((error as Error).message).not.toContain(`${secret} `);
    },
  );

  it.each([
    [{ WEBHOOK_SECRET: GOOD, PRIVATE_KEY: KEY }, 'APP_ID is not set'],
    [{ APP_ID: 'x', WEBHOOK_SECRET: GOOD, PRIVATE_KEY: KEY }, 'APP_ID is no number'],
    [{ APP_ID: '7', WEBHOOK_SECRET: GOOD, PRIVATE_KEY: 'nonsense' }, 'no private key in PEM'],
    [{ APP_ID: '7', WEBHOOK_SECRET: GOOD, WEBHOOK_SECRET_FILE: '/run/hook', PRIVATE_KEY: KEY }, 'both set'],
    [{ APP_ID: '7', WEBHOOK_SECRET: GOOD, PRIVATE_KEY_FILE: '/nowhere' }, 'cannot be read'],
  ])('%# says what is wrong', async (env, message) => {
    await expect(read(env as Record<string, string>)).rejects.toThrow(message);
  });
});
