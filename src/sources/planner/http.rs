//! An HTTP request of a playbook with its values in place, and the addresses it may have.

mod form;
pub(in crate::sources) mod marks;

use url::Url;

use super::{Planned, registry};
use crate::model::playbook::{Action, Effect};
use crate::model::request::{Payload, PlanContext, PlanError};

/// Plans a request to what lies below `base`, where that is known.
pub(super) fn plan(
    action: &Action,
    context: &PlanContext,
    base: Option<&Url>,
) -> Result<Planned, PlanError> {
    let form = form::render(registry::text(action, context), context)?;
    match base {
        Some(base) => url_below(base, &form.path).map(|_| ()),
        None => below(&form.path).map(|_| ()),
    }
    .map_err(PlanError::Refused)?;
    let reads = matches!(form.method.as_str(), "GET" | "HEAD");
    Ok(Planned {
        text: form.text(),
        parameters: form.parameters,
        effect: if reads { action.effect } else { Effect::Write },
        payload: Payload::Http {
            method: form.method,
            path: form.path,
            headers: form.headers,
            body: form.body,
        },
    })
}

/// Whether an address may be a source's: the error says what is wrong with it.
pub(in crate::sources) fn check_base(base: &Url) -> Result<(), String> {
    if !matches!(base.scheme(), "http" | "https") || base.host().is_none() {
        return Err("the url must begin with https:// or http:// and name a host".into());
    }
    if !base.username().is_empty() {
        return Err("take the user out of the url and write username = \"…\" beside it".into());
    }
    if base.query().is_some() || base.fragment().is_some() {
        return Err("the url must end with its path: take off what follows `?` or `#`".into());
    }
    Ok(())
}

/// An address for people.
pub(in crate::sources) fn shown(base: &Url) -> &str {
    base.as_str().trim_end_matches('/')
}

/// The address of an encoded path and query below `base`. It never leaves its host.
pub(in crate::sources) fn url_below(base: &Url, path: &str) -> Result<Url, String> {
    let below = below(path)?;
    Url::parse(&format!("{}/{below}", shown(base)))
        .ok()
        .filter(|url| url.origin() == base.origin())
        .ok_or_else(|| "the path does not make an address on the configured host".to_owned())
}

fn below(path: &str) -> Result<&str, String> {
    path.strip_prefix('/').ok_or_else(|| {
        "the path must begin with `/`: the host comes from the configuration".to_owned()
    })
}
