import type { Finding, FindingsDocument } from '@pare/analyzer/model/finding.ts';
import { PareError } from '@pare/analyzer/model/problem.ts';
import { toExplanation, toTable } from '@pare/analyzer/report/index.ts';
import { readFindings } from '../read-findings.ts';
import { readProposals, storyOf } from '../read-proposals.ts';
import { EXIT, type ExitCode, type Runtime } from '../runtime.ts';

export interface ExplainCommandOptions {
  findings: string;
  proposals?: string;
  json?: boolean;
}

export async function explain(id: string, options: ExplainCommandOptions, runtime: Runtime): Promise<ExitCode> {
  const document = await readFindings(options.findings);
  const proposals = options.proposals === undefined ? null : await readProposals(options.proposals);
  const found = document.rules.filter((f) => f.findingId === id || f.ruleId === id);
  const ofGroup = document.rules.filter((f) => f.groupId === id);
  if (found.length === 0 && ofGroup.length === 0) throw unknownId(id, document, options.findings);
  const matches = found.length > 0 ? found : ofGroup;

  if (options.json === true) {
    const stories = matches.map((finding) => ({
      finding,
      ...(proposals === null ? {} : { source: storyOf(proposals, finding.findingId) }),
    }));
    await runtime.write(`${JSON.stringify(stories, null, 2)}\n`);
    return EXIT.clean;
  }
  if (found.length === 0) {
    await runtime.write(
      toTable({ ...document, rules: ofGroup }, { width: runtime.width, color: runtime.color, all: true }),
    );
    return EXIT.clean;
  }
  const stories = found.map((finding) =>
    toExplanation(document, finding, {
      width: runtime.width,
      color: runtime.color,
      ...(proposals === null ? {} : { source: storyOf(proposals, finding.findingId) }),
    }),
  );
  await runtime.write(stories.join('\n'));
  return EXIT.clean;
}

function unknownId(id: string, document: FindingsDocument, file: string): PareError {
  const near = document.rules.find(
    (f: Finding) => id.length >= 6 && [f.ruleId, f.groupId, f.findingId].some((own) => own.startsWith(id)),
  );
  return new PareError({
    code: 'unknown-id',
    message: `no rule, group or finding is named ${id}`,
    next:
      near === undefined
        ? `list them with pare report --findings ${file} --format csv`
        : `give the whole name, for example ${[near.ruleId, near.groupId, near.findingId].find((own) => own.startsWith(id))!}`,
    fault: 'configuration',
    file,
  });
}
