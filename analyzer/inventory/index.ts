/** The public face of the inventory step: what rules there are and who wore them. */
export { type ConfigItem, type ConfigItems, readConfigHistory } from './config-items.ts';
export { type InventoryOptions, readInterfaces, readInventory } from './read-inventory.ts';
export { buildTimeline } from './timeline.ts';
