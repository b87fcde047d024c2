//! What a profile says about a PostgreSQL source.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use serde::Deserialize;
use sqlx::ConnectOptions;
use sqlx::postgres::{PgConnectOptions, PgSslMode};

use crate::model::ids::SourceName;
use crate::model::limits;
use crate::sources::planner::{Planner, Way};
use crate::sql::Dialect;

/// Where a server is and as whom to log in. Holds no secret: the password is asked for when a connection is made.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PostgresSettings {
    /// A host name, an address, or the folder of a Unix socket (begins with `/`).
    pub host: String,
    /// Default 5432.
    #[serde(default = "default_port")]
    pub port: u16,
    /// The database.
    pub database: String,
    /// The role. One that can only read earns the badge (see `probe`).
    pub user: String,
    /// How the connection is protected; by default verified in full, except on this machine.
    #[serde(default)]
    pub ssl: Option<SslMode>,
    /// Certificates to trust beside the system's, a PEM file.
    #[serde(default)]
    pub ssl_root_certificate: Option<PathBuf>,
    /// Rows kept of one result, whatever a playbook asks for.
    #[serde(default = "default_rows")]
    pub max_rows: u64,
    /// Bytes kept of one result.
    #[serde(default = "default_bytes")]
    pub max_bytes: u64,
    /// Gives the password; none when the server asks for none.
    #[serde(skip)]
    pub password: Option<Password>,
    /// The folder for results; it must exist.
    #[serde(skip)]
    pub spill_folder: PathBuf,
}

/// Resolves a password when a connection is made. May block: it is called off the main threads.
#[derive(Clone)]
pub struct Password(Arc<dyn Fn() -> Result<String, String> + Send + Sync>);

impl Password {
    /// `resolve` returns the password, or a sentence that says why there is none (without any secret in it).
    pub fn new(resolve: impl Fn() -> Result<String, String> + Send + Sync + 'static) -> Self {
        Self(Arc::new(resolve))
    }

    pub(super) fn resolve(&self) -> Result<String, String> {
        (self.0)()
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("[secret]")
    }
}

/// libpq's `sslmode`, without its weakest word `allow`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SslMode {
    /// No TLS.
    Disable,
    /// TLS if the server has it, without proof of who it is.
    Prefer,
    /// TLS, without proof of who it is.
    Require,
    /// TLS with a certificate of a trusted authority.
    VerifyCa,
    /// TLS with a certificate of a trusted authority for this very host.
    VerifyFull,
}

fn default_port() -> u16 {
    5_432
}

fn default_rows() -> u64 {
    limits::ROWS_MAX
}

fn default_bytes() -> u64 {
    limits::RESULT_BYTES
}

/// Prepared statements that one connection remembers.
const STATEMENTS: usize = 32;

impl PostgresSettings {
    fn is_local(&self) -> bool {
        self.host.starts_with('/')
            || self.host == "localhost"
            || self
                .host
                .parse::<std::net::IpAddr>()
                .is_ok_and(|address| address.is_loopback())
    }

    /// Plans for this server.
    pub(super) fn planner(&self, name: SourceName) -> Planner {
        Planner {
            target: format!("postgres {name}@{}", self.place()),
            way: Way::Sql {
                dialect: Dialect::Postgres,
                most: self.max_rows,
            },
            name,
        }
    }

    /// `host:port/database as user`
    pub(super) fn place(&self) -> String {
        format!(
            "{}:{}/{} as {}",
            self.host, self.port, self.database, self.user
        )
    }

    pub(super) fn options(&self, password: Option<&str>) -> PgConnectOptions {
        let local = if self.is_local() {
            SslMode::Prefer
        } else {
            SslMode::VerifyFull
        };
        let mode = match self.ssl.unwrap_or(local) {
            SslMode::Disable => PgSslMode::Disable,
            SslMode::Prefer => PgSslMode::Prefer,
            SslMode::Require => PgSslMode::Require,
            SslMode::VerifyCa => PgSslMode::VerifyCa,
            SslMode::VerifyFull => PgSslMode::VerifyFull,
        };
        let mut options = PgConnectOptions::new_without_pgpass()
            .port(self.port)
            .username(&self.user)
            .database(&self.database)
            .ssl_mode(mode)
            .application_name("quarterdeck")
            .statement_cache_capacity(STATEMENTS)
            .disable_statement_logging();
        options = if self.host.starts_with('/') {
            options.socket(&self.host)
        } else {
            options.host(&self.host)
        };
        if let Some(certificate) = &self.ssl_root_certificate {
            options = options.ssl_root_cert(certificate);
        }
        if let Some(password) = password {
            options = options.password(password);
        }
        options
    }
}
