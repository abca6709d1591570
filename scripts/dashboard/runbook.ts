/**
 * `docs/ALERTS.md` as a dashboard of texts, `deploy/grafana/kprf-runbook.json`: panels link to what to do about their
 * alerts, and need no other page for that.
 */
/* eslint-disable @typescript-eslint/no-deprecated -- files of the second schema need Grafana 12; this one any. */
import {
  type Dashboard,
  DashboardBuilder,
  DashboardLinkBuilder,
  DashboardLinkType,
} from '@grafana/grafana-foundation-sdk/dashboard'
import { PanelBuilder, TextMode } from '@grafana/grafana-foundation-sdk/text'

/** The last part of the address of this dashboard. */
export const RUNBOOK_UID = 'kprf-runbook'

const WIDTH = 12
const HEIGHT = 14

/** What a page says about one alert. */
export interface Section {
  readonly alert: string
  readonly text: string
}

/** The sections of `docs/ALERTS.md`. */
export function sectionsOf(page: string): readonly Section[] {
  return page
    .split(/^## /m)
    .slice(1)
    .map((section) => {
      const end = section.indexOf('\n')
      return { alert: section.slice(0, end).trim(), text: section.slice(end).trim() }
    })
}

/** Where a section is in Grafana. Throws for an alert without one. */
export function urlOf(sections: readonly Section[], alert: string): string {
  const index = sections.findIndex((section) => section.alert === alert)
  if (index === -1) throw new Error(`docs/ALERTS.md has no section about ${alert}`)
  return `/d/${RUNBOOK_UID}?viewPanel=${idOf(index)}`
}

/** The dashboard. */
export function runbook(sections: readonly Section[]): Dashboard {
  const builder = new DashboardBuilder('kprf: what to do about alerts')
    .uid(RUNBOOK_UID)
    .description('docs/ALERTS.md, one panel for each alert.')
    .tags(['kprf'])
    .readonly()
    .link(new DashboardLinkBuilder('kprf').type(DashboardLinkType.Link).url('/d/kprf'))
  for (const [index, { alert, text }] of sections.entries()) {
    builder.withPanel(
      new PanelBuilder()
        .id(idOf(index))
        .title(alert)
        .span(WIDTH)
        .height(HEIGHT)
        .mode(TextMode.Markdown)
        .content(withLinks(text, sections)),
    )
  }
  return builder.build()
}

/** Grafana's ids begin with 1. */
function idOf(index: number): number {
  return index + 1
}

/** Links to other sections lead to their panels; those to other pages are only their text. */
function withLinks(text: string, sections: readonly Section[]): string {
  return text.replaceAll(/\[([^\]]+)\]\(([^)]+)\)/g, (_whole, words: string, target: string) => {
    const section = sections.find(({ alert }) => target === `#${alert.toLowerCase()}`)
    return section === undefined ? words : `[${words}](${urlOf(sections, section.alert)})`
  })
}
