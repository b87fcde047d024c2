//! Telemetry of the org-isolation breach, as Application Insights keeps it: an hour up to now.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use quarterdeck::kql::column::ColumnBuilder;
use quarterdeck::kql::relation::Batch;
use quarterdeck::kql::value::{TICKS_PER_SECOND, UNIX_EPOCH_TICKS, literal};
use quarterdeck::kql::{Field, Memory, Schema, Type, Value};

/// The time, in ticks.
pub fn now() -> i64 {
    let seconds = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_secs();
    UNIX_EPOCH_TICKS + i64::try_from(seconds).unwrap() * TICKS_PER_SECOND
}

fn text(text: &str) -> Value {
    Value::String(text.into())
}

fn dynamic(json: &str) -> Value {
    literal::typed(Type::Dynamic, json).unwrap()
}

fn table(fields: &[(&str, Type)], rows: &[Vec<Value>]) -> (Schema, Vec<Batch>) {
    let schema = Schema::new(
        fields
            .iter()
            .map(|(name, ty)| Field::new(*name, *ty))
            .collect(),
    );
    let columns = schema
        .fields
        .iter()
        .enumerate()
        .map(|(at, field)| {
            let mut builder = ColumnBuilder::new(field.ty, rows.len());
            for row in rows {
                builder.push(row[at].clone());
            }
            Arc::new(builder.finish())
        })
        .collect();
    (
        schema,
        vec![Batch {
            columns,
            rows: rows.len(),
        }],
    )
}

/// An hour of telemetry up to now: a metric of the service every minute, mismatches in the last half hour, and a log line for each of them.
pub fn telemetry() -> Memory {
    let ago = |minutes: i64| Value::DateTime(now() - minutes * 60 * TICKS_PER_SECOND);
    let mut metrics = Vec::new();
    let mut traces = Vec::new();
    for minute in (0..60).rev() {
        metrics.push(vec![
            ago(minute),
            text("requests_total"),
            Value::Real(40.0),
            Value::Long(40),
            dynamic("{\"machine\":\"order-1\"}"),
        ]);
        traces.push(vec![
            ago(minute),
            text("order accepted"),
            dynamic("{\"actorId\":\"u-7\"}"),
        ]);
        if minute < 30 && minute % 3 == 0 {
            metrics.push(vec![
                ago(minute),
                text("commerce_transition_org_mismatch_total"),
                Value::Real(2.0),
                Value::Long(1),
                dynamic("{\"machine\":\"order-2\",\"org_id\":\"org-a\"}"),
            ]);
            traces.push(vec![
                ago(minute),
                text("ORG MISMATCH in transition"),
                dynamic("{\"actorId\":\"u-1932\",\"orgId\":\"org-a\",\"attemptedOrgId\":\"org-b\",\"resourceOrgId\":\"org-b\",\"machine\":\"order-2\"}"),
            ]);
        }
    }
    let mut memory = Memory::default();
    let (schema, batches) = table(
        &[
            ("timestamp", Type::DateTime),
            ("name", Type::String),
            ("valueSum", Type::Real),
            ("valueCount", Type::Long),
            ("customDimensions", Type::Dynamic),
        ],
        &metrics,
    );
    memory.insert("customMetrics", schema, batches);
    let (schema, batches) = table(
        &[
            ("timestamp", Type::DateTime),
            ("message", Type::String),
            ("customDimensions", Type::Dynamic),
        ],
        &traces,
    );
    memory.insert("traces", schema, batches);
    memory
}
