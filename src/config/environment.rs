//! The environment as a value: the process's variables over those of a `.env` file.

use std::collections::BTreeMap;
use std::path::Path;

use super::{ConfigError, RESERVED_VARIABLES};

/// Variables by name. No `Debug`: it holds secrets.
#[derive(Clone, Default)]
pub struct Environment {
    variables: BTreeMap<String, String>,
}

impl Environment {
    /// The process's variables, over those of `dotenv` where that file exists. Variables that
    /// are not UTF-8 are left aside unless their name is one that is read.
    pub fn of_process(dotenv: &Path) -> Result<Self, ConfigError> {
        let mut variables = BTreeMap::new();
        if dotenv.exists() {
            read_dotenv(dotenv, &mut variables)?;
        }
        for (name, value) in std::env::vars_os() {
            let Ok(name) = name.into_string() else {
                continue;
            };
            match value.into_string() {
                Ok(value) => {
                    variables.insert(name, value);
                }
                Err(_) if super::layers::is_read(&name) => {
                    return Err(ConfigError::NotText { variable: name });
                }
                Err(_) => {}
            }
        }
        Ok(Self { variables })
    }

    /// An environment of just these variables.
    pub fn of<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let variables = pairs
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        Self { variables }
    }

    /// A variable's value, if it is set.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str)
    }

    /// Variables that are set, accepted and without effect in this version.
    pub fn without_effect(&self) -> impl Iterator<Item = &'static str> {
        RESERVED_VARIABLES
            .into_iter()
            .filter(|name| self.get(name).is_some_and(|value| !value.is_empty()))
    }

    /// Variables whose name begins with `prefix`, in order of their names.
    pub fn with_prefix<'a>(
        &'a self,
        prefix: &'a str,
    ) -> impl Iterator<Item = (&'a str, &'a str)> + 'a {
        self.variables
            .iter()
            .filter(move |(name, _)| name.starts_with(prefix))
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

/// Reads a `.env` file. The text of a line that cannot be read may be a secret, so the error
/// names the variable before it instead.
fn read_dotenv(path: &Path, into: &mut BTreeMap<String, String>) -> Result<(), ConfigError> {
    let broken = |after: &str| ConfigError::File {
        path: path.to_owned(),
        problem: format!(
            "has {after} a line that is not NAME=value; put single quotes around a value with spaces or $"
        ),
    };
    let lines = dotenvy::from_path_iter(path).map_err(|_| ConfigError::File {
        path: path.to_owned(),
        problem: "cannot be read; make it readable or remove it".to_owned(),
    })?;
    let mut after = "at its beginning".to_owned();
    for line in lines {
        let (name, value) = line.map_err(|_| broken(&after))?;
        after = format!("after {name}");
        into.insert(name, value);
    }
    Ok(())
}
