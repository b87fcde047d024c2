//! stub

pub mod attributes;
pub mod front_matter;
pub mod headings;
pub mod ids;
pub mod languages;
pub mod markdown;
pub mod prose;
pub mod yaml;
