//! Options and operands of a command, read as GNU getopt reads them, against a table of those the command has here.

/// An option that a command has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Known {
    /// `-r`; none for a long option only.
    pub short: Option<char>,
    /// Its long name; also the name it goes by in here. One that tools do not have in words is a single letter.
    pub name: &'static str,
    /// Whether a value follows.
    pub value: bool,
}

/// An option without a value.
pub(super) const fn flag(short: char, name: &'static str) -> Known {
    Known {
        short: Some(short),
        name,
        value: false,
    }
}

/// An option with a value.
pub(super) const fn valued(short: char, name: &'static str) -> Known {
    Known {
        short: Some(short),
        name,
        value: true,
    }
}

/// An option that is only written out.
pub(super) const fn long(name: &'static str, value: bool) -> Known {
    Known {
        short: None,
        name,
        value,
    }
}

/// How a command reads its arguments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Grammar {
    pub known: &'static [Known],
    /// The option that `-5` is short for.
    pub number: Option<&'static str>,
    pub order: Order,
}

/// Where options may stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    /// Anywhere.
    Mixed,
    /// Before the first operand.
    First,
    /// Nowhere: every argument is text.
    Verbatim,
}

/// A command without options.
pub(super) const NO_OPTIONS: Grammar = Grammar {
    known: &[],
    number: None,
    order: Order::Mixed,
};

/// Arguments that were read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Call {
    options: Vec<(&'static str, String)>,
    pub operands: Vec<String>,
    /// How many operands stand before `--`.
    pub before_dashes: Option<usize>,
}

impl Call {
    /// Whether an option is given.
    pub(super) fn has(&self, name: &str) -> bool {
        self.options.iter().any(|(known, _)| *known == name)
    }

    /// The value of an option; the last one counts.
    pub(super) fn value(&self, name: &str) -> Option<&str> {
        self.values(name).last()
    }

    /// All values of an option, in order.
    pub(super) fn values(&self, name: &str) -> impl Iterator<Item = &str> {
        self.options
            .iter()
            .filter(move |(known, _)| *known == name)
            .map(|(_, value)| value.as_str())
    }

    /// The value of an option as a number.
    pub(super) fn number(&self, name: &str) -> Option<Result<usize, String>> {
        let value = self.value(name)?;
        Some(value.parse().map_err(|_| format!("{value:?} is no number")))
    }

    /// An operand by position.
    pub(super) fn operand(&self, nth: usize) -> Option<&str> {
        self.operands.get(nth).map(String::as_str)
    }
}

/// Reads arguments. The error names the option that the command does not have here, or that lacks its value.
pub(super) fn read(grammar: &Grammar, arguments: &[String]) -> Result<Call, String> {
    let mut call = Call::default();
    if grammar.order == Order::Verbatim {
        call.operands = arguments.to_vec();
        return Ok(call);
    }
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        if argument == "--" {
            call.before_dashes = Some(call.operands.len());
            call.operands.extend(rest.cloned());
            return Ok(call);
        }
        if let Some(written) = argument.strip_prefix("--") {
            let (name, attached) = match written.split_once('=') {
                Some((name, value)) => (name, Some(value.to_owned())),
                None => (written, None),
            };
            let known = grammar
                .known
                .iter()
                .find(|known| known.name == name && name.len() > 1)
                .ok_or_else(|| format!("option `--{name}`"))?;
            let value = match (known.value, attached) {
                (true, Some(value)) => value,
                (true, None) => rest
                    .next()
                    .ok_or_else(|| format!("option `--{name}` without its value"))?
                    .clone(),
                (false, None) => String::new(),
                (false, Some(_)) => return Err(format!("value of the option `--{name}`")),
            };
            call.options.push((known.name, value));
            continue;
        }
        match argument.strip_prefix('-').filter(|short| !short.is_empty()) {
            Some(short) => read_short(grammar, short, &mut rest, &mut call)?,
            None if grammar.order == Order::Mixed => call.operands.push(argument.clone()),
            None => {
                call.operands.push(argument.clone());
                call.operands.extend(rest.cloned());
                return Ok(call);
            }
        }
    }
    Ok(call)
}

/// `-rn`, `-n5`, `-n 5`, `-5`.
fn read_short<'a>(
    grammar: &Grammar,
    short: &str,
    rest: &mut impl Iterator<Item = &'a String>,
    call: &mut Call,
) -> Result<(), String> {
    if let Some(name) = grammar.number
        && short.bytes().all(|byte| byte.is_ascii_digit())
    {
        call.options.push((name, short.to_owned()));
        return Ok(());
    }
    let mut letters = short.chars();
    while let Some(letter) = letters.next() {
        let known = grammar
            .known
            .iter()
            .find(|known| known.short == Some(letter))
            .ok_or_else(|| format!("option `-{letter}`"))?;
        if !known.value {
            call.options.push((known.name, String::new()));
            continue;
        }
        let attached = letters.as_str();
        let value = if attached.is_empty() {
            rest.next()
                .ok_or_else(|| format!("option `-{letter}` without its value"))?
                .clone()
        } else {
            attached.to_owned()
        };
        call.options.push((known.name, value));
        return Ok(());
    }
    Ok(())
}
