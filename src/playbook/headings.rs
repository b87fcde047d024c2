//! What a heading says by its words: the kind of a phase, a section that is looked up, a severity.

use std::sync::LazyLock;

use regex::Regex;

use crate::model::playbook::PhaseKind;

/// Words of `phase=` with their kinds.
pub const PHASES: [(&str, PhaseKind); 9] = [
    ("detect", PhaseKind::Detect),
    ("triage", PhaseKind::Triage),
    ("contain", PhaseKind::Contain),
    ("investigate", PhaseKind::Investigate),
    ("resolve", PhaseKind::Resolve),
    ("communicate", PhaseKind::Communicate),
    ("verify", PhaseKind::Verify),
    ("review", PhaseKind::Review),
    ("other", PhaseKind::Other),
];

/// Beginnings of words and the kind each tells; `$` ends a whole word. The heading's first word that fits any row wins,
/// so `Post-recovery` is a review.
const STEMS: [(&str, PhaseKind); 28] = [
    ("post$", PhaseKind::Review),
    ("postmortem", PhaseKind::Review),
    ("lesson", PhaseKind::Review),
    ("prevent", PhaseKind::Review),
    ("review", PhaseKind::Review),
    ("retrospect", PhaseKind::Review),
    ("stop", PhaseKind::Contain),
    ("contain", PhaseKind::Contain),
    ("immediate", PhaseKind::Contain),
    ("isolat", PhaseKind::Contain),
    ("triage", PhaseKind::Triage),
    ("detect", PhaseKind::Detect),
    ("investigat", PhaseKind::Investigate),
    ("diagnos", PhaseKind::Investigate),
    ("analy", PhaseKind::Investigate),
    ("verif", PhaseKind::Verify),
    ("validat", PhaseKind::Verify),
    ("communicat", PhaseKind::Communicate),
    ("disclos", PhaseKind::Communicate),
    ("notif", PhaseKind::Communicate),
    ("resol", PhaseKind::Resolve),
    ("recover", PhaseKind::Resolve),
    ("eradicat", PhaseKind::Resolve),
    ("fix", PhaseKind::Resolve),
    ("mitigat", PhaseKind::Resolve),
    ("remediat", PhaseKind::Resolve),
    ("restor", PhaseKind::Resolve),
    ("rollback", PhaseKind::Resolve),
];

/// First words of sections that are looked up, never worked through.
const REFERENCES: [&str; 16] = [
    "trigger",
    "triggers",
    "purpose",
    "roles",
    "severity",
    "severities",
    "pre-requisites",
    "prerequisites",
    "related",
    "tooling",
    "tools",
    "references",
    "reference",
    "templates",
    "evidence",
    "contacts",
];

static SEVERITY_LINE: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"\b[Ss]everity\**\s*:\**\s*([^\n]{1,80})").ok());
static SEVERITY_WORD: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"^[`*\s]*((?i:sev|p|s)[ -]?\d|(?i:critical|high|medium|low))\b").ok()
});
static SEVERITY_RANGE: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"^\s*(?:[\u{2013}\u{2014}/,-]|to|or)\s*").ok());
static TITLE_SEVERITY: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"\(((?i:sev|p)[ -]?\d)\)").ok());

/// The kind of phase a heading's words tell; [`PhaseKind::Other`] when none fits.
pub fn phase_kind(title: &str) -> PhaseKind {
    let fits = |word: &str, stem: &str| match stem.strip_suffix('$') {
        Some(whole) => word == whole,
        None => word.starts_with(stem),
    };
    words_of(title)
        .iter()
        .find_map(|word| STEMS.iter().find(|(stem, _)| fits(word, stem)))
        .map_or(PhaseKind::Other, |(_, kind)| *kind)
}

/// Whether a heading opens a section that is looked up.
pub fn is_reference(title: &str) -> bool {
    let title = title.trim().trim_end_matches(':').to_lowercase();
    let first = title.split_whitespace().next().unwrap_or_default();
    REFERENCES.contains(&first)
        || matches!(first, "pre" if title.starts_with("pre requisites"))
        || title
            .split_whitespace()
            .last()
            .is_some_and(|last| matches!(last, "templates" | "references"))
}

/// Whether a heading opens the section of live panes.
pub fn is_watch(title: &str) -> bool {
    title.trim().eq_ignore_ascii_case("watch")
}

/// The title of `Playbook: Title` or `Runbook: Title`.
pub fn playbook_title(title: &str) -> Option<&str> {
    let (word, rest) = title.split_once(':')?;
    (matches!(word.trim(), "Playbook" | "Runbook") && !rest.trim().is_empty()).then(|| rest.trim())
}

/// A heading without `Step 3:`, or `3.` in front.
pub fn step_title(title: &str) -> &str {
    // By hand: every heading of every playbook passes here, and building a pattern costs as much as reading a playbook.
    let title = title.trim();
    [after_step(title), after_number(title)]
        .into_iter()
        .flatten()
        .map(str::trim)
        .find(|rest| !rest.is_empty())
        .unwrap_or(title)
}

