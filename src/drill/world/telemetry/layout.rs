//! The columns of the tables: the classic schema of Application Insights.

use super::table::{Kind, Layout};
use crate::kql::Type;

use Kind::{Nothing, Number, Own, Shared, Text, Values};

/// Tables by name, in the order of [`Name`](super::Name).
pub const LAYOUTS: &[(&str, Layout)] = &[
    ("customMetrics", METRICS),
    ("dependencies", DEPENDENCIES),
    ("exceptions", EXCEPTIONS),
    ("requests", REQUESTS),
    ("traces", TRACES),
];

/// A table's own columns between the time and those that all tables have. Of the common ones five are kept: `customDimensions`, `operation_Name`,
/// `operation_Id`, `application_Version`, `cloud_RoleInstance`.
macro_rules! layout {
    ($kind:literal, $($own:expr),+ $(,)?) => {
        &[
            ("timestamp", Values(Type::DateTime)),
            $($own,)+
            ("itemType", Text($kind)),
            ("customDimensions", Values(Type::Dynamic)),
            ("customMeasurements", Nothing),
            ("operation_Name", Shared),
            ("operation_Id", Own),
            ("operation_ParentId", Text("")),
            ("operation_SyntheticSource", Text("")),
            ("session_Id", Text("")),
            ("user_Id", Text("")),
            ("user_AuthenticatedId", Text("")),
            ("user_AccountId", Text("")),
            ("application_Version", Shared),
            ("client_Type", Text("PC")),
            ("client_Model", Text("")),
            ("client_OS", Text("Linux")),
            // Application Insights keeps no address unless it is told to.
            ("client_IP", Text("0.0.0.0")),
            ("client_City", Text("")),
            ("client_StateOrProvince", Text("")),
            ("client_CountryOrRegion", Text("")),
            ("client_Browser", Text("Other")),
            ("cloud_RoleName", Text("commerce")),
            ("cloud_RoleInstance", Shared),
            ("appId", Text("6f0f2c1e-5d0b-4c8e-9f5a-2b8f3d6a7c10")),
            ("appName", Text("commerce-insights")),
            ("iKey", Text("b1f6a4d2-0c3e-4a57-8d19-7e2f5c9b6a34")),
            ("sdkVersion", Text("node:2.9.6")),
            ("itemId", Text("")),
            ("itemCount", Number(1)),
            ("_ResourceId", Text("")),
        ]
    };
}

const METRICS: Layout = layout![
    "customMetric",
    ("name", Shared),
    ("value", Values(Type::Real)),
    ("valueCount", Values(Type::Int)),
    ("valueSum", Values(Type::Real)),
    ("valueMin", Values(Type::Real)),
    ("valueMax", Values(Type::Real)),
    ("valueStdDev", Values(Type::Real)),
];

const DEPENDENCIES: Layout = layout![
    "dependency",
    ("id", Own),
    ("target", Shared),
    ("type", Shared),
    ("name", Shared),
    ("data", Text("")),
    ("success", Shared),
    ("resultCode", Shared),
    ("duration", Values(Type::Real)),
    ("performanceBucket", Shared),
];

const EXCEPTIONS: Layout = layout![
    "exception",
    ("problemId", Shared),
    ("handledAt", Text("UserCode")),
    ("type", Shared),
    ("message", Own),
    ("assembly", Text("")),
    ("method", Text("")),
    ("outerType", Text("")),
    ("outerMessage", Text("")),
    ("innermostType", Text("")),
    ("innermostMessage", Text("")),
    ("severityLevel", Values(Type::Int)),
    ("details", Nothing),
];

const REQUESTS: Layout = layout![
    "request",
    ("id", Own),
    ("source", Text("")),
    ("name", Shared),
    ("url", Shared),
    ("success", Shared),
    ("resultCode", Shared),
    ("duration", Values(Type::Real)),
    ("performanceBucket", Shared),
];

const TRACES: Layout = layout![
    "trace",
    ("message", Own),
    ("severityLevel", Values(Type::Int)),
];
