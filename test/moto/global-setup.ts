import type { TestProject } from 'vitest/node';
import { startMoto } from './server.ts';

declare module 'vitest' {
  interface ProvidedContext {
    moto: { url: string; models: string };
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const moto = await startMoto();
  project.provide('moto', { url: moto.url, models: moto.models });
  return moto.stop;
}
