import { closest } from '@pare/analyzer/model/closest.ts';
import type { EpochSeconds } from '@pare/analyzer/model/interface.ts';
import { stripControls } from '@pare/analyzer/model/text.ts';
import { code } from '../../change/markdown.ts';
import type { Command } from '../contract.ts';
import { COMMAND_NAMES, COMMANDS, type CommandName } from './commands.ts';

/**
 * A command, an answer to something that was meant as one, or nothing at all.
 *
 *     comment  = "/pare" [ space words ] [ newline anything ]     at the very start, so neither quoted nor in code
 *     words    = name [ rule ] …                                  case of name and keywords does not count
 *     rule     = "sgr-…" | "f-…"                                 backticks around it are allowed
 *     keep     = "keep" rule [ "until" date ] [ reason ]          reason: the rest of the line, "because" in front of it is left out
 *     pause    = "pause" [ "until" date ] [ reason ]
 *     narrow   = "narrow" rule "to" shape                         shape.ts
 *     date     = YYYY-MM-DD                                       the whole day counts, UTC
 *
 * Only the first line is read. A second line that starts with /pare makes the whole comment an error, since one half-done is worse.
 */
export type Parsed = { kind: 'command'; command: Command } | { kind: 'answer'; reply: string } | { kind: 'ignore' };

const IGNORE: Parsed = { kind: 'ignore' };
const LINE_LIMIT = 1000;
const REASON_LIMIT = 300;
const RULE = /^(sgr-[0-9a-z-]{1,80}|f-[0-9a-f]{12})$/;
const BARE: readonly BareName[] = ['rerun', 'split', 'rebase', 'recreate', 'resume', 'revert', 'status', 'help'];

export function parseCommand(body: string, now: EpochSeconds): Parsed {
  const start = /^\/pare(?![^\s])/i.exec(body);
  if (start === null) return IGNORE;
  const lines = body.split(/\r\n|[\n\r\u2028\u2029]/);
  if (lines.slice(1).some((line) => /^\s*\/pare(?!\S)/i.test(line)))
    return answer('One command a comment, please: nothing was done.');
  if (lines[0]!.length > LINE_LIMIT) return answer(`A command has at most ${LINE_LIMIT} characters: nothing was done.`);
  const words = stripControls(lines[0]!).trim().split(/\s+/).slice(1);
  const [first = 'help', ...rest] = words;
  const name = COMMAND_NAMES.find((one) => one === first.toLowerCase());
  if (name === undefined) return unknown(first);
  return argumentsOf(name, rest, now);
}

function argumentsOf(name: CommandName, words: readonly string[], now: EpochSeconds): Parsed {
  if (isBare(name)) return words.length === 0 ? command({ name }) : usage(name, `it takes nothing after ${name}`);
  if (name === 'pause') {
    const when = untilOf(words, now);
    if (typeof when === 'string') return usage(name, when);
    return command({ name, until: when.until, reason: reasonOf(when.rest) });
  }
  if (name === 'explain' && words.length === 0) return command({ name, rule: null });
  const rule = words[0] === undefined ? '' : unquoted(words[0]);
  const rest = words.slice(1);
  if (!RULE.test(rule))
    return usage(
      name,
      words[0] === undefined ? 'it needs a rule' : `${code(words[0])} is no rule id (sgr-…) or finding id (f-…)`,
    );
  switch (name) {
    case 'keep': {
      const when = untilOf(rest, now);
      if (typeof when === 'string') return usage(name, when);
      return command({ name, rule, until: when.until, reason: reasonOf(when.rest) });
    }
    case 'narrow':
      if (rest[0]?.toLowerCase() !== 'to' || rest.length < 2)
        return usage(name, 'it needs “to” and what is to be allowed');
      return command({ name, rule, to: rest.slice(1).map(unquoted).join(' ') });
    case 'explain':
    case 'unkeep':
    case 'drop':
    case 'open':
      return rest.length === 0 ? command({ name, rule }) : usage(name, 'it takes one rule and nothing more');
    default:
      return name satisfies never;
  }
}

type BareName = Exclude<CommandName, 'explain' | 'keep' | 'unkeep' | 'drop' | 'open' | 'narrow' | 'pause'>;

function isBare(name: CommandName): name is BareName {
  return BARE.some((one) => one === name);
}

/** The end of the day named, or what is wrong with it. */
function untilOf(
  words: readonly string[],
  now: EpochSeconds,
): { until: EpochSeconds | null; rest: readonly string[] } | string {
  if (words[0]?.toLowerCase() !== 'until') return { until: null, rest: words };
  const date = words[1] === undefined ? '' : unquoted(words[1]).replace(/[,:;]$/, '');
  const time = /^\d{4}-\d{2}-\d{2}$/.test(date) ? Date.parse(`${date}T00:00:00Z`) : Number.NaN;
  // Date.parse turns the 31st of February into a day of March.
  if (Number.isNaN(time) || new Date(time).toISOString().slice(0, 10) !== date) return 'until needs a date, YYYY-MM-DD';
  const until = time / 1000 + 24 * 3600;
  return until <= now ? `${date} is over` : { until, rest: words.slice(2) };
}

function reasonOf(words: readonly string[]): string {
  const rest = words[0]?.toLowerCase() === 'because' ? words.slice(1) : words;
  return [...rest.join(' ')].slice(0, REASON_LIMIT).join('');
}

function unquoted(word: string): string {
  return word.replace(/^`+|`+$/g, '');
}

function unknown(word: string): Parsed {
  const guess = closest(word, COMMAND_NAMES);
  const hint = guess === null ? `Commands are ${COMMAND_NAMES.join(', ')}.` : `Did you mean \`/pare ${guess}\`?`;
  return answer(`There is no command ${code(word)}: nothing was done. ${hint}`);
}

function usage(name: CommandName, why: string): Parsed {
  const row = COMMANDS.find((one) => one.name === name)!;
  return answer(`\`/pare ${name}\`: ${why}. It is written \`${row.usage}\`; nothing was done.`);
}

function command(value: Command): Parsed {
  return { kind: 'command', command: value };
}

function answer(reply: string): Parsed {
  return { kind: 'answer', reply };
}

/** The command as it was understood: canonical, for audit lines. */
export function formatCommand(given: Command): string {
  const day = (until: EpochSeconds | null) =>
    until === null ? [] : ['until', new Date((until - 1) * 1000).toISOString().slice(0, 10)];
  switch (given.name) {
    case 'explain':
      return given.rule === null ? 'explain' : `explain ${given.rule}`;
    case 'keep':
      return ['keep', given.rule, ...day(given.until)].join(' ');
    case 'unkeep':
    case 'drop':
    case 'open':
      return `${given.name} ${given.rule}`;
    case 'narrow':
      return `narrow ${given.rule} to ${given.to}`;
    case 'pause':
      return ['pause', ...day(given.until)].join(' ');
    default:
      return given.name;
  }
}
