import type { Command } from 'commander';
import type { Run } from '../runtime.ts';
import type { InventoryCommandOptions } from '../work/inventory.ts';

export function register(program: Command, run: Run): void {
  program
    .command('inventory')
    .description('pull security groups, their rules and who wears them from AWS into a folder')
    .requiredOption('--out <dir>', 'folder to write; an earlier inventory in it is replaced, anything else is not')
    .option('--profile <name>', 'profile of ~/.aws (default: as the AWS CLI finds credentials)')
    .option('--region <regions...>', "regions, or all that the account uses (default: the profile's)")
    .option('--role-arn <arn>', 'read the account of this role')
    .option('--organization', 'read all accounts of the organization, with --role-name')
    .option('--accounts <ids...>', 'read these accounts only, with --role-name')
    .option('--role-name <name>', 'the role to assume in each account')
    .option('--external-id <id>', 'the external id that the role asks for')
    .option('--session-name <name>', 'how the sessions are called in CloudTrail', 'pare-inventory')
    .option('--session-tag <key=value...>', 'tags of the sessions; the role must allow sts:TagSession')
    .option('--config-history [duration]', 'ask AWS Config who wore which group, this far back (default: 120d)')
    .option('--max-config-interfaces <number>', 'most interfaces to ask AWS Config about in a region', '5000')
    .option('--rule-ages', 'ask CloudTrail when rules were made')
    .option('--concurrency <number>', 'accounts and regions at once', '8')
    .option('--json', 'print JSON instead of a table')
    .action(
      run(async (runtime, options: InventoryCommandOptions) =>
        (await import('../work/inventory.ts')).inventory(options, runtime),
      ),
    );
}
