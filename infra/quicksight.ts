import * as aws from '@pulumi/aws';
import * as pulumi from '@pulumi/pulumi';
import { findingsTable } from './tables.ts';
import type { Place, Tags } from './types.ts';

export interface QuickSightArgs {
  /** ARN of the user or group that owns what is made. */
  principal: string;
  database: pulumi.Input<string>;
  workgroup: pulumi.Input<string>;
  findings: pulumi.Input<string>;
  place: Place;
  tags: Tags;
}

const SOURCE_ACTIONS = ['DeleteDataSource', 'DescribeDataSource', 'PassDataSource', 'UpdateDataSource'];
const SET_ACTIONS = ['DeleteDataSet', 'DescribeDataSet', 'PassDataSet', 'QueryDataSet', 'UpdateDataSet'];

/** The findings table as a data set; the account must have QuickSight, which costs by the user, so this is off unless asked for. */
export class QuickSight extends pulumi.ComponentResource {
  constructor(name: string, args: QuickSightArgs, options?: pulumi.ComponentResourceOptions) {
    super('pare:infra:QuickSight', name, {}, options);
    const child = { parent: this };
    const { place, tags, principal } = args;
    const allow = (actions: readonly string[]) => [
      { principal, actions: actions.map((action) => `quicksight:${action}`) },
    ];
    const source = new aws.quicksight.DataSource(
      name,
      {
        awsAccountId: place.account,
        dataSourceId: name,
        name,
        type: 'ATHENA',
        parameters: { athena: { workGroup: args.workgroup } },
        sslProperties: { disableSsl: false },
        permissions: allow(SOURCE_ACTIONS),
        tags,
      },
      child,
    );
    const columns = [...findingsTable('findings').storageDescriptor.columns, { name: 'day', type: 'string' }];
    new aws.quicksight.DataSet(
      name,
      {
        awsAccountId: place.account,
        dataSetId: `${name}-findings`,
        name: `${name} findings`,
        importMode: 'DIRECT_QUERY',
        physicalTableMaps: [
          {
            physicalTableMapId: 'findings',
            relationalTable: {
              dataSourceArn: source.arn,
              catalog: 'AwsDataCatalog',
              schema: args.database,
              name: args.findings,
              inputColumns: columns.map((column) => ({ name: column.name, type: quickSightType(column.type) })),
            },
          },
        ],
        permissions: allow(SET_ACTIONS),
        tags,
      },
      child,
    );
    this.registerOutputs({});
  }
}

function quickSightType(type: string): string {
  if (type === 'bigint') return 'INTEGER';
  return type === 'double' ? 'DECIMAL' : 'STRING';
}