/// What follows `Step 3:` or `Phase 2b -`.
fn after_step(title: &str) -> Option<&str> {
    let rest = ["step", "phase"].into_iter().find_map(|word| {
        let (first, rest) = title.split_at_checked(word.len())?;
        first.eq_ignore_ascii_case(word).then_some(rest)
    })?;
    let number = rest.strip_prefix(char::is_whitespace)?.trim_start();
    let digit = |character: char| character.is_ascii_digit();
    let rest = number.strip_prefix(digit)?.trim_start_matches(digit);
    let letter = |character: char| character.is_ascii_lowercase();
    let rest = rest.strip_prefix(letter).unwrap_or(rest).trim_start();
    rest.strip_prefix([':', '.', ')', '\u{2013}', '\u{2014}', '-'])
}

/// What follows `3. ` or `A) `.
fn after_number(title: &str) -> Option<&str> {
    let (number, rest) = title.split_once(['.', ')'])?;
    let digits = number.len() <= 3 && number.bytes().all(|byte| byte.is_ascii_digit());
    let letter = number.len() == 1 && number.bytes().all(|byte| byte.is_ascii_uppercase());
    let fits = !number.is_empty() && (digits || letter) && rest.starts_with(char::is_whitespace);
    fits.then_some(rest)
}

/// Severities of a line such as `**Severity**: P2–P3 — when exports fail`.
pub fn severity_line(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    if !text.contains("everity") {
        return found;
    }
    let (Some(line), Some(word), Some(range)) = (
        SEVERITY_LINE.as_ref(),
        SEVERITY_WORD.as_ref(),
        SEVERITY_RANGE.as_ref(),
    ) else {
        return found;
    };
    let Some(mut rest) = line
        .captures(text)
        .and_then(|captures| captures.get(1))
        .map(|rest| rest.as_str())
    else {
        return found;
    };
    while let Some(captures) = word.captures(rest) {
        let (Some(whole), Some(name)) = (captures.get(0), captures.get(1)) else {
            break;
        };
        found.push(name.as_str().to_owned());
        rest = rest.get(whole.end()..).unwrap_or_default();
        match range.find(rest) {
            Some(separator) => rest = rest.get(separator.end()..).unwrap_or_default(),
            None => break,
        }
    }
    found
}

/// The severity in a title's brackets: `Tenant isolation breach (SEV1)`.
pub fn title_severity(title: &str) -> Option<String> {
    TITLE_SEVERITY
        .as_ref()?
        .captures(title)?
        .get(1)
        .map(|name| name.as_str().to_owned())
}

/// Words in lower case, split at anything but letters and digits, so that `Post-recovery` begins with `post`.
fn words_of(title: &str) -> Vec<String> {
    title
        .split(|character: char| !character.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_come_from_word_stems() {
        for (title, kind) in [
            ("Stop-the-bleed", PhaseKind::Contain),
            ("Immediate actions (first 15 min)", PhaseKind::Contain),
            ("Diagnosis Steps", PhaseKind::Investigate),
            ("Resolution Steps", PhaseKind::Resolve),
            ("Eradicate & Recover", PhaseKind::Resolve),
            ("Post-recovery action items", PhaseKind::Review),
            ("Verification", PhaseKind::Verify),
            ("Disclosure", PhaseKind::Communicate),
            ("Checklist", PhaseKind::Other),
            ("Prefix notes", PhaseKind::Other),
            ("Postgres analysis", PhaseKind::Investigate),
        ] {
            assert_eq!(phase_kind(title), kind, "{title}");
        }
    }

    #[test]
    fn sections_that_are_looked_up() {
        for title in [
            "Trigger",
            "Severity Levels",
            "Pre-requisites",
            "Tooling & References",
            "Communication Templates",
            "Evidence to Capture",
        ] {
            assert!(is_reference(title), "{title}");
        }
        for title in ["Triage", "Process", "Communicate"] {
            assert!(!is_reference(title), "{title}");
        }
    }

    #[test]
    fn prefixes_of_steps_are_stripped() {
        for (title, expected) in [
            ("Step 3: Determine Pattern", "Determine Pattern"),
            ("3. Open a channel", "Open a channel"),
            ("Step 3", "Step 3"),
            ("Steps to take", "Steps to take"),
            ("PHASE 12b - Contain", "Contain"),
            ("step 1a)x", "x"),
            ("Step 3 \u{2014} \u{a0}Look", "Look"),
            ("Step: none", "Step: none"),
            ("Step 2b:", "Step 2b:"),
            ("Étape 1: a", "Étape 1: a"),
            ("A) Stop", "Stop"),
            ("1234. Stop", "1234. Stop"),
            ("3.5 hours", "3.5 hours"),
            (". Stop", ". Stop"),
            ("AB. Stop", "AB. Stop"),
        ] {
            assert_eq!(step_title(title), expected);
        }
    }

    #[test]
    fn severities_are_read() {
        assert_eq!(severity_line("Severity: P1  "), ["P1"]);
        assert_eq!(severity_line("**Severity**: P2\u{2013}P3"), ["P2", "P3"]);
        assert_eq!(
            severity_line("x Severity: CRITICAL \u{2014} treat every report"),
            ["CRITICAL"]
        );
        assert_eq!(severity_line("severity unknown"), [""; 0]);
        assert_eq!(
            title_severity("Tenant isolation breach (SEV1)").as_deref(),
            Some("SEV1")
        );
    }
}
