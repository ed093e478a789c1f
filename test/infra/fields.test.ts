import { expect, it } from 'vitest';
import { DEFAULT_FIELDS } from '../../analyzer/flowlogs/fields.ts';
import { RECOMMENDED_FORMAT } from '../../bot/cli/work/doctor-checks.ts';
import { RECOMMENDED_FIELDS } from '../../infra/settings.ts';

it('the program, which may import nothing, names the fields by AWS’s names and none that pare doctor does not recommend', () => {
  const recommended = [...RECOMMENDED_FORMAT.matchAll(/\$\{([a-z-]+)\}/g)].map((match) => match[1]);
  expect(RECOMMENDED_FIELDS.slice(0, DEFAULT_FIELDS.length)).toEqual(DEFAULT_FIELDS);
  expect(recommended.filter((field) => RECOMMENDED_FIELDS.some((one) => one === field))).toEqual(RECOMMENDED_FIELDS);
});
