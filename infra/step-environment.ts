import type { Settings } from './settings.ts';
import { dayLocations } from './tables.ts';

/** Where the settings of the steps lie in the bucket of data: the environment of a function takes 4 KB. */
export const SETTINGS_KEY = 'config/steps.json';

/** What bot/lambda/settings.ts reads, by the names of the environment. */
export function stepSettings(settings: Settings): Record<string, string> {
  return {
    PARE_FLOW_LOGS: JSON.stringify(settings.flowLogs.flatMap(dayLocations)),
    PARE_INVENTORY: JSON.stringify(settings.inventory),
    PARE_WINDOW: settings.window,
    PARE_REPOSITORIES: JSON.stringify(settings.repositories),
  };
}
