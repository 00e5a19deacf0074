//! What can be wrong with a configuration, as one sentence each.

use std::path::PathBuf;

/// Why the configuration cannot be used. The text is one sentence for the person who starts
/// the bot; it never holds the value of a secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// A value that is needed is not set.
    #[error("{name} is not set: {remedy}", name = spoken(key))]
    Missing {
        key: &'static str,
        remedy: &'static str,
    },
    /// A value is set and cannot be used. `problem` begins with "must" or the like.
    #[error("{name}{origin} {problem}", name = spoken(key), origin = set_by(key, origin.as_deref()))]
    Wrong {
        key: String,
        /// What set it; `None` for the defaults or when it does not matter.
        origin: Option<String>,
        problem: String,
    },
    /// The layers name a key that does not exist.
    #[error("{origin} sets {key}, which does not exist: config/default.toml lists all keys")]
    UnknownKey { origin: String, key: String },
    /// A file cannot be used. `problem` is a predicate.
    #[error("the file {path} {problem}", path = path.display())]
    File { path: PathBuf, problem: String },
    /// A variable that is read is not UTF-8.
    #[error("{variable} is not valid UTF-8: set it to plain text")]
    NotText { variable: String },
}

/// A key as people know it: by its variable when it has one.
fn spoken(key: &str) -> String {
    match super::layers::variable_of(key) {
        Some(variable) => format!("{variable} ({key})"),
        None => key.to_owned(),
    }
}

/// What set a key, unless its spoken name says so already.
fn set_by(key: &str, origin: Option<&str>) -> String {
    match origin {
        Some(origin) if super::layers::variable_of(key) != Some(origin) => {
            format!(", set by {origin},")
        }
        Some(_) | None => String::new(),
    }
}
