import { createHash } from 'node:crypto';
import { escapeHtml } from '@pare/analyzer/model/text.ts';

const STYLE = `:root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:40rem;margin:4rem auto;padding:0 1rem}
a{color:LinkText}ul{padding:0;list-style:none}li{margin:.5rem 0}button{font:inherit;padding:.4rem 1rem}`;
const STYLE_HASH = `sha256-${createHash('sha256').update(STYLE).digest('base64')}`;

/** What every answer carries; a page that shows nothing of others may be shown in no frame and kept in no cache. */
export const HEADERS: Readonly<Record<string, string>> = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  // Not no-referrer: then a form's POST would name no origin, and sign-out could not be told from another site's.
  'referrer-policy': 'same-origin',
  'x-frame-options': 'DENY',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
};

/** The small pages around the report: no script at all. */
export function page(title: string, body: string): { html: string; policy: string } {
  return {
    html: `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${escapeHtml(title)}</title><link rel="icon" href="data:,"><style>${STYLE}</style></head>
<body><main><h1>${escapeHtml(title)}</h1>
${body}
</main></body></html>
`,
    policy: `default-src 'none'; style-src '${STYLE_HASH}'; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'`,
  };
}

export function signInPage(to: string) {
  return page(
    'Security group reports',
    `<p>Sign in with GitHub to see the reports of repositories that you have access to. Pare asks GitHub who you are, and nothing else.</p>
<p><a href="/report/sign-in?to=${escapeHtml(encodeURIComponent(to))}">Sign in with GitHub</a></p>`,
  );
}

export function listPage(login: string, repositories: readonly string[]) {
  const items = repositories.map((name) => `<li><a href="/report/${escapeHtml(name)}">${escapeHtml(name)}</a></li>`);
  const list =
    items.length === 0 ? '<p>There is no report of a repository that you may see.</p>' : `<ul>${items.join('\n')}</ul>`;
  return page(
    'Security group reports',
    `<p>Signed in as ${escapeHtml(login)}.</p>
${list}
<form method="post" action="/report/sign-out"><button>Sign out</button></form>`,
  );
}

export function plainPage(title: string, text: string) {
  return page(title, `<p>${escapeHtml(text)}</p><p><a href="/report">All reports</a></p>`);
}
