import { expect, it } from 'vitest';
import { acting, CORPUS } from './hostile.ts';
import { hostileSuite } from './hostile-app.ts';

// Every sixth; all of them in hostile.slow.test.ts.
hostileSuite(CORPUS.filter((_, n) => n % 6 === 0));

it('the corpus would act if it were let through: half of it in Markdown, the rest in a spreadsheet, a terminal, a path or a ref', () => {
  expect(CORPUS.length).toBeGreaterThan(500);
  expect(CORPUS.filter((text) => acting(text).length > 0).length).toBeGreaterThan(CORPUS.length / 2.2);
});
