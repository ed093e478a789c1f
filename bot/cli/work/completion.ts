import type { Command } from 'commander';
import { EXIT, type ExitCode, type Runtime } from '../runtime.ts';
import type { Shell } from '../shells.ts';

export interface CommandWords {
  /** `plan`, `source list`. */
  name: string;
  description: string;
  /** Long names, e.g. `--findings`. */
  options: readonly { name: string; description: string; takes: boolean }[];
  /** Words that an operand may be. */
  choices: readonly string[];
  /** Names of commands below it. */
  below: readonly string[];
}

export async function completion(
  program: Command,
  shell: Shell,
  options: { json?: boolean },
  runtime: Runtime,
): Promise<ExitCode> {
  const words = wordsOf(program);
  await runtime.write(options.json === true ? `${JSON.stringify(words, null, 2)}\n` : SCRIPTS[shell](words));
  return EXIT.clean;
}

/** All commands of the program, the program itself first with an empty name. */
export function wordsOf(program: Command): CommandWords[] {
  const shared = optionsOf(program);
  const walk = (command: Command, name: string): CommandWords[] => [
    {
      name,
      description: command.description(),
      options: [...optionsOf(command), ...(name === '' ? [] : shared), HELP],
      choices: command.registeredArguments.flatMap((argument) => argument.argChoices ?? []),
      below: command.commands.map((one) => one.name()),
    },
    ...command.commands.flatMap((one) => walk(one, name === '' ? one.name() : `${name} ${one.name()}`)),
  ];
  return walk(program, '');
}

const HELP = { name: '--help', description: 'print help', takes: false };

function optionsOf(command: Command): CommandWords['options'] {
  return command.options
    .filter((option) => option.long !== undefined && option.long !== null)
    .map((option) => ({
      name: option.long!,
      description: option.description,
      takes: option.required || option.optional,
    }));
}

const SCRIPTS: Readonly<Record<Shell, (words: readonly CommandWords[]) => string>> = { bash, zsh, fish };

/** Words of a command: what may follow it. Paths are completed where an option or operand takes one. */
function following(command: CommandWords): string {
  return [...command.below, ...command.choices, ...command.options.map((option) => option.name)].join(' ');
}

function takesFiles(command: CommandWords): 'yes' | 'no' {
  return command.name !== '' && command.below.length === 0 && command.choices.length === 0 ? 'yes' : 'no';
}

function bash(words: readonly CommandWords[]): string {
  return `# Completion of pare for bash: eval "$(pare completion bash)"
_pare() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" command="" word words files
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$command $word" in
${cases(words, (command) => `      ${casePattern(command.name)}) command=${quote(command.name)} ;;`)}
    esac
  done
  case "$command" in
${cases(words, (command) => `    ${quote(command.name)}) words=${quote(following(command))} files=${takesFiles(command)} ;;`, true)}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
  if [[ "$files" = yes && "$cur" != -* ]]; then COMPREPLY+=($(compgen -f -- "$cur")); fi
}
complete -o filenames -F _pare pare
`;
}

/** \`plan\` is reached from the program, \`source list\` from \`source\`. */
function casePattern(name: string): string {
  const at = name.lastIndexOf(' ');
  return at < 0 ? quote(` ${name}`) : quote(name);
}

function zsh(words: readonly CommandWords[]): string {
  return `#compdef pare
# Completion of pare for zsh: eval "$(pare completion zsh)"
_pare() {
  local command="" word
  for word in "\${(@)words[2,CURRENT-1]}"; do
    case "$command $word" in
${cases(words, (command) => `      ${casePattern(command.name)}) command=${quote(command.name)} ;;`)}
    esac
  done
  local -a options
  local files
  case "$command" in
${cases(words, (command) => `    ${quote(command.name)}) options=(${[...command.below, ...command.choices, ...command.options.map((one) => one.name)].map(quote).join(' ')}) files=${takesFiles(command)} ;;`, true)}
  esac
  compadd -a options
  if [[ "$files" = yes && "$PREFIX" != -* ]]; then _files; fi
}
compdef _pare pare
`;
}

function fish(words: readonly CommandWords[]): string {
  const top = words[0]!;
  const lines = ['# Completion of pare for fish: pare completion fish | source', 'complete -c pare -f'];
  for (const command of words.slice(1)) {
    const parts = command.name.split(' ');
    const own = parts.at(-1)!;
    const condition =
      parts.length === 1 ? '__fish_use_subcommand' : `__fish_seen_subcommand_from ${parts.slice(0, -1).join(' ')}`;
    lines.push(`complete -c pare -n ${quote(condition)} -a ${quote(own)} -d ${quote(command.description)}`);
    const seen = parts.map((part) => `__fish_seen_subcommand_from ${part}`).join('; and ');
    for (const choice of command.choices) lines.push(`complete -c pare -n ${quote(seen)} -a ${quote(choice)}`);
    for (const option of command.options) {
      if (top.options.some((one) => one.name === option.name)) continue;
      const takes = option.takes ? ' -r -F' : '';
      lines.push(
        `complete -c pare -n ${quote(seen)} -l ${option.name.slice(2)}${takes} -d ${quote(option.description)}`,
      );
    }
  }
  for (const option of top.options) {
    lines.push(`complete -c pare -l ${option.name.slice(2)} -d ${quote(option.description)}`);
  }
  return `${lines.join('\n')}\n`;
}

function cases(words: readonly CommandWords[], line: (command: CommandWords) => string, withTop = false): string {
  return (withTop ? words : words.slice(1)).map(line).join('\n');
}

/** Single quotes, as all three shells take them; fish reads a backslash before the inner quote too. */
function quote(text: string): string {
  return `'${text.replaceAll("'", `'"'"'`)}'`;
}
