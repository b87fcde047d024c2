//! Markdown as it is shown: blocks of styled text, without anything that runs.

use serde::Serialize;

/// A block of prose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub enum Prose {
    /// A paragraph; a `\n` inside a span's text is a hard line break.
    Paragraph(Vec<Inline>),
    /// A heading below the level of steps.
    Heading(Vec<Inline>),
    /// A list; `start` is the first number of a numbered one. Items hold blocks, so lists nest.
    List {
        /// First number, `None` for bullets.
        start: Option<u64>,
        /// The items, each a run of blocks.
        items: Vec<Vec<Prose>>,
    },
    /// A quotation.
    Quote(Vec<Prose>),
    /// Code that is shown, not run.
    Code {
        /// The info string's first word, possibly empty.
        language: String,
        /// The text without the fence.
        text: String,
    },
    /// A table that is shown, not decided upon.
    Table(ProseTable),
    /// A horizontal rule.
    Rule,
}

/// A Markdown table.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct ProseTable {
    /// Header cells.
    pub head: Vec<Vec<Inline>>,
    /// Body rows; rows may be shorter than the header.
    pub rows: Vec<Vec<Vec<Inline>>>,
}

/// A run of text in one style.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Inline {
    /// The text, as written: it becomes `SafeText` when drawn.
    pub text: String,
    /// `**bold**`
    pub strong: bool,
    /// `*emphasis*`
    pub emphasis: bool,
    /// `` `code` ``
    pub code: bool,
    /// Where a link leads; shown, never followed.
    pub link: Option<String>,
}

impl Inline {
    /// Text without any style.
    pub fn plain(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            ..Self::default()
        }
    }
}

/// The text of a run of spans without its styles.
pub fn plain_text(inlines: &[Inline]) -> String {
    inlines.iter().map(|inline| inline.text.as_str()).collect()
}
