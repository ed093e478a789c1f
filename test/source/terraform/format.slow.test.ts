import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { applyEdits } from '../../../bot/source/text.ts';
import { hasTerraform } from './console.ts';
import { modules } from './modules.ts';
import { indexOf, language } from './shop.ts';

function formatted(text: string): boolean {
  try {
    execFileSync('terraform', ['fmt', '-check', '-'], { input: text, stdio: ['pipe', 'ignore', 'ignore'] });
    return true;
  } catch {
    return false;
  }
}

it.runIf(hasTerraform())('trap 13: a file that terraform fmt left alone is left alone after an edit', () => {
  let clean = 0;
  fc.assert(
    fc.property(modules, fc.nat(), (files, pick) => {
      const index = indexOf(files);
      const rules = index.declarations.flatMap((d) => d.rules);
      const result = language.edit(index, { ruleId: rules[pick % rules.length]!.id, replacements: [] });
      if (!result.ok) return;
      for (const path of new Set(result.edits.map((e) => e.range.file))) {
        if (!formatted(index.tree.get(path)!.text)) continue;
        clean += 1;
        expect(formatted(applyEdits(index.tree, result.edits).get(path)!.text)).toBe(true);
      }
    }),
    { numRuns: 60, seed: 3 },
  );
  expect(clean).toBeGreaterThan(40);
});
