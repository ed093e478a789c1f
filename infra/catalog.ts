import * as aws from '@pulumi/aws';
import * as pulumi from '@pulumi/pulumi';
import { PrivateBucket } from './private-bucket.ts';
import type { FlowLogs } from './settings.ts';
import { flowLogTable, RESULT_NAMES, resultTable } from './tables.ts';
import type { Tags } from './types.ts';
import { VIEWS, viewText } from './views.ts';

export interface CatalogArgs {
  /** Most bytes one query may scan before Athena stops it; at $5 per TB this is the most one query can cost. */
  scanLimitBytes: pulumi.Input<number>;
  /** Days after which query results, which can always be made anew, are deleted. */
  resultDays: pulumi.Input<number>;
  /** Each becomes a table over files that are there already. */
  flowLogs: readonly FlowLogs[];
  /** Bucket of what the analysis writes, which becomes tables too. */
  data: pulumi.Input<string>;
  tags: Tags;
}

/** What SQL clients and the Athena store work in: a database with its tables, a workgroup with a scan limit, a private place for results. */
export class Catalog extends pulumi.ComponentResource {
  readonly database: pulumi.Output<string>;
  readonly workgroup: pulumi.Output<string>;
  readonly results: pulumi.Output<string>;

  constructor(name: string, args: CatalogArgs, options?: pulumi.ComponentResourceOptions) {
    super('pare:infra:Catalog', name, {}, options);
    const child = { parent: this };
    const { tags } = args;
    // Query results can always be made anew: `pulumi destroy` may take them with it.
    const bucket = new PrivateBucket(
      `${name}-results`,
      {
        expire: [{ id: 'expire-results', prefix: '', days: args.resultDays }],
        versionDays: 0,
        forceDestroy: true,
        tags,
      },
      child,
    );
    const database = new aws.glue.CatalogDatabase(
      `${name}-database`,
      { name: name.replaceAll('-', '_'), description: 'VPC Flow Logs and what Pare made of them', tags },
      child,
    );
    for (const logs of args.flowLogs)
      new aws.glue.CatalogTable(
        `${name}-flow-logs-${logs.name}`,
        { databaseName: database.name, ...flowLogTable(logs) },
        child,
      );
    const results = RESULT_NAMES.map(
      (table) =>
        new aws.glue.CatalogTable(
          `${name}-${table.replace('_', '-')}`,
          {
            databaseName: database.name,
            ...resultTable(table, table),
            parameters: pulumi.output(args.data).apply((data) => resultTable(table, data).parameters),
            storageDescriptor: pulumi.output(args.data).apply((data) => resultTable(table, data).storageDescriptor),
          },
          child,
        ),
    );
    for (const view of VIEWS)
      new aws.glue.CatalogTable(
        `${name}-view-${view.name.replaceAll('_', '-')}`,
        {
          databaseName: database.name,
          name: view.name,
          description: view.description,
          tableType: 'VIRTUAL_VIEW',
          parameters: { presto_view: 'true', comment: 'Presto View' },
          viewOriginalText: database.name.apply((known) => viewText(view, known)),
          viewExpandedText: '/* Presto View */',
          storageDescriptor: { columns: view.columns.map((column) => ({ ...column })) },
        },
        { ...child, dependsOn: results },
      );
    const workgroup = new aws.athena.Workgroup(
      `${name}-workgroup`,
      {
        name,
        description: 'Queries of Pare: bounded, encrypted, results in their own place',
        forceDestroy: true,
        configuration: {
          enforceWorkgroupConfiguration: true,
          publishCloudwatchMetricsEnabled: true,
          bytesScannedCutoffPerQuery: args.scanLimitBytes,
          resultConfiguration: {
            outputLocation: pulumi.interpolate`s3://${bucket.name}/athena/`,
            encryptionConfiguration: { encryptionOption: 'SSE_S3' },
          },
        },
        tags,
      },
      child,
    );
    this.database = database.name;
    this.workgroup = workgroup.name;
    this.results = pulumi.interpolate`s3://${bucket.name}/`;
    this.registerOutputs({ database: this.database, workgroup: this.workgroup, results: this.results });
  }
}
