//! The scenarios that come with the program.

/// A row of the table: the text is part of the program.
macro_rules! scenarios {
    ($($name:literal),* $(,)?) => {
        /// File name and text, in order of the names.
        pub const BUILT_IN: &[(&str, &str)] = &[
            $(($name, include_str!(concat!("../../../assets/drills/", $name)))),*
        ];
    };
}

scenarios! {
    "bad-deployment.toml",
    "coordinated-attack.toml",
    "errors-and-more.toml",
    "export-failure.toml",
    "false-alarm.toml",
    "magic-link.toml",
    "misconfigured-client.toml",
    "missing-keys.toml",
    "mode-a.toml",
    "mode-b.toml",
    "mode-c.toml",
    "routing-bug.toml",
    "session-abuse.toml",
    "slow-database.toml",
    "staff-session-leak.toml",
    "tenant-leak.toml",
    "webhook-failure.toml",
}
