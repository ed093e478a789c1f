import { type Command, Option } from 'commander';
import type { Run } from '../runtime.ts';
import type { SourceEditOptions } from '../work/source-edit.ts';
import type { SourceListOptions } from '../work/source-list.ts';

export function register(program: Command, run: Run): void {
  const source = program.command('source').description('work with the Terraform and CloudFormation source by hand');
  treeOptions(source.command('list'))
    .description('print every declared rule: id, file and lines, shape, what it evaluates to or what is unknown')
    .option('--json', 'print JSON instead of text')
    .action(
      run(async (runtime, options: SourceListOptions) =>
        (await import('../work/source-list.ts')).list(options, runtime),
      ),
    );
  treeOptions(source.command('edit'))
    .description('print the verified diff that removes or tightens one rule; --write applies it')
    .requiredOption('--id <id>', 'a declaration as pare source list prints it')
    .option('--at <n...>', 'which of its rules, counted from 0; several for those that share one text, or all')
    .addOption(new Option('--remove', 'the rule goes').conflicts(['ports', 'cidr', 'protocol']))
    .option('--ports <a-b,...>', 'the ports it shall have instead: ranges within its own')
    .option('--cidr <cidr,...>', 'the address blocks it shall have instead: blocks within its own')
    .option('--protocol <name>', 'the one protocol it shall have instead of all: tcp, udp, icmp, icmpv6 or a number')
    .option('--write', 'write the changed files')
    .action(
      run(async (runtime, options: SourceEditOptions) =>
        (await import('../work/source-edit.ts')).edit(options, runtime),
      ),
    );
}

function treeOptions(command: Command): Command {
  return command
    .requiredOption('--source <dir>', 'folder with the Terraform or CloudFormation source')
    .addOption(
      new Option(
        '--state <[ROOT=]FILE...>',
        'Terraform state: a file (version 4, or terraform show -json), - for standard input, s3://BUCKET/KEY, or hcp://ORG/WORKSPACE; ROOT is its folder below --source',
      ),
    )
    .addOption(
      new Option('--stack <[TEMPLATE=]PATH...>', 'what the AWS CLI prints about deployed stacks: files or folders'),
    );
}
