import type { Command } from 'commander';
import type { Run } from '../runtime.ts';
import type { DoctorOptions } from '../work/doctor.ts';

export function register(program: Command, run: Run): void {
  program
    .command('doctor')
    .description(
      'find what is missing (flow logs off, a format that tells little, no history), with the command that mends it',
    )
    .requiredOption('--inventory <dir>', 'what the AWS CLI printed, flat or under ACCOUNT/REGION/')
    .option('--flow-logs <paths...>', 'files or folders of VPC Flow Logs: judges what they cover, too')
    .option('--config-history <paths...>', 'AWS Config history or snapshots')
    .option('--window <duration>', 'how far back to judge: 90d, 12w, 24h (default: 90d)')
    .option('--json', 'print JSON instead of text')
    .option('--detailed-exitcode', 'exit 2 when something is missing')
    .action(
      run(async (runtime, options: DoctorOptions) => (await import('../work/doctor.ts')).doctor(options, runtime)),
    );
}
