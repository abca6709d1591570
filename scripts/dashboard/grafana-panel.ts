/** Panels as Grafana has them. */
import type { Builder } from '@grafana/grafana-foundation-sdk/cog'
import {
  BigValueColorMode,
  type DataSourceRef,
  GraphThresholdsStyleMode,
  LegendDisplayMode,
  LegendPlacement,
  SortOrder,
  StackingMode,
  TooltipDisplayMode,
  VisibilityMode,
  VizLegendOptionsBuilder,
  VizTooltipOptionsBuilder,
  GraphThresholdsStyleConfigBuilder,
  StackingConfigBuilder,
  ReduceDataOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common'
import {
  DashboardLinkBuilder,
  DashboardLinkType,
  MappingType,
  type Panel as GrafanaPanel,
  ThresholdsConfigBuilder,
  ThresholdsMode,
  type ValueMapping,
} from '@grafana/grafana-foundation-sdk/dashboard'
import { DataqueryBuilder } from '@grafana/grafana-foundation-sdk/prometheus'
import { PanelBuilder as StatBuilder } from '@grafana/grafana-foundation-sdk/stat'
import { PanelBuilder as StateTimelineBuilder } from '@grafana/grafana-foundation-sdk/statetimeline'
import { PanelBuilder as TimeSeriesBuilder } from '@grafana/grafana-foundation-sdk/timeseries'
import type { Panel } from './panel.ts'

/** The data source that is chosen on the page. */
export const DATA_SOURCE: DataSourceRef = { type: 'prometheus', uid: '${datasource}' }

const NUMBER_HEIGHT = 4
const HEIGHT = 8
const FILL_OPACITY = 10
const STACKED_FILL_OPACITY = 40
const TRANSLUCENT_LINE_OPACITY = 70
const NO_THRESHOLDS = [[0, 'green']] as const

type PanelBuilder = StatBuilder | StateTimelineBuilder | TimeSeriesBuilder

/** The panel as Grafana has it. @param runbookUrl - of the section about an alert. */
export function grafanaPanel(
  panel: Panel,
  id: number,
  runbookUrl: (alert: string) => string,
): Builder<GrafanaPanel> {
  const { alerts = [], thresholds = NO_THRESHOLDS, words } = panel
  const builder: PanelBuilder = newBuilder(panel)
  builder
    .id(id)
    .title(panel.title)
    .description(panel.description)
    .datasource(DATA_SOURCE)
    .unit(panel.unit)
    .span(panel.width)
    .height(panel.kind === 'number' ? NUMBER_HEIGHT : HEIGHT)
    .thresholds(
      new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps(
        // The first step has no lower end.
        thresholds.map(([value, color], index) => ({ value: index === 0 ? null : value, color })),
      ),
    )
    .links(
      alerts.map((alert) =>
        new DashboardLinkBuilder(`Alert ${alert}: what to do`)
          .type(DashboardLinkType.Link)
          .url(runbookUrl(alert)),
      ),
    )
    .targets(
      panel.queries.map(({ expr, legend }, index) =>
        new DataqueryBuilder()
          .refId(String.fromCharCode('A'.charCodeAt(0) + index))
          .datasource(DATA_SOURCE)
          .expr(expr)
          .range()
          .legendFormat(legend),
      ),
    )
  if (panel.min !== undefined) builder.min(panel.min)
  if (panel.max !== undefined) builder.max(panel.max)
  if (words !== undefined) builder.mappings([mappingOf(words)])
  return builder
}

function newBuilder(panel: Panel): PanelBuilder {
  switch (panel.kind) {
    case 'number':
      return new StatBuilder()
        .colorMode(
          panel.words === undefined ? BigValueColorMode.Value : BigValueColorMode.Background,
        )
        .reduceOptions(new ReduceDataOptionsBuilder().calcs(['lastNotNull']))
    case 'states':
      return new StateTimelineBuilder()
        .showValue(VisibilityMode.Never)
        .mergeValues(true)
        .fillOpacity(TRANSLUCENT_LINE_OPACITY)
        .legend(legend())
    case 'lines':
      return lines(panel)
  }
}

function lines({ isStacked = false, thresholds }: Panel): TimeSeriesBuilder {
  const builder = new TimeSeriesBuilder()
    .lineWidth(1)
    .fillOpacity(isStacked ? STACKED_FILL_OPACITY : FILL_OPACITY)
    .showPoints(VisibilityMode.Never)
    .legend(legend())
    .tooltip(
      new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi).sort(SortOrder.Descending),
    )
  if (isStacked) builder.stacking(new StackingConfigBuilder().mode(StackingMode.Normal).group('A'))
  if (thresholds !== undefined) {
    builder.thresholdsStyle(
      new GraphThresholdsStyleConfigBuilder().mode(GraphThresholdsStyleMode.Dashed),
    )
  }
  return builder
}

function legend(): VizLegendOptionsBuilder {
  return new VizLegendOptionsBuilder()
    .displayMode(LegendDisplayMode.List)
    .placement(LegendPlacement.Bottom)
    .showLegend(true)
    .calcs([])
}

function mappingOf(words: NonNullable<Panel['words']>): ValueMapping {
  return {
    type: MappingType.ValueToText,
    options: Object.fromEntries(
      words.map(([value, text, color], index) => [String(value), { text, color, index }]),
    ),
  }
}
