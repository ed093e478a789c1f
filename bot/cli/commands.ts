import type { Register } from './runtime.ts';

/** In the order of the help. Each module only declares options; the work is imported when the command runs. */
export const COMMANDS: readonly (() => Promise<Register>)[] = [
  async () => (await import('./commands/run.ts')).register,
  async () => (await import('./commands/analyze.ts')).register,
  async () => (await import('./commands/plan.ts')).register,
  async () => (await import('./commands/apply.ts')).register,
  async () => (await import('./commands/explain.ts')).register,
  async () => (await import('./commands/report.ts')).register,
  async () => (await import('./commands/inventory.ts')).register,
  async () => (await import('./commands/source.ts')).register,
  async () => (await import('./commands/verify-plan.ts')).register,
  async () => (await import('./commands/doctor.ts')).register,
  async () => (await import('./commands/init.ts')).register,
  async () => (await import('./commands/ingest.ts')).register,
  async () => (await import('./commands/serve.ts')).register,
  async () => (await import('./commands/schema.ts')).register,
  async () => (await import('./commands/completion.ts')).register,
];
