import * as aws from '@pulumi/aws';
import * as pulumi from '@pulumi/pulumi';
import { heatMapTemplate } from './heat-map.ts';
import type { Place, Tags } from './types.ts';
import { VIEWS } from './views.ts';

export interface QuickSightArgs {
  /** ARN of the user or group that owns what is made. */
  principal: string;
  database: pulumi.Input<string>;
  workgroup: pulumi.Input<string>;
  place: Place;
  tags: Tags;
}

const SOURCE_ACTIONS = ['DeleteDataSource', 'DescribeDataSource', 'PassDataSource', 'UpdateDataSource'];
const SET_ACTIONS = ['DeleteDataSet', 'DescribeDataSet', 'PassDataSet', 'QueryDataSet', 'UpdateDataSet'];

const ANALYSIS_ACTIONS = [
  'DeleteAnalysis',
  'DescribeAnalysis',
  'DescribeAnalysisPermissions',
  'QueryAnalysis',
  'RestoreAnalysis',
  'UpdateAnalysis',
  'UpdateAnalysisPermissions',
];
const ids = (actions: readonly string[]) => actions.map((action) => `quicksight:${action}`);
/** What becomes a data set: each rule with what is said of it, and with each day of its use. */
const SETS = { findings: 'latest_findings', heat: 'rule_heat' } as const;

/** The newest findings and the heat map as data sets, and an analysis of the latter; the account must have QuickSight, which costs by the user, so this is off unless asked for. */
export class QuickSight extends pulumi.ComponentResource {
  constructor(name: string, args: QuickSightArgs, options?: pulumi.ComponentResourceOptions) {
    super('pare:infra:QuickSight', name, {}, options);
    const child = { parent: this };
    const { place, tags, principal } = args;
    const allow = (actions: readonly string[]) => [{ principal, actions: ids(actions) }];
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
    const setOf = (set: keyof typeof SETS) => {
      const view = VIEWS.find((one) => one.name === SETS[set])!;
      return new aws.quicksight.DataSet(
        `${name}-${set}`,
        {
          awsAccountId: place.account,
          dataSetId: `${name}-${set}`,
          name: `${name} ${set}`,
          importMode: 'DIRECT_QUERY',
          physicalTableMaps: [
            {
              physicalTableMapId: set,
              relationalTable: {
                dataSourceArn: source.arn,
                catalog: 'AwsDataCatalog',
                schema: args.database,
                name: view.name,
                inputColumns: view.columns.map((column) => ({ name: column.name, type: quickSightType(column.type) })),
              },
            },
          ],
          permissions: allow(SET_ACTIONS),
          tags,
        },
        child,
      );
    };
    setOf('findings');
    new aws.cloudformation.Stack(
      `${name}-heat-map`,
      {
        name: `${name}-heat-map`,
        templateBody: JSON.stringify(heatMapTemplate(name, ids(ANALYSIS_ACTIONS))),
        parameters: { DataSet: setOf('heat').arn, Principal: principal },
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
