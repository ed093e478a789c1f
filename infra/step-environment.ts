import type { Input } from '@pulumi/pulumi';
import type { Settings } from './settings.ts';
import { dayLocations } from './tables.ts';

/** What bot/lambda/settings.ts reads. */
export function stepEnvironment(settings: Settings, bucket: Input<string>): Record<string, Input<string>> {
  return {
    PARE_BUCKET: bucket,
    PARE_FLOW_LOGS: JSON.stringify(settings.flowLogs.flatMap(dayLocations)),
    PARE_INVENTORY: JSON.stringify(settings.inventory),
    PARE_WINDOW: settings.window,
    PARE_REPOSITORIES: JSON.stringify(settings.repositories),
  };
}
