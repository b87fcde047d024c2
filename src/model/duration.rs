//! Durations as playbooks write them: `60s 15m 24h 72h 35d`.

use std::time::Duration;

/// Reads `60s`, `15m`, `24h`, `35d`. `None` when the text is anything else, or too long to count in seconds.
pub fn parse(text: &str) -> Option<Duration> {
    let text = text.trim();
    let unit = text.chars().last()?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        _ => return None,
    };
    let number: u64 = text.strip_suffix(unit)?.parse().ok()?;
    number
        .checked_mul(seconds)
        .filter(|total| *total <= MAX_SECONDS)
        .map(Duration::from_secs)
}

/// A century: longer durations are a slip of the pen, and would overflow date arithmetic.
const MAX_SECONDS: u64 = 100 * 366 * 86_400;

/// Writes a duration in the largest unit that holds it exactly, so that `parse(format(d)) == d` for whole seconds.
pub fn format(duration: Duration) -> String {
    let seconds = duration.as_secs();
    for (size, unit) in [(86_400, 'd'), (3_600, 'h'), (60, 'm')] {
        if seconds >= size && seconds.is_multiple_of(size) {
            return format!("{}{unit}", seconds / size);
        }
    }
    format!("{seconds}s")
}

/// A length of time for people, at most two units: `4m`, `71h45`, `3d 2h`. Seconds only below two minutes.
pub fn in_words(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0..120 => format!("{seconds}s"),
        120..6_000 => format!("{}m", seconds / 60),
        6_000..345_600 => format!("{}h{:02}", seconds / 3_600, seconds / 60 % 60),
        _ => format!("{}d {}h", seconds / 86_400, seconds / 3_600 % 24),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_round_trip() {
        for text in ["60s", "15m", "24h", "72h", "35d", "1s"] {
            let parsed = parse(text).map(format);
            let expected = match text {
                "60s" => "1m",
                "24h" => "1d",
                "72h" => "3d",
                other => other,
            };
            assert_eq!(parsed.as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn nonsense_is_refused() {
        for text in [
            "",
            "h",
            "5",
            "5 m",
            "-5m",
            "5w",
            "99999999999999999999d",
            "40000000d",
            "5\u{20ac}",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn words_are_short() {
        for (seconds, words) in [
            (5, "5s"),
            (119, "119s"),
            (240, "4m"),
            (5_999, "99m"),
            (258_300, "71h45"),
            (360_000, "4d 4h"),
        ] {
            assert_eq!(in_words(Duration::from_secs(seconds)), words);
        }
    }
}
