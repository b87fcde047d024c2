//! The three kinds of sources: their keys in the configuration, and how a source is made of them.

use std::sync::Arc;
use std::time::Duration;

use url::Url;

use super::sign_in::Identity;
use super::throttle::Throttle;
use super::{AzureSource, Proof, Service};
use crate::config::secret::SecretReference;
use crate::config::settings::{Address, SettingDuration, Settings, SourceSettings, settings};
use crate::model::diagnostic::Diagnostic;
use crate::model::playbook::Language;
use crate::sources::SharedSource;
use crate::sources::http::client::{Credentials, WebClient};
use crate::sources::planner::http::{check_base, shown};
use crate::sources::planner::{Planner, Way};
use crate::sources::registry::{SourceKind, Surroundings};

/// The row of the registry for Log Analytics.
pub const LOG_ANALYTICS: SourceKind = SourceKind {
    word: "log-analytics",
    title: "Azure Monitor Logs (Log Analytics)",
    languages: &[Language::Kql],
    settings: LogAnalyticsSettings::ROWS,
    example: "workspace = \"00000000-0000-0000-0000-000000000000\"",
    planner: |settings, _| log_analytics(settings)?.planner(settings),
    build: |settings, surroundings| build(settings, surroundings, log_analytics(settings)?),
};

/// The row of the registry for Application Insights.
pub const APP_INSIGHTS: SourceKind = SourceKind {
    word: "app-insights",
    title: "Application Insights",
    languages: &[Language::Kql],
    settings: AppInsightsSettings::ROWS,
    example: "app = \"00000000-0000-0000-0000-000000000000\"",
    planner: |settings, _| app_insights(settings)?.planner(settings),
    build: |settings, surroundings| build(settings, surroundings, app_insights(settings)?),
};

/// The row of the registry for Azure Data Explorer.
pub const KUSTO: SourceKind = SourceKind {
    word: "kusto",
    title: "Azure Data Explorer (Kusto)",
    languages: &[Language::Kql],
    settings: KustoSettings::ROWS,
    example: "cluster = \"https://NAME.REGION.kusto.windows.net\"\ndatabase = \"DATABASE\"",
    planner: |settings, _| kusto(settings)?.planner(settings),
    build: |settings, surroundings| build(settings, surroundings, kusto(settings)?),
};

