import type { Command } from 'commander';
import type { Run } from '../runtime.ts';
import type { DoctorOptions } from '../work/doctor.ts';

export function register(program: Command, run: Run): void {
  program
    .command('doctor')
    .description(
      'find what is missing (flow logs off, a format that tells little, no history, a permission), with the command that mends it',
    )
    .option('--inventory <dir>', 'what the AWS CLI printed, flat or under ACCOUNT/REGION/')
    .option('--aws', 'ask AWS what the credentials at hand may, by the smallest calls of pare inventory')
    .option('--profile <name>', 'profile of ~/.aws, with --aws')
    .option('--region <region>', 'region to ask in, with --aws')
    .option('--flow-logs <paths...>', 'files or folders of VPC Flow Logs: judges what they cover, too')
    .option('--config-history <paths...>', 'AWS Config history or snapshots')
    .option('--window <duration>', 'how far back to judge: 90d, 12w, 24h (default: 90d)')
    .option('--json', 'print JSON instead of text')
    .option('--detailed-exitcode', 'exit 2 when something is missing')
    .action(
      run(async (runtime, options: DoctorOptions) => (await import('../work/doctor.ts')).doctor(options, runtime)),
    );
}
