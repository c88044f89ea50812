use askama::Template;

use super::{Tone, render};
use crate::html::Html;

/// One row of a summary list.
#[derive(Debug, Clone, Default)]
pub struct SummaryRow {
    /// What.
    pub key: Html,
    /// Its value.
    pub value: Html,
    /// What can be done about it; empty for nothing.
    pub action: Html,
}

impl SummaryRow {
    /// A row without an action.
    pub fn new(key: impl Into<Html>, value: impl Into<Html>) -> Self {
        Self { key: key.into(), value: value.into(), action: Html::default() }
    }
}

#[derive(Template)]
#[template(path = "components/summary.html")]
struct Summary<'a> {
    rows: &'a [SummaryRow],
}

/// Facts about one thing, one under another.
pub fn summary_list(rows: &[SummaryRow]) -> Html {
    render(&Summary { rows })
}

/// One event of a timeline.
#[derive(Debug, Clone, Default)]
pub struct TimelineItem {
    /// What happened.
    pub title: Html,
    /// When and who; a [`super::time`] belongs here.
    pub when: Html,
    /// On what ground, what changed; empty for nothing.
    pub body: Html,
    /// Colour of the dot.
    pub tone: Tone,
}

#[derive(Template)]
#[template(path = "components/timeline.html")]
struct Timeline<'a> {
    items: &'a [TimelineItem],
}

/// Events in their order.
pub fn timeline(items: &[TimelineItem]) -> Html {
    render(&Timeline { items })
}

/// One figure.
#[derive(Debug, Clone, Default)]
pub struct Stat {
    /// What is counted.
    pub label: Html,
    /// The figure, written for people.
    pub value: Html,
    /// Its unit; empty for none.
    pub unit: Html,
}

#[derive(Template)]
#[template(path = "components/stats.html")]
struct Stats<'a> {
    stats: &'a [Stat],
}

/// Figures side by side.
pub fn stats(stats: &[Stat]) -> Html {
    render(&Stats { stats })
}

/// The place of a chart; [`crate::Island::Chart`] draws it.
#[derive(Debug, Clone, Default)]
pub struct ChartSpec<'a> {
    /// Address of the history without `points`, `from` and `to`.
    pub history_url: &'a str,
    /// Name of the attribute.
    pub title: &'a str,
    /// Unit, written for people.
    pub unit: &'a str,
    /// Norm in that unit.
    pub norm: Option<f64>,
    /// What stands there without JavaScript: a table of the last values.
    pub fallback: Html,
}

#[derive(Template)]
#[template(path = "components/chart.html")]
struct Chart<'a> {
    spec: &'a ChartSpec<'a>,
}

/// A chart of an attribute's history.
pub fn chart(spec: &ChartSpec<'_>) -> Html {
    render(&Chart { spec })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chart_names_its_source() {
        let spec = ChartSpec {
            history_url: "/api/v1/entities/urn:a/history?attribute=pm25&x=1",
            title: "PM2,5",
            unit: "мг/м³",
            norm: Some(0.16),
            fallback: Html::from("<нет>"),
        };
        let html = chart(&spec).to_string();
        assert!(html.contains("attribute=pm25&#38;x=1") || html.contains("attribute=pm25&amp;x=1"), "{html}");
        assert!(html.contains(r#"data-norm="0.16""#) && html.contains("&lt;нет&gt;"), "{html}");
        assert!(!chart(&ChartSpec { norm: None, ..spec }).as_str().contains("data-norm"));
    }

    #[test]
    fn rows_without_actions_have_no_empty_cell() {
        let html = summary_list(&[SummaryRow::new("a", "<b>")]).to_string();
        assert_eq!(html.matches("<dd").count(), 1);
        assert!(html.contains("&lt;b&gt;"));
    }
}
