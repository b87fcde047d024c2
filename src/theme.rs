//! Colours and emphasis by role. The only module that names a colour.
//!
//! Roles use the sixteen ANSI colours, so the terminal's own palette decides how they look, on dark and on light
//! grounds. Nothing is told by colour alone: each role's meaning stands in a word or a mark beside it as well.

use ratatui::style::{Color, Modifier, Style};

/// Whether colours are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ColorChoice {
    /// The sixteen ANSI colours.
    #[default]
    Always,
    /// None at all, for `NO_COLOR` and `--color never`: bold, reverse and underline only.
    Never,
}

/// What a piece of the screen is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// Plain text.
    Text,
    /// Text that matters less.
    Muted,
    /// Edges of panes.
    Border,
    /// Edge of the pane that takes the keys.
    BorderFocused,
    /// Title of a pane, heading in prose, header of a table.
    Title,
    /// The selected row of the focused pane, a selected field, the cursor of an editor.
    Selected,
    /// The selected row of another pane.
    SelectedAside,
    /// Done, fresh, passed.
    Good,
    /// Needs attention: stale, blocked, truncated.
    Warning,
    /// Wrong or dangerous: alert, failed, a write.
    Bad,
    /// Not known: outcome unknown, no data.
    Doubt,
    /// Under way.
    Active,
    /// A key to press.
    Key,
    /// Code and exact text.
    Code,
    /// A word of a language.
    Keyword,
    /// A number, text or time in code.
    Literal,
    /// A NULL, told apart from empty text by its word.
    Null,
    /// The word LIVE.
    Live,
    /// The word WALKTHROUGH.
    Walkthrough,
    /// The word DRILL.
    Drill,
    /// The banner NOT RECORDED.
    Banner,
    /// The line of a threshold.
    Threshold,
    /// A line of a chart, by its number.
    Series(usize),
}

/// A palette. Passed by value to whatever draws.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Theme {
    choice: ColorChoice,
}

impl Theme {
    /// The palette with or without colours.
    pub const fn new(choice: ColorChoice) -> Self {
        Self { choice }
    }

    /// How a role looks.
    pub fn style(&self, role: Role) -> Style {
        match self.choice {
            ColorChoice::Always => coloured(role),
            ColorChoice::Never => plain(role),
        }
    }
}

/// Colours of chart lines, in order; each line carries its letter as well.
const SERIES: [Color; 6] = [
    Color::Cyan,
    Color::Magenta,
    Color::Green,
    Color::Yellow,
    Color::Blue,
    Color::LightRed,
];

fn coloured(role: Role) -> Style {
    let style = Style::new();
    match role {
        Role::Text => style,
        Role::Muted | Role::Border => style.add_modifier(Modifier::DIM),
        Role::BorderFocused | Role::Code => style.fg(Color::Cyan),
        Role::Title | Role::SelectedAside => style.add_modifier(Modifier::BOLD),
        Role::Selected => style.add_modifier(Modifier::REVERSED),
        Role::Good | Role::Literal => style.fg(Color::Green),
        Role::Warning | Role::Threshold => style.fg(Color::Yellow),
        Role::Bad | Role::Live => style.fg(Color::Red).add_modifier(Modifier::BOLD),
        Role::Doubt => style.fg(Color::Magenta).add_modifier(Modifier::BOLD),
        Role::Active | Role::Key | Role::Keyword => {
            style.fg(Color::Cyan).add_modifier(Modifier::BOLD)
        }
        Role::Null => style.add_modifier(Modifier::DIM | Modifier::ITALIC),
        Role::Walkthrough => style
            .fg(Color::Blue)
            .add_modifier(Modifier::BOLD | Modifier::REVERSED),
        Role::Drill => style
            .fg(Color::Magenta)
            .add_modifier(Modifier::BOLD | Modifier::REVERSED),
        Role::Banner => style
            .fg(Color::Red)
            .add_modifier(Modifier::BOLD | Modifier::REVERSED),
        Role::Series(number) => style.fg(SERIES
            .get(number % SERIES.len())
            .copied()
            .unwrap_or(Color::Reset)),
    }
}

fn plain(role: Role) -> Style {
    let modifier = match role {
        Role::Text
        | Role::Muted
        | Role::Border
        | Role::Good
        | Role::Code
        | Role::Keyword
        | Role::Literal
        | Role::Null
        | Role::Threshold
        | Role::Series(_) => Modifier::empty(),
        Role::Title
        | Role::SelectedAside
        | Role::BorderFocused
        | Role::Warning
        | Role::Active
        | Role::Key => Modifier::BOLD,
        Role::Bad | Role::Doubt => Modifier::BOLD.union(Modifier::UNDERLINED),
        Role::Selected => Modifier::REVERSED,
        Role::Live | Role::Walkthrough | Role::Drill | Role::Banner => {
            Modifier::BOLD.union(Modifier::REVERSED)
        }
    };
    Style::new().add_modifier(modifier)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_colour_only_bold_reverse_and_underline_are_used() {
        let theme = Theme::new(ColorChoice::Never);
        let allowed = Modifier::BOLD | Modifier::REVERSED | Modifier::UNDERLINED;
        for role in [
            Role::Muted,
            Role::BorderFocused,
            Role::Selected,
            Role::Bad,
            Role::Null,
            Role::Drill,
            Role::Series(3),
        ] {
            let style = theme.style(role);
            assert_eq!((style.fg, style.bg), (None, None), "{role:?}");
            assert!(allowed.contains(style.add_modifier), "{role:?}");
        }
        assert_ne!(
            Theme::default().style(Role::Series(0)),
            Theme::default().style(Role::Series(1))
        );
    }
}
