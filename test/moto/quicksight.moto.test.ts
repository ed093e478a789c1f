import { describe, expect, inject, test } from 'vitest';
import { heatMapDefinition, heatMapTemplate } from '../../infra/heat-map.ts';
import { VIEWS } from '../../infra/views.ts';
import { loadModel, violations } from './models.ts';

const { model } = loadModel(inject('moto').models, 'quicksight');
const SET = 'arn:aws:quicksight:eu-west-1:111122223333:dataset/pare-heat';

describe('the heat map of QuickSight', () => {
  test('is a definition that AWS’s model of the service takes', () => {
    expect(violations(model, 'AnalysisDefinition', heatMapDefinition(SET), 'Definition')).toEqual([]);
    expect(
      violations(model, 'AnalysisDefinition', { Sheets: [{ SheetId: 'a b', Visual: [] }] }, 'in').length,
    ).toBeGreaterThan(1);
  });

  test('asks only for columns that the view has', () => {
    const columns = new Set(VIEWS.find(({ name }) => name === 'rule_heat')!.columns.map(({ name }) => name));
    const asked = [...JSON.stringify(heatMapDefinition(SET)).matchAll(/"ColumnName":"([^"]*)"/g)].map(
      ([, name]) => name!,
    );
    expect(asked.length).toBeGreaterThan(5);
    for (const name of asked) expect(columns).toContain(name);
  });

  test('is one resource of CloudFormation, with what the stack alone knows as parameters', () => {
    const template = JSON.parse(JSON.stringify(heatMapTemplate('pare', ['quicksight:DescribeAnalysis'])));
    expect(Object.keys(template.Parameters).sort()).toEqual(['DataSet', 'Principal']);
    const { Type, Properties } = template.Resources.Analysis;
    expect(Type).toBe('AWS::QuickSight::Analysis');
    expect(Properties.Definition.DataSetIdentifierDeclarations).toEqual([
      { Identifier: 'heat', DataSetArn: { Ref: 'DataSet' } },
    ]);
    const input = {
      ...{ AwsAccountId: '111122223333', AnalysisId: Properties.AnalysisId, Name: Properties.Name },
      Permissions: [
        {
          Principal: 'arn:aws:quicksight:eu-west-1:111122223333:user/default/mia',
          Actions: ['quicksight:DescribeAnalysis'],
        },
      ],
      Definition: heatMapDefinition(SET),
    };
    expect(violations(model, 'CreateAnalysisRequest', input, 'in')).toEqual([]);
  });
});
