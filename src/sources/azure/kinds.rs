//! The three kinds of sources: their keys in the configuration, and how a source is made of them.

use std::sync::Arc;
use std::time::Duration;

use super::sign_in::Identity;
use super::throttle::Throttle;
use super::{AzureSource, Proof, Service};
use crate::config::secret::SecretReference;
use crate::config::settings::{Address, SettingDuration, Settings, SourceSettings, settings};
use crate::model::diagnostic::Diagnostic;
use crate::model::playbook::Language;
use crate::sources::SharedSource;
use crate::sources::http::client::{Credentials, WebClient};
use crate::sources::registry::{SourceKind, Surroundings};

/// The row of the registry for Log Analytics.
pub const LOG_ANALYTICS: SourceKind = SourceKind {
    word: "log-analytics",
    title: "Azure Monitor Logs (Log Analytics)",
    languages: &[Language::Kql],
    settings: LogAnalyticsSettings::ROWS,
    example: "workspace = \"00000000-0000-0000-0000-000000000000\"",
    build: build_log_analytics,
};

/// The row of the registry for Application Insights.
pub const APP_INSIGHTS: SourceKind = SourceKind {
    word: "app-insights",
    title: "Application Insights",
    languages: &[Language::Kql],
    settings: AppInsightsSettings::ROWS,
    example: "app = \"00000000-0000-0000-0000-000000000000\"",
    build: build_app_insights,
};

/// The row of the registry for Azure Data Explorer.
pub const KUSTO: SourceKind = SourceKind {
    word: "kusto",
    title: "Azure Data Explorer (Kusto)",
    languages: &[Language::Kql],
    settings: KustoSettings::ROWS,
    example: "cluster = \"https://NAME.REGION.kusto.windows.net\"\ndatabase = \"DATABASE\"",
    build: build_kusto,
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

fn build_log_analytics(
    settings: &SourceSettings,
    surroundings: &Surroundings,
) -> Result<SharedSource, Vec<Diagnostic>> {
    let mut keys: LogAnalyticsSettings = settings.read()?;
    let workspaces = keys.workspaces.take().unwrap_or_default();
    for id in workspaces.iter().chain([&keys.workspace]) {
        is_id(id).map_err(|message| vec![settings.error(message)])?;
    }
    let service = Service::LogAnalytics {
        workspace: keys.workspace.clone(),
        workspaces,
    };
    let url = address(keys.url.take(), "https://api.loganalytics.azure.com");
    let common = keys.common();
    let proof = Asked::SignIn("https://api.loganalytics.io".to_owned());
    build(settings, surroundings, (service, url), proof, common)
}

fn build_app_insights(
    settings: &SourceSettings,
    surroundings: &Surroundings,
) -> Result<SharedSource, Vec<Diagnostic>> {
    let mut keys: AppInsightsSettings = settings.read()?;
    is_id(&keys.app).map_err(|message| vec![settings.error(message)])?;
    let asked = match keys.api_key.take() {
        Some(key) => Asked::ApiKey(key),
        None => Asked::SignIn("https://api.applicationinsights.io".to_owned()),
    };
    let url = address(keys.url.take(), "https://api.applicationinsights.io");
    let service = Service::AppInsights {
        app: keys.app.clone(),
    };
    build(settings, surroundings, (service, url), asked, keys.common())
}

fn build_kusto(
    settings: &SourceSettings,
    surroundings: &Surroundings,
) -> Result<SharedSource, Vec<Diagnostic>> {
    let keys: KustoSettings = settings.read()?;
    let v1 = match keys.endpoint.as_deref() {
        None | Some("v2") => false,
        Some("v1") => true,
        Some(other) => {
            return Err(vec![settings.error(format!(
                "source \"{}\": expected endpoint v1 or v2, found \"{other}\"",
                settings.name
            ))]);
        }
    };
    let asked = if keys.sign_in.as_deref() == Some("none") {
        Asked::Nothing
    } else {
        Asked::SignIn(keys.cluster.0.as_str().trim_end_matches('/').to_owned())
    };
    let service = Service::Kusto {
        database: keys.database.clone(),
        v1,
    };
    let url = Some(keys.cluster.clone());
    build(settings, surroundings, (service, url), asked, keys.common())
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
    (service, url): (Service, Option<Address>),
    asked: Asked,
    common: Common,
) -> Result<SharedSource, Vec<Diagnostic>> {
    let failed =
        |message: String| vec![settings.error(format!("source \"{}\": {message}", settings.name))];
    let Some(Address(url)) = url else {
        return Err(failed(
            "the service has no address: write url = \"…\"".to_owned(),
        ));
    };
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
        name: settings.name.clone(),
        service,
        client,
        proof,
        throttle: Throttle::default(),
        surroundings: surroundings.clone(),
        lag: common.lag.map_or(LAG_DEFAULT, |lag| lag.0),
    }))
}

fn address(given: Option<Address>, default: &str) -> Option<Address> {
    given.or_else(|| url::Url::parse(default).ok().map(Address))
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
