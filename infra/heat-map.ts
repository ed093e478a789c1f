/** The names of columns in the data set that QuickSight shows; infra/views.ts has them. */
const SET = 'heat';

/**
 * The analysis of QuickSight as CloudFormation takes it, since the provider's own resource knows templates only: groups by direction, shaded by
 * the accepted records of their rules, and the rules that nothing used. A test holds it against AWS's model of the service.
 */
export function heatMapDefinition(dataSetArn: string): object {
  const column = (name: string) => ({ ColumnName: name, DataSetIdentifier: SET });
  const category = (name: string) => ({ CategoricalDimensionField: { FieldId: name, Column: column(name) } });
  const sum = (id: string) => ({
    NumericalMeasureField: {
      FieldId: id,
      Column: column('flows'),
      AggregationFunction: { SimpleNumericalAggregation: 'SUM' },
    },
  });
  const title = (text: string) => ({ Visibility: 'VISIBLE', FormatText: { PlainText: text } });
  return {
    DataSetIdentifierDeclarations: [{ Identifier: SET, DataSetArn: dataSetArn }],
    Sheets: [
      {
        SheetId: 'use',
        Name: 'Use of rules',
        Visuals: [
          {
            HeatMapVisual: {
              VisualId: 'groups-by-direction',
              Title: title('Security groups by direction, shaded by use'),
              ChartConfiguration: {
                FieldWells: {
                  HeatMapAggregatedFieldWells: {
                    Rows: [category('group_id')],
                    Columns: [category('direction')],
                    Values: [sum('flows')],
                  },
                },
                ColorScale: {
                  ColorFillType: 'GRADIENT',
                  Colors: [{ Color: '#F2F4F8' }, { Color: '#0B5CAD' }],
                  // No use is a colour of its own: it is what one looks for.
                  NullValueColor: { Color: '#FFFFFF' },
                },
              },
            },
          },
          {
            HeatMapVisual: {
              VisualId: 'rules-by-day',
              Title: title('Rules by day, shaded by use'),
              ChartConfiguration: {
                FieldWells: {
                  HeatMapAggregatedFieldWells: {
                    Rows: [category('rule_id')],
                    Columns: [category('used_on')],
                    Values: [sum('flows-by-day')],
                  },
                },
              },
            },
          },
        ],
      },
    ],
  };
}

/** A template of one resource. Its parameters are what only the stack knows. */
export function heatMapTemplate(name: string, actions: readonly string[]): object {
  return {
    AWSTemplateFormatVersion: '2010-09-09',
    Description: 'Heat map of the use of security group rules',
    Parameters: { DataSet: { Type: 'String' }, Principal: { Type: 'String' } },
    Resources: {
      Analysis: {
        Type: 'AWS::QuickSight::Analysis',
        Properties: {
          AwsAccountId: { Ref: 'AWS::AccountId' },
          AnalysisId: `${name}-heat`,
          Name: `${name} heat map`,
          Definition: withReference(heatMapDefinition('DATA_SET')),
          Permissions: [{ Principal: { Ref: 'Principal' }, Actions: actions }],
        },
      },
    },
  };
}

function withReference(definition: object): unknown {
  return JSON.parse(JSON.stringify(definition).replaceAll('"DATA_SET"', '{"Ref":"DataSet"}'));
}
