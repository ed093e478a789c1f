import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { referencePages } from '../../docs/reference/generate.ts';

const DOCS = path.join(import.meta.dirname, '../../docs');
const pages = await referencePages();

function markdownUnder(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const at = path.join(folder, name);
    if (statSync(at).isDirectory()) return markdownUnder(at);
    return name.endsWith('.md') ? [at] : [];
  });
}

describe('the reference', () => {
  it.each(Object.entries(pages))(
    '%s is what the options and schemas say (node docs/reference/generate.ts)',
    (name, text) => {
      expect(readFileSync(path.join(DOCS, 'reference', name), 'utf8')).toBe(text);
    },
  );

  it('has every command', () => {
    for (const name of [
      'analyze',
      'plan',
      'apply',
      'run',
      'explain',
      'report',
      'doctor',
      'init',
      'completion',
      'schema',
    ])
      expect(pages['cli.md']).toContain(`## pare ${name}`);
  });
});

describe('links of the documentation', () => {
  const files = [path.join(DOCS, '../README.md'), ...markdownUnder(DOCS)];
  it.each(files.map((file) => [path.relative(DOCS, file), file]))('%s leads to files that are there', (_, file) => {
    const text = readFileSync(file, 'utf8').replace(/```[\s\S]*?```|`[^`]*`/g, '');
    const targets = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target!.replace(/#.*$/, ''));
    const gone = targets.filter(
      (target) => target !== '' && !/^[a-z]+:/.test(target) && !existsSync(path.join(path.dirname(file), target)),
    );
    expect(gone).toEqual([]);
  });
});
