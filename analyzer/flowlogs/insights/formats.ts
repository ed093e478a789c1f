import { PareError } from '../../model/problem.ts';
import { DEFAULT_FIELDS, isTransitGateway, missingFields } from '../fields.ts';

/** `${version} ${account-id} …` as fields. Throws PareError where it is no such format. */
function fieldsOfFormat(format: string, whose: string): readonly string[] {
  const words = format.trim().split(/\s+/);
  const fields = words.map((word) => /^\$\{([a-z0-9-]+)\}$/.exec(word)?.[1]);
  const known = fields.filter((field) => field !== undefined);
  if (known.length < fields.length || new Set(known).size < known.length)
    throw wrong(
      whose,
      `${JSON.stringify(format)} is no format of flow logs`,
      'write it as AWS does: ${version} ${account-id} …',
    );
  return known;
}

/**
 * The formats of what flow logs write to one log group, each once, in a fixed order; the default one where nothing is said. A message does
 * not name its format: only the number of its fields tells, so two of the same length cannot be kept apart.
 */
export function formatsOf(group: string, formats: readonly string[]): readonly (readonly string[])[] {
  const all = new Map<string, readonly string[]>();
  for (const format of formats) {
    const fields = fieldsOfFormat(format, group);
    // Transit Gateways have no security groups; discover.ts leaves their files out, too.
    if (isTransitGateway(fields)) continue;
    const missing = missingFields(fields);
    if (missing.length > 0) {
      throw wrong(
        group,
        `the format ${JSON.stringify(format)} lacks ${missing.join(', ')}`,
        'create a flow log whose format has these fields',
      );
    }
    all.set(fields.join(' '), fields);
  }
  if (all.size === 0) all.set(DEFAULT_FIELDS.join(' '), DEFAULT_FIELDS);
  const sorted = [...all].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, fields]) => fields);
  const lengths = sorted.map(({ length }) => length);
  if (new Set(lengths).size === lengths.length) return sorted;
  throw wrong(
    group,
    'flow logs write to it in different formats of the same number of fields, which their records do not tell apart',
    'give the format of those to be read with --log-format, or let each write to a log group of its own',
  );
}

/** Messages by the number of their format, each list sorted. One that has the length of none goes to the first, where it counts as damaged. */
export function byFormat(messages: readonly string[], formats: readonly (readonly string[])[]): string[][] {
  const out = formats.map((): string[] => []);
  for (const message of messages) {
    // One event is one record, whatever it holds.
    const line = message.trim().replace(/[\r\n]+/g, ' ');
    const words = line.split(' ').length;
    const at = formats.findIndex(({ length }) => length === words);
    out[at < 0 ? 0 : at]!.push(line);
  }
  for (const lines of out) lines.sort();
  return out;
}

function wrong(file: string, message: string, next: string): PareError {
  return new PareError({ code: 'log-format-invalid', message, next, fault: 'configuration', file });
}
