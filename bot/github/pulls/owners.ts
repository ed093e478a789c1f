import { matchesPath } from '../config/select.ts';

export interface OwnersRule {
  pattern: string;
  /** Logins, and teams as `team:<slug>`; empty: nobody on purpose. */
  owners: readonly string[];
}

/** The three places, in the order GitHub looks. */
export const CODEOWNERS_PATHS = ['.github/CODEOWNERS', 'CODEOWNERS', 'docs/CODEOWNERS'] as const;

/**
 * CODEOWNERS as GitHub reads it: the last line that matches counts; no negation, no [ranges], and addresses cannot be asked for review.
 * https://docs.github.com/repositories/managing-your-repositorys-settings-and-features/customizing-your-repository/about-code-owners
 */
export function readOwners(text: string, owner: string): OwnersRule[] {
  const out: OwnersRule[] = [];
  for (const line of text.split(/\r?\n/)) {
    const words = line
      .replace(/(^|\s)#.*$/, '')
      .trim()
      .split(/(?<!\\)\s+/);
    const [pattern, ...names] = words;
    if (pattern === undefined || pattern === '' || /^!|[[\]]/.test(pattern)) continue;
    const owners = names.flatMap((name) => {
      const team = /^@([A-Za-z0-9-]+)\/([A-Za-z0-9_-]+)$/.exec(name);
      // A team of another organisation has no access here.
      if (team !== null) return team[1]!.toLowerCase() === owner.toLowerCase() ? [`team:${team[2]}`] : [];
      const login = /^@([A-Za-z0-9](?:[A-Za-z0-9-]{0,38}))$/.exec(name);
      return login === null ? [] : [login[1]!];
    });
    out.push({ pattern: pattern.replaceAll('\\ ', ' '), owners });
  }
  return out;
}

export function ownersOf(rules: readonly OwnersRule[], path: string): readonly string[] {
  return rules.findLast((rule) => owns(rule.pattern, path))?.owners ?? [];
}

/** gitignore's rules: a pattern with a slash before its end is anchored, one without matches at any depth. `dir/*` is not recursive. */
function owns(pattern: string, path: string): boolean {
  const anchored = pattern.replace(/\/$/, '').includes('/');
  const bare = pattern.replace(/^\//, '');
  if (bare === '' || bare === '*' || bare === '**') return true;
  const whole = anchored ? bare : `**/${bare}`;
  if (/(^|\/)\*$/.test(bare) && anchored)
    return path.split('/').length === bare.split('/').length && matchesPath(whole, path);
  return matchesPath(whole, path);
}
