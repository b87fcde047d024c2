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
    "coordinated-attack.toml",
}
