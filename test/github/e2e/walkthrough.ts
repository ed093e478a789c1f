import type { Chapter } from './story.ts';

/** The story as a page. What differs from day to day (dates, ports, commit ids, digests over them) is made the same. */
export function walkthrough(chapters: readonly Chapter[]): string {
  const parts = chapters.map(({ title, text, shown }) => {
    const bodies = shown.map(({ heading, body }) => {
      const fence = '`'.repeat(Math.max(3, ...[...body.matchAll(/`+/g)].map((run) => run[0].length)) + 1);
      return `### ${heading}\n\n${fence}markdown\n${calm(body).trimEnd()}\n${fence}`;
    });
    return [`## ${title}`, text, ...bodies].join('\n\n');
  });
  return `# Walkthrough

A repository's life with the App, played against a GitHub server on loopback with real Probot and signed webhooks by
test/github/e2e/story.slow.test.ts, which also writes this page (\`npm run test:slow -- test/github/e2e -u\`). Dates, commits and hidden markers are shortened.

${parts.join('\n\n')}
`;
}

function calm(text: string): string {
  return text
    .replace(/<!-- (pare-[a-z]+:v1)[^>]*-->/g, '<!-- $1 … -->')
    .replace(/\d{4}-\d{2}-\d{2}T[\d:.]+Z/g, 'DATE')
    .replace(/20(26|27)-\d{2}-\d{2}/g, 'DATE')
    .replace(/http:\/\/localhost:\d+/g, 'https://github.test')
    .replace(/`[0-9a-f]{10}`/g, '`COMMIT`')
    .replace(/(committed) [0-9a-f]{10}\b/g, '$1 COMMIT')
    .replace(/[▁▂▃▄▅▆▇█ ]{8,}/g, '▁▁▁▁▁▁▁▁')
    .replace(/\r\n/g, '\n');
}
