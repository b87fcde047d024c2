//! `render`: how the answer asks to be drawn. The rows stay as they are.

use crate::kql::binder::Binder;
use crate::kql::error::{KqlError, Span};
use crate::kql::relation::{Relation, Render};
use crate::kql::syntax::{ExprKind, Literal, Name, OperatorOption};
use crate::kql::value::text::to_text;

/// What can be drawn.
const VISUALIZATIONS: &[&str] = &[
    "anomalychart",
    "areachart",
    "barchart",
    "card",
    "columnchart",
    "ladderchart",
    "linechart",
    "piechart",
    "pivotchart",
    "plotly",
    "scatterchart",
    "stackedareachart",
    "table",
    "timechart",
    "timeline",
    "timelineanomalychart",
    "timepivot",
    "treemap",
];

/// Binds the operator.
///
/// # Errors
/// A visualization that is not known.
pub fn bind(
    _: &mut Binder<'_>,
    input: Relation,
    _: Span,
    visualization: &Name,
    properties: &[OperatorOption],
) -> Result<Relation, KqlError> {
    if !VISUALIZATIONS.contains(&visualization.text.as_str()) {
        return Err(Binder::unknown(
            "the visualization",
            &visualization.text,
            visualization.span,
            VISUALIZATIONS.iter().copied(),
        ));
    }
    let properties = properties
        .iter()
        .map(|property| (property.name.text.clone(), written(&property.value)))
        .collect();
    Ok(Relation {
        render: Some(Render {
            visualization: visualization.text.clone(),
            properties,
        }),
        ..input
    })
}

/// A property's value as text: a word, a literal, or a list of them.
fn written(value: &crate::kql::syntax::Expr) -> String {
    match &value.kind {
        ExprKind::Name(name) => name.clone(),
        ExprKind::Literal(_, Literal(value)) => to_text(value),
        ExprKind::Call(_, items) => items
            .iter()
            .map(|item| written(&item.value))
            .collect::<Vec<_>>()
            .join(", "),
        _ => String::new(),
    }
}
