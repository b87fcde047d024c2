//! How a KQL query asks to be drawn: its `render` operator. What the playbook's fence says wins.

use crate::kql::syntax::{ExprKind, OperatorKind, Statement};
use crate::kql::{self, syntax};
use crate::model::playbook::{Action, Language, ResultView};
use crate::model::request::ChartColumns;

/// Visualizations that are lines over time here.
const CHARTS: &[&str] = &[
    "timechart",
    "linechart",
    "areachart",
    "stackedareachart",
    "columnchart",
    "barchart",
    "scatterchart",
    "anomalychart",
];

/// The columns of a chart that an action's answer to `text` makes; none where it is no chart.
pub fn chart(action: &Action, text: &str) -> Option<ChartColumns> {
    let hint = hint(action, text);
    let drawn = match action.view {
        Some(view) => view == ResultView::Chart,
        None => hint.is_some(),
    };
    drawn.then(|| columns(action, hint))
}

/// The columns of a live pane, which is always a chart.
pub fn live(action: &Action, text: &str) -> ChartColumns {
    columns(action, hint(action, text))
}

fn columns(action: &Action, hint: Option<ChartColumns>) -> ChartColumns {
    let said = action.chart_columns();
    let hint = hint.unwrap_or_default();
    ChartColumns {
        x: said.x.or(hint.x),
        y: said.y.or(hint.y),
        by: if said.by.is_empty() { hint.by } else { said.by },
    }
}

/// What the last operator of the query says, where that is a chart.
fn hint(action: &Action, text: &str) -> Option<ChartColumns> {
    if action.language != Language::Kql {
        return None;
    }
    let (query, _) = kql::parse(text);
    let Statement::Expression(expr) = query.statements.last()? else {
        return None;
    };
    let ExprKind::Pipe(_, operators) = &expr.kind else {
        return None;
    };
    let OperatorKind::Render(visualization, properties) = &operators.last()?.kind else {
        return None;
    };
    if !CHARTS.contains(&visualization.text.as_str()) {
        return None;
    }
    let names = |property: &str| -> Vec<String> {
        properties
            .iter()
            .find(|option| option.name.text == property)
            .map(|option| column_names(text, &option.value))
            .unwrap_or_default()
    };
    Some(ChartColumns {
        x: names("xcolumn").into_iter().next(),
        y: names("ycolumns").into_iter().next(),
        by: names("series"),
    })
}

/// `a`, `a, b` or `(a, b)` as it is written.
fn column_names(text: &str, value: &syntax::Expr) -> Vec<String> {
    text.get(value.span.start..value.span.end)
        .unwrap_or_default()
        .trim_matches(['(', ')'])
        .split(',')
        .map(|name| name.trim().trim_matches(['[', ']', '\'', '"']).to_owned())
        .filter(|name| !name.is_empty())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::diagnostic::SourceText;
    use crate::playbook::parse;

    /// The chart that a fence with these attributes asks for.
    fn asked(attributes: &str, query: &str) -> Option<ChartColumns> {
        let text = format!(
            "---\nquarterdeck: 1\nid: p\ntitle: P\n---\n\n## Phase\n\n### Step\n\n```kql {{#act source=telemetry{attributes}}}\n{query}\n```\n"
        );
        let parsed = parse(&SourceText::new("p.md", &text));
        let action = parsed[0].playbook.action(&"act".into()).unwrap();
        chart(action, query)
    }

    #[test]
    fn the_query_says_how_it_is_drawn_where_the_fence_does_not() {
        let columns = |x: Option<&str>, y: Option<&str>, by: &[&str]| ChartColumns {
            x: x.map(str::to_owned),
            y: y.map(str::to_owned),
            by: by.iter().map(|name| (*name).to_owned()).collect(),
        };
        let hinted =
            "T | render timechart with (title=\"t\", xcolumn=at, ycolumns=n, m, series=machine)";
        for (attributes, query, expected) in [
            ("", "T | take 5", None),
            ("", "T | render table", None),
            ("", "T | render timechart", Some(columns(None, None, &[]))),
            (
                "",
                hinted,
                Some(columns(Some("at"), Some("n"), &["machine"])),
            ),
            (" view=table", hinted, None),
            (
                " view=chart y=m",
                hinted,
                Some(columns(Some("at"), Some("m"), &["machine"])),
            ),
            (" view=chart", "T | take 5", Some(columns(None, None, &[]))),
        ] {
            assert_eq!(asked(attributes, query), expected, "{attributes} {query}");
        }
    }
}
