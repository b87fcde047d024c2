//! KQL on the screen: its colours, the dialog to sign in, and bins that may still grow.

#[path = "support/state.rs"]
mod support;

use std::time::Duration;

use quarterdeck::engine::state::{Overlay, State};
use quarterdeck::model::Timestamp;
use quarterdeck::model::ids::RunId;
use quarterdeck::model::request::{Payload, SignInPrompt};
use quarterdeck::theme::{ColorChoice, Theme};
use quarterdeck::ui::screenshot::render;
use ratatui::style::Color;
use support::{Texts, at, breach, cockpit, confirming, hostile, plain};

/// The states hold more than these screens need; naming the rest keeps the compiler from calling it dead.
const _: () = {
    let _ = (support::breach_with, support::message);
    let _ = |text: Texts<'_>| {
        (
            support::home_with(text),
            support::overlays(text),
            support::output(text),
            support::failure(text),
        )
    };
};

const SIZES: [(u16, u16); 2] = [(80, 24), (120, 40)];

fn screen(state: &State, (width, height): (u16, u16)) -> String {
    let buffer = render(state, &Theme::default(), width, height);
    let mut text = String::new();
    for line in buffer.content().chunks(usize::from(width)) {
        let shown: String = line.iter().map(ratatui::buffer::Cell::symbol).collect();
        text.push_str(shown.trim_end());
        text.push('\n');
    }
    text
}

fn signing_in(text: Texts<'_>) -> State {
    let mut state = breach();
    let until = state
        .now
        .checked_add(Duration::from_mins(15))
        .unwrap_or(state.now);
    state.overlays.push(Overlay::SignIn {
        run: RunId(7),
        prompt: SignInPrompt {
            address: text("https://microsoft.com/devicelogin"),
            code: text("ABCD-EFGH"),
            lasts: Duration::from_mins(15),
        },
        until,
    });
    state
}

#[test]
fn where_to_sign_in_and_with_what() {
    for size in SIZES {
        let name = format!("sign-in-{}x{}", size.0, size.1);
        insta::assert_snapshot!(name, screen(&signing_in(&plain), size));
    }
    for size in [(30, 10), (20, 5)] {
        let shown = screen(&signing_in(&hostile), size);
        assert!(
            !shown.contains('\u{1b}') && !shown.contains('\u{202e}'),
            "{shown}"
        );
    }
}

#[test]
fn bins_that_may_still_grow_are_hatched() {
    let mut state = breach();
    let settled: Timestamp = at("03:09:00");
    for watch in &mut cockpit(&mut state).watches {
        watch.settled = Some(settled);
    }
    for size in SIZES {
        let name = format!("growing-{}x{}", size.0, size.1);
        insta::assert_snapshot!(name, screen(&state, size));
    }
}

/// A request in KQL, about to be sent, and the colours of its words.
#[test]
fn the_parts_of_a_query_have_colours_of_their_own() {
    let mut state = breach();
    confirming(&mut state, &plain);
    for run in cockpit(&mut state).runs.values_mut() {
        if let quarterdeck::engine::state::RunPhase::Confirming(request) = &mut run.phase {
            request.text =
                "traces // all of them\n| where message contains \"ORG MISMATCH\"\n| take 5"
                    .to_owned();
            request.parameters.clear();
            request.payload = Payload::Kql {
                parameters: Vec::new(),
                fresh: true,
            };
        }
    }
    state.overlays.push(Overlay::Send {
        run: RunId(7),
        top: 0,
    });
    let colour = |choice: ColorChoice, word: &str| {
        let buffer = render(&state, &Theme::new(choice), 120, 40);
        let area = buffer.area;
        for y in 0..area.height {
            for x in 0..area.width {
                let found: String = (x..area.width)
                    .take(word.len())
                    .filter_map(|x| buffer.cell((x, y)))
                    .map(ratatui::buffer::Cell::symbol)
                    .collect();
                if found == word {
                    return buffer.cell((x, y)).map(|cell| cell.fg);
                }
            }
        }
        None
    };
    let keyword = colour(ColorChoice::Always, "contains \"");
    let literal = colour(ColorChoice::Always, "\"ORG MISMATCH\"");
    assert_eq!(literal, Some(Color::Green));
    assert!(keyword.is_some() && keyword != literal);
    assert_eq!(
        colour(ColorChoice::Never, "contains \""),
        Some(Color::Reset)
    );
    assert_eq!(
        colour(ColorChoice::Never, "\"ORG MISMATCH\""),
        Some(Color::Reset)
    );
}
