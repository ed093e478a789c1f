import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';
import type { EpochSeconds } from '@pare/analyzer/model/interface.ts';

/**
 * What the server gives a browser to hand back: signed, with an end, and for one purpose only. Nothing is stored, so a restart signs nobody out.
 * The contents can be read by whoever holds the cookie: never put a secret in.
 */
export type Seal = <T extends Readonly<Record<string, string>>>(
  purpose: Purpose,
  value: T,
  until: EpochSeconds,
) => string;
export type Unseal = (purpose: Purpose, text: string, now: EpochSeconds) => Readonly<Record<string, string>> | null;
export type Purpose = 'sign-in' | 'session';

const LONGEST = 4096;

/** A key of its own, so that a webhook's signature is never a session's. */
export function sealing(webhookSecret: string): { seal: Seal; unseal: Unseal; tokenOf(session: string): string } {
  const key = Buffer.from(hkdfSync('sha256', webhookSecret, '', 'pare report session v1', 32));
  const sign = (text: string) => createHmac('sha256', key).update(text).digest('base64url');
  return {
    seal(purpose, value, until) {
      const body = Buffer.from(JSON.stringify({ ...value, until: String(until) })).toString('base64url');
      return `${body}.${sign(`${purpose}.${body}`)}`;
    },
    unseal(purpose, text, now) {
      if (text.length > LONGEST) return null;
      const [body = '', signature = '', more] = text.split('.');
      if (more !== undefined || !same(signature, sign(`${purpose}.${body}`))) return null;
      const value = JSON.parse(Buffer.from(body, 'base64url').toString('utf8')) as Record<string, string>;
      return Number(value.until) > now ? value : null;
    },
    /** What a page must send along with each command: another site can make the browser send the cookie, but cannot know this. */
    tokenOf: (session) => sign(`token.${session}`),
  };
}

export function same(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}
