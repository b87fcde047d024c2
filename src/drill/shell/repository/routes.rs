//! The routes of the service as source files, each with its declared scope and how it reads.

/// A route.
struct Route {
    /// Below the folder of routes.
    path: &'static str,
    url: &'static str,
    scope: &'static str,
    model: &'static str,
    reads: Reads,
}

/// How a route reads rows.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reads {
    /// Many by a filter, which the tenant-scope extension sees.
    Many,
    /// One by its id, and compares its tenant afterwards.
    OneCompared,
    /// One by its id, and compares nothing.
    OneUnseen,
}

const fn route(
    path: &'static str,
    url: &'static str,
    scope: &'static str,
    model: &'static str,
    reads: Reads,
) -> Route {
    Route {
        path,
        url,
        scope,
        model,
        reads,
    }
}

const ROUTES: &[Route] = &[
    route(
        "admin/feature-flags.ts",
        "/admin/feature-flags/:id",
        "staff-only",
        "featureFlag",
        Reads::OneUnseen,
    ),
    route(
        "admin/staff-sessions.ts",
        "/admin/staff-sessions",
        "staff-only",
        "staffSession",
        Reads::Many,
    ),
    route(
        "cases/detail.ts",
        "/cases/:id",
        "client-scoped",
        "case",
        Reads::OneCompared,
    ),
    route(
        "cases/export.ts",
        "/cases/:id/export/:format",
        "client-scoped",
        "case",
        Reads::OneCompared,
    ),
    route(
        "cases/list.ts",
        "/cases",
        "client-scoped",
        "case",
        Reads::Many,
    ),
    route(
        "clients/contacts.ts",
        "/clients/:id/contacts",
        "client-scoped",
        "contact",
        Reads::Many,
    ),
    route(
        "clients/documents.ts",
        "/clients/:id/documents/:id",
        "client-scoped",
        "document",
        Reads::OneCompared,
    ),
    route(
        "clients/overview.ts",
        "/clients/:id",
        "client-scoped",
        "client",
        Reads::OneCompared,
    ),
    route(
        "cycles/magic-link.ts",
        "/cycles/:token",
        "public",
        "cycleRequest",
        Reads::OneCompared,
    ),
    route(
        "health/readiness.ts",
        "/health/readiness",
        "public",
        "heartbeat",
        Reads::Many,
    ),
    route(
        "invoices/list.ts",
        "/invoices",
        "client-scoped",
        "invoice",
        Reads::Many,
    ),
    route(
        "matters/detail.ts",
        "/matters/:id",
        "client-scoped",
        "matter",
        Reads::OneCompared,
    ),
    route(
        "orders/detail.ts",
        "/orders/:id",
        "client-scoped",
        "order",
        Reads::OneCompared,
    ),
    route(
        "orders/list.ts",
        "/orders",
        "client-scoped",
        "order",
        Reads::Many,
    ),
    route(
        "webhooks/endpoints.ts",
        "/webhooks/endpoints",
        "client-scoped",
        "webhookEndpoint",
        Reads::Many,
    ),
];

/// Every route's file: path below the folder of routes, and text. The suspect route of a story is among them, with its scope (`missing` for none); it fetches
/// by id and compares nothing.
pub(super) fn texts(suspect: Option<&(String, String)>) -> Vec<(String, String)> {
    let suspect = suspect.map(|(path, scope)| (file_of(path), scope.as_str()));
    let mut texts: Vec<(String, String)> = ROUTES
        .iter()
        .filter(|route| suspect.as_ref().is_none_or(|(path, _)| path != route.path))
        .map(|route| {
            (
                route.path.to_owned(),
                text(route, route.scope, &depth(route.path)),
            )
        })
        .collect();
    if let Some((path, scope)) = suspect {
        let known = ROUTES.iter().find(|route| route.path == path);
        let suspect = Route {
            path: "",
            url: known.map_or("/clients/:id/summary", |route| route.url),
            scope: "",
            model: known.map_or("clientSummary", |route| route.model),
            reads: Reads::OneUnseen,
        };
        let text = text(&suspect, scope, &depth(&path));
        texts.push((path, text));
    }
    texts
}

/// The file of a route as a story names it: a folder's route is in its `index.ts`.
fn file_of(path: &str) -> String {
    let path = path
        .trim_start_matches("apps/api/src/routes/")
        .trim_matches('/');
    let name = path.rsplit('/').next().unwrap_or(path);
    if name.contains('.') {
        path.to_owned()
    } else {
        format!("{path}/index.ts")
    }
}

/// The way from a route's file up to the folder above the routes.
fn depth(path: &str) -> String {
    "../".repeat(path.matches('/').count() + 1)
}

fn text(route: &Route, scope: &str, up: &str) -> String {
    let Route { url, model, .. } = route;
    let compared = route.reads == Reads::OneCompared;
    let import = if compared {
        format!("import {{ assertClientTenant }} from '{up}lib/tenant';\n")
    } else {
        String::new()
    };
    let scope = if scope == "missing" {
        String::new()
    } else {
        format!("  routeScope: '{scope}',\n")
    };
    let body = match route.reads {
        Reads::Many => format!("    return db.{model}.findMany({{ where: query, take: 50 }});\n"),
        Reads::OneCompared | Reads::OneUnseen => {
            let compare = if compared {
                "    assertClientTenant(session, found);\n"
            } else {
                ""
            };
            format!(
                "    const found = await db.{model}.findUnique({{ where: {{ id: params.id }} }});\n{compare}    return found;\n"
            )
        }
    };
    format!(
        "import {{ db }} from '@breezycorp/db';\n{import}import {{ route }} from '{up}lib/routes';\n\nexport default route({{\n  method: 'GET',\n  path: '{url}',\n{scope}  async handle({{ params, query, session }}) {{\n{body}  }},\n}});\n"
    )
}
