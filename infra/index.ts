import * as pulumi from '@pulumi/pulumi';
import { Catalog } from './catalog.ts';

const config = new pulumi.Config();

const catalog = new Catalog('pare', {
  scanLimitBytes: config.getNumber('scanLimitBytes') ?? 1024 ** 4,
  resultDays: config.getNumber('resultDays') ?? 30,
  tags: { project: 'pare', stack: pulumi.getStack() },
});

/** What the Athena store is given. */
export const { database, workgroup, results } = catalog;
