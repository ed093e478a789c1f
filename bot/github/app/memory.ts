import { PareError } from '@pare/analyzer/model/problem.ts';
import type { Memory, Platform, RepositoryState } from '../contract.ts';
import { canonicalMemory, MEMORY_LIMIT, writeMemory } from '../dashboard/memory.ts';
import { DASHBOARD_LABEL } from '../run/observe.ts';

const BLOCK = /<!-- pare-memory:v1 [A-Za-z0-9_-]+ -->/g;
const FIRST = 'This is the dashboard and the memory of Pare; the first run fills it in. Leave the last line as it is.';

/**
 * Only the hidden block changes; the readable part is the next run's. Ticks that people made meanwhile stay ticked. A memory that says the
 * same makes no write.
 */
export async function saveMemory(
  platform: Platform,
  state: RepositoryState,
  memory: Memory,
  title: string,
): Promise<void> {
  const text = writeMemory(canonicalMemory(memory));
  if (text === writeMemory(canonicalMemory(state.memory))) return;
  if (text.length > MEMORY_LIMIT)
    throw new PareError({
      code: 'dashboard-memory-full',
      message: `${state.repository.owner}/${state.repository.name}: what people decided no longer fits the dashboard`,
      next: 'move decisions that shall stay into keeps and ignores of .github/pare.yml, then end them on the dashboard',
      fault: 'input',
    });
  if (state.dashboard === null) {
    await platform.createIssue({ title, body: `${FIRST}\n\n${text}\n`, labels: [DASHBOARD_LABEL] });
    return;
  }
  // Read again: one worker a repository writes it, but people tick boxes at any time.
  const current = await platform.issue(state.dashboard.number);
  const body = current?.body ?? state.dashboard.body;
  const last = [...body.matchAll(BLOCK)].at(-1);
  const next =
    last === undefined
      ? `${body.trimEnd()}\n\n${text}\n`
      : body.slice(0, last.index) + text + body.slice(last.index + last[0].length);
  await platform.updateIssue(state.dashboard.number, { body: next });
}