/// Declares the keys of a kind: its own, and those that all three have in common.
macro_rules! azure_settings {
    ($(#[$meta:meta])* pub struct $name:ident { $($own:tt)* }) => {
        settings! {
            $(#[$meta])*
            pub struct $name {
                $($own)*
                /// What a token is asked for, where a cloud has another name for the service.
                audience: Option<String>,
                /// How to sign in: az, device-code, managed-identity or client-secret; none for an emulator of Data Explorer. Default: client-secret where one is given, az where it is on the PATH, else device-code.
                sign_in: Option<String>,
                /// Directory (tenant) to sign in to. Default: organizations, for device-code; az has its own.
                tenant: Option<String>,
                /// Application (client) id: of the app registration, or of a user-assigned managed identity.
                client_id: Option<String>,
                /// Secret of the app registration.
                client_secret: Option<SecretReference>,
                /// Address of the sign-in service. Default: https://login.microsoftonline.com.
                authority: Option<Address>,
                /// Address of the managed identity's service on this machine. Default: http://169.254.169.254.
                identity_url: Option<Address>,
                /// How long data takes to arrive: younger bins are marked as incomplete, and no verdict passes on them. Default: 3m.
                ingestion_lag: Option<SettingDuration>,
            }
        }

        impl $name {
            /// The keys that all three kinds have.
            fn common(self) -> Common {
                Common {
                    audience: self.audience,
                    identity: Identity {
                        way: self.sign_in,
                        tenant: self.tenant,
                        client_id: self.client_id,
                        client_secret: self.client_secret,
                        authority: self.authority,
                        machine_url: self.identity_url,
                    },
                    lag: self.ingestion_lag,
                }
            }
        }
    };
}

/// What the three kinds have in common.
struct Common {
    audience: Option<String>,
    identity: Identity,
    lag: Option<SettingDuration>,
}

azure_settings! {
    /// Keys of a source of kind `log-analytics`.
    pub struct LogAnalyticsSettings {
        /// Id of the workspace (a GUID), from its overview page.
        workspace: String,
        /// More workspaces that a query may read, by id.
        workspaces: Option<Vec<String>>,
        /// Address of the service. Default: https://api.loganalytics.azure.com.
        url: Option<Address>,
    }
}

azure_settings! {
    /// Keys of a source of kind `app-insights`.
    pub struct AppInsightsSettings {
        /// Application id of the component (a GUID), from its API Access page.
        app: String,
        /// Address of the service. Default: https://api.applicationinsights.io.
        url: Option<Address>,
        /// An API key in place of signing in: deprecated by the service, for components that still allow it.
        api_key: Option<SecretReference>,
    }
}

azure_settings! {
    /// Keys of a source of kind `kusto`.
    pub struct KustoSettings {
        /// Address of the cluster. Tokens are asked for it unless `audience` says otherwise.
        cluster: Address,
        /// Name of the database.
        database: String,
        /// Version of the query endpoint: v2, or v1 for clusters and emulators without it. Default: v2.
        endpoint: Option<String>,
    }
}

/// Agents take up to two minutes, the service ten seconds more; a metric is sent once a minute.
const LAG_DEFAULT: Duration = Duration::from_mins(3);

/// A source's table, read: what differs between the kinds, and what they have in common.
struct Declared {
    service: Service,
    /// The service's address.
    url: Url,
    asked: Asked,
    common: Common,
}

impl Declared {
    fn planner(&self, settings: &SourceSettings) -> Result<Planner, Vec<Diagnostic>> {
        check_base(&self.url).map_err(|message| vec![wrong(settings, &message)])?;
        Ok(Planner {
            name: settings.name.clone(),
            target: self.service.target(&settings.name, shown(&self.url)),
            way: Way::Kql {
                has_parameters: self.service.has_parameters(),
            },
        })
    }
}

fn log_analytics(settings: &SourceSettings) -> Result<Declared, Vec<Diagnostic>> {
    let mut keys: LogAnalyticsSettings = settings.read()?;
    let workspaces = keys.workspaces.take().unwrap_or_default();
    for id in workspaces.iter().chain([&keys.workspace]) {
        is_id(id).map_err(|message| vec![settings.error(message)])?;
    }
    Ok(Declared {
        service: Service::LogAnalytics {
            workspace: keys.workspace.clone(),
            workspaces,
        },
        url: address(
            settings,
            keys.url.take(),
            "https://api.loganalytics.azure.com",
        )?,
        asked: Asked::SignIn("https://api.loganalytics.io".to_owned()),
        common: keys.common(),
    })
}

fn app_insights(settings: &SourceSettings) -> Result<Declared, Vec<Diagnostic>> {
    let mut keys: AppInsightsSettings = settings.read()?;
    is_id(&keys.app).map_err(|message| vec![settings.error(message)])?;
    Ok(Declared {
        service: Service::AppInsights {
            app: keys.app.clone(),
        },
        url: address(
            settings,
            keys.url.take(),
            "https://api.applicationinsights.io",
        )?,
        asked: match keys.api_key.take() {
            Some(key) => Asked::ApiKey(key),
            None => Asked::SignIn("https://api.applicationinsights.io".to_owned()),
        },
        common: keys.common(),
    })
}

fn kusto(settings: &SourceSettings) -> Result<Declared, Vec<Diagnostic>> {
    let keys: KustoSettings = settings.read()?;
    let v1 = match keys.endpoint.as_deref() {
        None | Some("v2") => false,
        Some("v1") => true,
        Some(other) => {
            let message = format!("expected endpoint v1 or v2, found \"{other}\"");
            return Err(vec![wrong(settings, &message)]);
        }
    };
    Ok(Declared {
        asked: if keys.sign_in.as_deref() == Some("none") {
            Asked::Nothing
        } else {
            Asked::SignIn(keys.cluster.0.as_str().trim_end_matches('/').to_owned())
        },
        service: Service::Kusto {
            database: keys.database.clone(),
            v1,
        },
        url: keys.cluster.0.clone(),
        common: keys.common(),
    })
}

fn wrong(settings: &SourceSettings, message: &str) -> Diagnostic {
    settings.error(format!("source \"{}\": {message}", settings.name))
}

/// How the source is to prove who asks.
enum Asked {
    /// With a token for this audience, unless the settings name another.
    SignIn(String),
    ApiKey(SecretReference),
    Nothing,
}

fn build(
    settings: &SourceSettings,
    surroundings: &Surroundings,
    declared: Declared,
) -> Result<SharedSource, Vec<Diagnostic>> {
    let planner = declared.planner(settings)?;
    let failed = |message: String| vec![wrong(settings, &message)];
    let Declared {
        service,
        url,
        asked,
        common,
    } = declared;
    let client = WebClient::new(url, Credentials::None, surroundings).map_err(failed)?;
    let proof = match asked {
        Asked::SignIn(audience) => Proof::Account(
            surroundings
                .accounts
                .account(common.identity, surroundings)
                .map_err(failed)?,
            common.audience.unwrap_or(audience),
        ),
        Asked::ApiKey(key) => Proof::ApiKey(key),
        Asked::Nothing => Proof::None,
    };
    Ok(Arc::new(AzureSource {
        planner,
        service,
        client,
        proof,
        throttle: Throttle::default(),
        surroundings: surroundings.clone(),
        lag: common.lag.map_or(LAG_DEFAULT, |lag| lag.0),
    }))
}

fn address(
    settings: &SourceSettings,
    given: Option<Address>,
    default: &str,
) -> Result<Url, Vec<Diagnostic>> {
    match given {
        Some(Address(url)) => Ok(url),
        None => Url::parse(default).map_err(|_| {
            let message = "the service has no address: write url = \"…\"";
            vec![wrong(settings, message)]
        }),
    }
}

/// An id is put into the path, so it may only be what an id is made of.
fn is_id(id: &str) -> Result<(), String> {
    if !id.is_empty()
        && id
            .chars()
            .all(|character| character.is_ascii_alphanumeric() || matches!(character, '-' | '_'))
    {
        return Ok(());
    }
    Err(format!(
        "expected an id such as 00000000-0000-0000-0000-000000000000, found \"{id}\""
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_nothing_but_an_id() {
        assert!(is_id("b2f9f3a4-0000-4000-8000-000000000000").is_ok());
        for bad in ["", "a/b", "a?b", "../x", "a b"] {
            assert!(is_id(bad).is_err(), "{bad}");
        }
    }
}
