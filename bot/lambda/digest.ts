import type { Finding, FindingsDocument } from '@pare/analyzer/model/finding.ts';
import type { OpenPulls } from './pulls.ts';

export interface Digest {
  subject: string;
  text: string;
}

/** What the mail of the week is made of. */
export interface DigestFacts {
  document: FindingsDocument;
  /** Findings of the analysis before; null: this is the first. */
  previous: readonly Finding[] | null;
  /** What the inventory could not read, one line each. */
  failed: readonly string[];
  repositories: readonly string[];
  /** Open pull requests, where a worker has left word of them. */
  pulls: readonly OpenPulls[];
  at: Date;
}

const MOST = 20;
/** Evidence that ends longer ago than this is not what the reader takes it for. */
const STALE_SECONDS = 3 * 86_400;

/** The digest as plain text; pure. Says first what went wrong: a short list is no good news when an account could not be read. */
export function digest({ document, previous, failed, repositories, pulls, at }: DigestFacts): Digest {
  const proposals = document.rules.filter(isProposal);
  const before = new Set((previous ?? []).filter(isProposal).map(signature));
  const fresh = proposals.filter((one) => !before.has(signature(one)));
  const removals = proposals.filter(({ action }) => action === 'remove').length;
  const stale = at.getTime() / 1000 - Date.parse(document.window.to) / 1000 > STALE_SECONDS;
  const lines = [
    `Window: ${document.window.from} to ${document.window.to}`,
    `${document.rules.length} rules judged: ${removals} can go, ${proposals.length - removals} can be narrower, ${
      document.rules.filter(({ action }) => action === 'review').length
    } need a person.`,
    `${fresh.length} of these proposals are new${previous === null ? ' (this is the first analysis)' : ' since the last analysis'}.`,
  ];
  if (stale) lines.push('', `No flow logs newer than ${document.window.to} were read: check their delivery.`);
  if (failed.length > 0) {
    lines.push('', `Not read (${failed.length}); rules there are not judged, and what may depend on them stays:`);
    lines.push(...listed(failed));
  }
  if (document.unexplained.length > 0)
    lines.push(
      '',
      `${document.unexplained.length} kinds of traffic that no known rule lets in; their groups are left alone.`,
    );
  if (fresh.length > 0) {
    lines.push('', 'New proposals:');
    lines.push(
      ...listed(
        fresh.map(
          (one) => `${one.action} ${one.ruleId} of ${one.groupId} (${one.accountId} ${one.region}): ${one.reason}`,
        ),
      ),
    );
  }
  for (const { repository, at: seen, pulls: open } of pulls) {
    lines.push(
      '',
      `${open.length} open pull requests in ${repository} (as of ${seen.slice(0, 16)}Z)${open.length > 0 ? ':' : '.'}`,
    );
    lines.push(
      ...capped(open.map(({ number, title, url, draft }) => `#${number} ${title}${draft ? ' (draft)' : ''} ${url}`)),
    );
  }
  if (repositories.length > 0) lines.push('', `Pull requests and the dashboard: ${repositories.join(', ')}`);
  const trouble = failed.length > 0 || stale ? ' (incomplete)' : '';
  return {
    subject: `Pare: ${removals} rules can go, ${fresh.length} new proposals${trouble}`,
    text: `${lines.map(inert).join('\n')}\n`,
  };
}

function isProposal({ action }: Finding): boolean {
  return action === 'remove' || action === 'narrow';
}

/** Another action or other replacements are another proposal; more or fewer flows are not. */
function signature({ findingId, action, replacements }: Finding): string {
  return JSON.stringify([findingId, action, replacements]);
}

function listed(lines: readonly string[]): string[] {
  return capped([...lines].sort());
}

function capped(lines: readonly string[]): string[] {
  const shown = lines.slice(0, MOST);
  return [...shown.map((line) => `- ${line}`), ...(lines.length > MOST ? [`- and ${lines.length - MOST} more`] : [])];
}

/** Messages of AWS and names from tags must not break the line they stand in. */
function inert(line: string): string {
  return line.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ');
}
