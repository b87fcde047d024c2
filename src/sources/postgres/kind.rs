//! The registry's row for PostgreSQL: keys of `config.toml` to a source that has not connected yet.

use std::path::PathBuf;
use std::sync::Arc;

use super::{Password, Postgres, PostgresSettings, SslMode};
use crate::config::secret::SecretReference;
use crate::config::settings::{Address, SettingType, Settings, SourceSettings, settings};
use crate::model::diagnostic::Diagnostic;
use crate::model::limits;
use crate::model::playbook::Language;
use crate::sources::SharedSource;
use crate::sources::planner::Planner;
use crate::sources::registry::{SourceKind, Surroundings};

/// The row of the registry.
pub const KIND: SourceKind = SourceKind {
    word: "postgres",
    title: "PostgreSQL",
    languages: &[Language::Sql],
    settings: PostgresKeys::ROWS,
    example: "url = \"postgres://reader@db.example/app\"",
    planner,
    build,
};

settings! {
    /// Keys of a source of kind `postgres`.
    pub struct PostgresKeys {
        /// Server, role and database: `postgres://reader@db.example:5432/app`; a Unix socket is `postgres:///app?host=/run/postgresql&user=reader`.
        url: Address,
        /// Password of the role, when the server asks for one.
        password: Option<SecretReference>,
        /// `disable`, `prefer`, `require`, `verify-ca` or `verify-full`. Default: `verify-full`, on this machine `prefer`.
        ssl: Option<SslMode>,
        /// A PEM file of authorities to trust beside the system's.
        ssl_root_certificate: Option<String>,
        /// Rows kept of one result, whatever a playbook asks for. Default: 1000000.
        max_rows: Option<u64>,
    }
}

impl SettingType for SslMode {
    const WORD: &'static str = "word";
}

fn planner(
    settings: &SourceSettings,
    surroundings: &Surroundings,
) -> Result<Planner, Vec<Diagnostic>> {
    let of_server = settings_of_server(settings, &settings.read()?, surroundings)?;
    Ok(of_server.planner(settings.name.clone()))
}

fn build(
    settings: &SourceSettings,
    surroundings: &Surroundings,
) -> Result<SharedSource, Vec<Diagnostic>> {
    let keys: PostgresKeys = settings.read()?;
    let mut of_server = settings_of_server(settings, &keys, surroundings)?;
    let environment = surroundings.environment.clone();
    of_server.password = keys.password.map(|reference| {
        Password::new(move || {
            let resolving = reference.resolve(&environment);
            let secret = tokio::runtime::Handle::current().block_on(resolving);
            secret
                .map(|secret| secret.expose().to_owned())
                .map_err(|error| error.to_string())
        })
    });
    let source = Postgres::new(settings.name.clone(), of_server);
    Ok(Arc::new(
        source.with_environment(surroundings.environment.clone()),
    ))
}

/// Everything but the password.
fn settings_of_server(
    settings: &SourceSettings,
    keys: &PostgresKeys,
    surroundings: &Surroundings,
) -> Result<PostgresSettings, Vec<Diagnostic>> {
    let place = place(&keys.url).map_err(|message| vec![settings.error(&message)])?;
    Ok(PostgresSettings {
        host: place.host,
        port: place.port,
        database: place.database,
        user: place.user,
        ssl: keys.ssl,
        ssl_root_certificate: keys.ssl_root_certificate.clone().map(PathBuf::from),
        max_rows: keys.max_rows.unwrap_or(limits::ROWS_MAX),
        max_bytes: limits::RESULT_BYTES,
        password: None,
        spill_folder: surroundings.spill_folder(),
    })
}

struct Place {
    host: String,
    port: u16,
    database: String,
    user: String,
}

/// Takes an address apart; what is missing is named, nothing is guessed.
fn place(address: &Address) -> Result<Place, String> {
    let url = &address.0;
    if !matches!(url.scheme(), "postgres" | "postgresql") {
        return Err(format!(
            "expected an address that begins with postgres://, found {}://",
            url.scheme()
        ));
    }
    let (mut socket, mut user) = (None, None);
    for (name, value) in url.query_pairs() {
        match &*name {
            "host" => socket = Some(value.into_owned()),
            "user" => user = Some(value.into_owned()),
            other => {
                return Err(format!(
                    "{other:?} cannot stand in the address: ssl and the like are keys beside it"
                ));
            }
        }
    }
    let host = socket.or_else(|| {
        url.host_str()
            .filter(|host| !host.is_empty())
            .map(str::to_owned)
    });
    let decoded = |text: &str| {
        url::form_urlencoded::parse(format!("x={}", text.replace('+', "%2B")).as_bytes())
            .next()
            .map(|(_, value)| value.into_owned())
            .unwrap_or_default()
    };
    let user = user.unwrap_or_else(|| decoded(url.username()));
    let database = decoded(url.path().trim_start_matches('/'));
    match host {
        None => Err("the address names no host: postgres://ROLE@HOST/DATABASE".into()),
        Some(_) if user.is_empty() => {
            Err("the address names no role: postgres://ROLE@HOST/DATABASE".into())
        }
        Some(_) if database.is_empty() => {
            Err("the address names no database: postgres://ROLE@HOST/DATABASE".into())
        }
        Some(host) => Ok(Place {
            host,
            port: url.port().unwrap_or(5_432),
            database,
            user,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_taken_apart_and_what_is_missing_is_named() {
        let read = |text: &str| {
            place(&Address(text.parse().unwrap())).map(|place| {
                format!(
                    "{}:{}/{} {}",
                    place.host, place.port, place.database, place.user
                )
            })
        };
        assert_eq!(
            read("postgres://reader@db1/app").as_deref(),
            Ok("db1:5432/app reader")
        );
        assert_eq!(
            read("postgresql://a%40b@db1:5433/my%20app").as_deref(),
            Ok("db1:5433/my app a@b")
        );
        assert_eq!(
            read("postgres:///app?host=/run/postgresql&user=reader").as_deref(),
            Ok("/run/postgresql:5432/app reader")
        );
        for (text, missing) in [
            ("postgres://db1/app", "no role"),
            ("postgres://reader@db1", "no database"),
            ("postgres:///app?user=reader", "no host"),
            ("mysql://reader@db1/app", "postgres://"),
            ("postgres://reader@db1/app?sslmode=disable", "sslmode"),
        ] {
            assert!(read(text).unwrap_err().contains(missing), "{text}");
        }
    }
}
