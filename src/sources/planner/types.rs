//! Types for the parameters of a statement that its text leaves open: which places ask for one, and the statement once they have it.
//!
//! A parameter sent as text does not compare with a uuid column. Each place of a parameter is asked for alone, so one
//! name can stand beside a uuid and beside a text. Who knows the types is not decided here.

use crate::model::request::{Payload, Request};
use crate::sql::Dialect;
use crate::sql::lexer::{Token, TokenKind, tokens};

/// Where a bare `$n` stands.
#[derive(Debug, Clone, Copy)]
pub(in crate::sources) struct Place {
    token: Token,
    /// 0-based number of its parameter.
    pub(in crate::sources) parameter: usize,
    /// Already sent as text and cast.
    pub(in crate::sources) typed: bool,
}

/// True when a request has parameters whose type only the server knows.
pub(in crate::sources) fn is_needed(request: &Request) -> bool {
    matches!(&request.payload, Payload::Sql { statement } if places(statement).iter().any(|place| !place.typed))
}

/// The places of a statement's parameters.
pub(in crate::sources) fn places(statement: &str) -> Vec<Place> {
    let tokens = tokens(statement, Dialect::Postgres).unwrap_or_default();
    tokens
        .iter()
        .enumerate()
        .filter(|(_, token)| token.kind == TokenKind::Parameter)
        .filter_map(|(index, token)| {
            let number: usize = token.text(statement).get(1..)?.parse().ok()?;
            let typed = tokens
                .get(index + 1)
                .is_some_and(|next| next.kind == TokenKind::Cast)
                && tokens
                    .get(index + 2)
                    .is_some_and(|next| next.is_word(statement, "text"));
            Some(Place {
                token: *token,
                parameter: number.checked_sub(1)?,
                typed,
            })
        })
        .collect()
}

/// The statement with every place rewritten.
fn rewrite(
    statement: &str,
    places: &[Place],
    mut to: impl FnMut(usize, &Place) -> String,
) -> String {
    let mut text = String::with_capacity(statement.len() + places.len() * 24);
    let mut behind = 0;
    for (index, place) in places.iter().enumerate() {
        text.push_str(statement.get(behind..place.token.start).unwrap_or_default());
        text.push_str(&to(index, place));
        behind = place.token.end;
    }
    text.push_str(statement.get(behind..).unwrap_or_default());
    text
}

/// The statement with a parameter of its own in each place, so that each is asked for alone; where `open` says so, as text.
pub(in crate::sources) fn apart(statement: &str, places: &[Place], open: &[bool]) -> String {
    rewrite(statement, places, |index, _| {
        let cast = open.get(index).copied().unwrap_or_default();
        format!("${}{}", index + 1, if cast { "::text" } else { "" })
    })
}

/// Which place a server could not find a type for, by its message (SQLSTATE 42P18), 0-based.
pub(in crate::sources) fn undetermined(message: &str) -> Option<usize> {
    number_after_dollar(message)?.checked_sub(1)
}

fn number_after_dollar(message: &str) -> Option<usize> {
    let (_, after) = message.split_once('$')?;
    let end = after
        .find(|character: char| !character.is_ascii_digit())
        .unwrap_or(after.len());
    after.get(..end)?.parse().ok()
}

/// The request with each place cast to its type; none for text and for places that leave it open.
pub(in crate::sources) fn with_types(
    mut request: Request,
    places: &[Place],
    types: &[Option<String>],
) -> Request {
    let Payload::Sql { statement } = &request.payload else {
        return request;
    };
    let described = rewrite(statement, places, |index, place| {
        let number = place.parameter + 1;
        match (place.typed, types.get(index).and_then(Option::as_ref)) {
            (true, _) => format!("${number}"),
            (false, Some(sql_type)) => format!("CAST(${number}::text AS {sql_type})"),
            (false, None) => format!("${number}::text"),
        }
    });
    for (index, parameter) in request.parameters.iter_mut().enumerate() {
        let mut its: Vec<&str> = places
            .iter()
            .zip(types)
            .filter(|(place, _)| place.parameter == index && !place.typed)
            .map(|(_, sql_type)| sql_type.as_deref().unwrap_or("text"))
            .collect();
        its.dedup();
        if let [only] = its.as_slice() {
            parameter.set_kind(only);
        }
    }
    request.text.clone_from(&described);
    request.payload = Payload::Sql {
        statement: described,
    };
    request
}
