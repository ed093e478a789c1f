/** `__Host-`: the browser takes it only over https (or from this machine), for this host alone and for every path. */
export type CookieName = '__Host-pare' | '__Host-pare-in';

/** The one cookie of that name; null where there is none, or two (one of them was put there by somebody else). */
export function readCookie(header: string | undefined, name: CookieName): string | null {
  const values = (header ?? '')
    .split(';')
    .map((part) => part.trim())
    .filter((part) => part.startsWith(`${name}=`))
    .map((part) => part.slice(name.length + 1));
  return values.length === 1 ? values[0]! : null;
}

/** Lax: GitHub's way back is a link from another site, and must find the cookie. `seconds` 0 takes it away. */
export function setCookie(name: CookieName, value: string, seconds: number): string {
  return `${name}=${value}; Path=/; Max-Age=${seconds}; HttpOnly; Secure; SameSite=Lax`;
}
