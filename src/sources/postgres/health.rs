//! PostgreSQL for `doctor`: what the role may do, and whether the server would take a statement. The statement is parsed
//! and planned for its types inside a read-only transaction that is rolled back; it is never executed.

use sqlx::postgres::PgConnection;

use super::failure::Failure;
use super::stream::columns;
use super::{Postgres, QUESTION_TIME, describe};
use crate::model::limits;
use crate::model::request::{Payload, PlanError, Request, RunError};
use crate::sources::health::{Fit, Health, same_word};

/// Columns that are named; more are counted.
const COLUMNS: usize = 12;

impl Postgres {
    /// Reached or not, as whom, and what keeps the role from the read-only badge.
    pub(super) async fn examine(&self) -> Health {
        let report = match self.probe().await {
            Ok(report) => report,
            Err(error) => return Health::unreachable(error.to_string()),
        };
        let mut remarks = report.findings.clone();
        if !report.filtered_tables.is_empty() {
            remarks.push(format!(
                "row security may hide rows of {}: no rows of them prove nothing",
                report.filtered_tables.join(", ")
            ));
        }
        Health {
            read_only: Some(report.read_only),
            remedy: (!remarks.is_empty()).then(|| report.create_role_sql.clone()),
            remarks,
            ..Health::answers(format!("answers as role {}", report.role))
        }
    }

    /// Whether the server has what the statement names.
    pub(super) async fn would_take(&self, request: &Request) -> Fit {
        let asked = async {
            let mut lease = self.sessions.begin(QUESTION_TIME).await?;
            let fit = fit_on(&mut lease.session.connection, request).await;
            if !fit.as_ref().is_err_and(Failure::is_broken) {
                lease.give_back().await;
            }
            fit
        };
        match tokio::time::timeout(limits::CONNECT_TIMEOUT + QUESTION_TIME, asked).await {
            Ok(Ok(fit)) => fit,
            Ok(Err(failure)) => Fit::Unreachable(failure.to_string()),
            Err(_) => Fit::Unreachable("no answer in time: try again".to_owned()),
        }
    }
}

async fn fit_on(connection: &mut PgConnection, request: &Request) -> Result<Fit, Failure> {
    let described = if super::types::is_needed(request) {
        describe::describe(connection, request.clone()).await
    } else {
        Ok(request.clone())
    };
    let described = match described {
        Ok(described) => described,
        Err(PlanError::Refused(message) | PlanError::NeedsSource(message)) => {
            return Ok(Fit::Misfit {
                message,
                position: None,
            });
        }
        Err(error @ PlanError::Missing(_)) => {
            return Ok(Fit::Misfit {
                message: error.to_string(),
                position: None,
            });
        }
    };
    let Payload::Sql { statement } = &described.payload else {
        return Ok(Fit::Planned("this request is not SQL".to_owned()));
    };
    let columns = match columns(connection, statement).await {
        Ok(columns) => columns,
        Err(failure) if failure.is_broken() => return Err(failure),
        // The server counts in the text with its casts.
        Err(failure) => return Ok(misfit(failure, statement, &request.text)),
    };
    let mut named: Vec<String> = columns
        .iter()
        .take(COLUMNS)
        .map(|column| format!("{} {}", column.name, column.type_name))
        .collect();
    if columns.len() > COLUMNS {
        named.push(format!("{} more", columns.len() - COLUMNS));
    }
    Ok(Fit::Fits(if named.is_empty() {
        "prepared".to_owned()
    } else {
        format!("prepared; columns: {}", named.join(", "))
    }))
}

fn misfit(failure: Failure, sent: &str, planned: &str) -> Fit {
    match failure.into_run_error(0) {
        RunError::Failed {
            message,
            position,
            code,
        } => Fit::Misfit {
            message: match code {
                Some(code) => format!("{message} ({code})"),
                None => message,
            },
            position: position.and_then(|position| same_word(sent, position, planned)),
        },
        other => Fit::Unreachable(other.to_string()),
    }
}
