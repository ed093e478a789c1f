import { readInventory } from '@pare/analyzer/inventory/index.ts';
import { PareError } from '@pare/analyzer/model/problem.ts';
import { terminalSafe } from '@pare/analyzer/model/text.ts';
import { EXIT, type ExitCode, type Runtime } from '../runtime.ts';
import { runAnalysis } from './analysis.ts';
import { byWeight, type Complaint, diagnose } from './doctor-checks.ts';

export interface DoctorOptions {
  inventory?: string;
  aws?: boolean;
  profile?: string;
  region?: string;
  flowLogs?: string[];
  configHistory?: string[];
  window?: string;
  json?: boolean;
  detailedExitcode?: boolean;
}

/** `pare doctor`: reads what is given and changes nothing; asks AWS only with --aws. */
export async function doctor(options: DoctorOptions, runtime: Runtime): Promise<ExitCode> {
  if (options.inventory === undefined && options.aws !== true)
    throw new PareError({
      code: 'nothing-to-examine',
      message: 'there is nothing to examine',
      next: 'give --inventory with a folder, or --aws to ask what the credentials may',
      fault: 'configuration',
    });
  const asked = options.aws === true ? await (await import('./doctor-aws.ts')).askAws(options, runtime.signal) : [];
  const read = options.inventory === undefined ? [] : await examine(options.inventory, options, runtime);
  const complaints = byWeight([...asked, ...read]);
  if (options.json === true) {
    await runtime.write(`${JSON.stringify({ schemaVersion: 1, complaints }, null, 2)}\n`);
  } else {
    await runtime.write(textOf(complaints, options.inventory === undefined || options.flowLogs !== undefined, runtime));
  }
  return options.detailedExitcode === true && complaints.length > 0 ? EXIT.findings : EXIT.clean;
}

async function examine(folder: string, options: DoctorOptions, runtime: Runtime): Promise<Complaint[]> {
  const inventory = await readInventory(folder, { configHistory: options.configHistory ?? [] });
  const document =
    options.flowLogs === undefined
      ? null
      : await runAnalysis(
          {
            inventory: folder,
            flowLogs: options.flowLogs,
            skipUnreadable: true,
            ...(options.configHistory === undefined ? {} : { configHistory: options.configHistory }),
            ...(options.window === undefined ? {} : { window: options.window }),
          },
          runtime,
        );
  return diagnose({ inventory, document, folder });
}

function textOf(complaints: readonly Complaint[], withLogs: boolean, runtime: Runtime): string {
  const bold = (text: string) => (runtime.color ? `\u001b[1m${text}\u001b[0m` : text);
  const lines: string[] = [];
  for (const [weight, title] of [
    ['blocks', 'Without this, rules cannot be judged'],
    ['weakens', 'With this, more could be removed, or more surely'],
  ] as const) {
    const own = complaints.filter((complaint) => complaint.weight === weight);
    if (own.length === 0) continue;
    lines.push(...(lines.length > 0 ? [''] : []), bold(title));
    for (const { what, why, commands } of own) {
      lines.push('', ...fold(`- ${what}.`, runtime.width, '', '  '), ...fold(why, runtime.width, '  ', '  '));
      // Never folded: a command is there to be copied.
      for (const command of commands) lines.push(`    $ ${terminalSafe(command)}`);
    }
  }
  if (complaints.length === 0) lines.push('Nothing is missing.');
  if (!withLogs)
    lines.push('', ...fold('Give --flow-logs to judge what the logs themselves cover.', runtime.width, '', ''));
  return `${lines.join('\n')}\n`;
}

function fold(text: string, width: number, first: string, rest: string): string[] {
  const lines: string[] = [];
  let line = first;
  for (const word of terminalSafe(text).split(' ')) {
    if (line.trim() !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = `${rest}${word}`;
    } else line = line === first ? `${first}${word}` : `${line} ${word}`;
  }
  lines.push(line);
  return lines;
}
