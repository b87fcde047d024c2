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

settings! {
    /// Keys of a source of kind `log-analytics`.
    pub struct LogAnalyticsSettings {
        /// Id of the workspace (a GUID), from its overview page.
        workspace: String,
        /// More workspaces that a query may read, by id.
        workspaces: Option<Vec<String>>,
        /// Address of the service. Default: https://api.loganalytics.azure.com.
        url: Option<Address>,
        /// What a token is asked for, where a cloud has another name for the service. Default: https://api.loganalytics.io.
        audience: Option<String>,
        /// How to sign in: az, device-code, managed-identity or client-secret. Default: client-secret where one is given, az where it is on the PATH, else device-code.
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

settings! {
    /// Keys of a source of kind `app-insights`.
    pub struct AppInsightsSettings {
        /// Application id of the component (a GUID), from its API Access page.
        app: String,
        /// Address of the service. Default: https://api.applicationinsights.io.
        url: Option<Address>,
        /// What a token is asked for, where a cloud has another name for the service. Default: https://api.applicationinsights.io.
        audience: Option<String>,
        /// An API key in place of signing in: deprecated by the service, for components that still allow it.
        api_key: Option<SecretReference>,
        /// How to sign in: az, device-code, managed-identity or client-secret. Default: client-secret where one is given, az where it is on the PATH, else device-code.
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

settings! {
    /// Keys of a source of kind `kusto`.
    pub struct KustoSettings {
        /// Address of the cluster.
        cluster: Address,
        /// Name of the database.
        database: String,
        /// Version of the query endpoint: v2, or v1 for clusters and emulators without it. Default: v2.
        endpoint: Option<String>,
        /// What a token is asked for. Default: the cluster's address.
        audience: Option<String>,
        /// How to sign in: az, device-code, managed-identity or client-secret, or none for an emulator. Default: client-secret where one is given, az where it is on the PATH, else device-code.
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

/// Agents take up to two minutes, the service ten seconds more; a metric is sent once a minute.
const LAG_DEFAULT: Duration = Duration::from_mins(3);

fn build_log_analytics(
    settings: &SourceSettings,
    surroundings: &Surroundings,
) -> Result<SharedSource, Vec<Diagnostic>> {
    let keys: LogAnalyticsSettings = settings.read()?;
    let workspaces = keys.workspaces.unwrap_or_default();
    for id in workspaces.iter().chain([&keys.workspace]) {
        is_id(id).map_err(|message| vec![settings.error(message)])?;
    }
    let identity = Identity {
        way: keys.sign_in,
        tenant: keys.tenant,
        client_id: keys.client_id,
        client_secret: keys.client_secret,
        authority: keys.authority,
        machine_url: keys.identity_url,
    };
    let service = Service::LogAnalytics {
        workspace: keys.workspace,
        workspaces,
    };
    let url = address(keys.url, "https://api.loganalytics.azure.com");
    let audience = keys
        .audience
        .unwrap_or_else(|| "https://api.loganalytics.io".to_owned());
    build(
        settings,
        surroundings,
        service,
        url,
        audience,
        Asked::SignIn(Box::new(identity)),
        keys.ingestion_lag,
    )
}

fn build_app_insights(
    settings: &SourceSettings,
    surroundings: &Surroundings,
) -> Result<SharedSource, Vec<Diagnostic>> {
    let keys: AppInsightsSettings = settings.read()?;
    is_id(&keys.app).map_err(|message| vec![settings.error(message)])?;
    let identity = Identity {
        way: keys.sign_in,
        tenant: keys.tenant,
        client_id: keys.client_id,
        client_secret: keys.client_secret,
        authority: keys.authority,
        machine_url: keys.identity_url,
    };
    let asked = keys
        .api_key
        .map_or(Asked::SignIn(Box::new(identity)), Asked::ApiKey);
    let url = address(keys.url, "https://api.applicationinsights.io");
    let audience = keys
        .audience
        .unwrap_or_else(|| "https://api.applicationinsights.io".to_owned());
    let service = Service::AppInsights { app: keys.app };
    build(
        settings,
        surroundings,
        service,
        url,
        audience,
        asked,
        keys.ingestion_lag,
    )
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
    let audience = keys
        .audience
        .unwrap_or_else(|| keys.cluster.0.as_str().trim_end_matches('/').to_owned());
    let asked = if keys.sign_in.as_deref() == Some("none") {
        Asked::Nothing
    } else {
        Asked::SignIn(Box::new(Identity {
            way: keys.sign_in,
            tenant: keys.tenant,
            client_id: keys.client_id,
            client_secret: keys.client_secret,
            authority: keys.authority,
            machine_url: keys.identity_url,
        }))
    };
    let service = Service::Kusto {
        database: keys.database,
        v1,
    };
    build(
        settings,
        surroundings,
        service,
        Some(keys.cluster),
        audience,
        asked,
        keys.ingestion_lag,
    )
}

/// What the settings say of proving who asks.
enum Asked {
    SignIn(Box<Identity>),
    ApiKey(SecretReference),
    Nothing,
}

fn build(
    settings: &SourceSettings,
    surroundings: &Surroundings,
    service: Service,
    url: Option<Address>,
    audience: String,
    asked: Asked,
    lag: Option<SettingDuration>,
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
        Asked::SignIn(identity) => Proof::Account(
            surroundings
                .accounts
                .account(*identity, surroundings)
                .map_err(failed)?,
        ),
        Asked::ApiKey(key) => Proof::ApiKey(key),
        Asked::Nothing => Proof::None,
    };
    Ok(Arc::new(AzureSource {
        name: settings.name.clone(),
        service,
        client,
        audience,
        proof,
        throttle: Throttle::default(),
        surroundings: surroundings.clone(),
        lag: lag.map_or(LAG_DEFAULT, |lag| lag.0),
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
