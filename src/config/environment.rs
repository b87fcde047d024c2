//! The environment as a value: read once, handed to whoever needs it, and made up freely in tests.
//!
//! Nothing else in the program reads the process's environment.

use std::collections::BTreeMap;
use std::fmt;

/// Environment variables. Those that are not UTF-8 are left out.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Environment {
    variables: BTreeMap<String, String>,
    account: Option<String>,
}

impl Environment {
    /// The environment of this process.
    pub fn of_process() -> Self {
        let accounts = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
        Self {
            variables: std::env::vars_os()
                .filter_map(|(name, value)| {
                    Some((name.into_string().ok()?, value.into_string().ok()?))
                })
                .collect(),
            account: account(&accounts, rustix::process::getuid().as_raw()),
        }
    }

    /// An environment of exactly these variables.
    pub fn from_pairs<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let variables = pairs
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        Self {
            variables,
            account: None,
        }
    }

    /// Name of the account that the process runs as: containers and services often set no `USER`.
    pub fn account(&self) -> Option<&str> {
        self.account.as_deref()
    }

    /// A variable's value. An empty one counts as not set, as most programs treat it.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.variables
            .get(name)
            .map(String::as_str)
            .filter(|value| !value.is_empty())
    }

    /// Every variable in order of its name, empty ones among them.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.variables
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

/// The name of a user id in the form of `/etc/passwd`.
fn account(accounts: &str, user_id: u32) -> Option<String> {
    accounts.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)?.parse() == Ok(user_id)).then(|| name.to_owned())
    })
}

/// Names only: values may be secrets.
impl fmt::Debug for Environment {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_set()
            .entries(self.variables.keys())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_found_by_its_number() {
        let accounts =
            "root:x:0:0:root:/root:/bin/bash\nbroken\nalice:x:1000:1000::/home/alice:/bin/sh\n";
        assert_eq!(account(accounts, 1000).as_deref(), Some("alice"));
        assert_eq!(account(accounts, 7), None);
    }
}
