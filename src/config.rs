//! The configuration: layered, checked as a whole before anything starts.
//!
//! Layers, each winning over those before it: `config/default.toml` (built in), the file of
//! `--config` or `REI_CONFIG`, the named variables of [`NAMED_VARIABLES`], and
//! `REI__SECTION__KEY`. A key that the defaults do not know is an error in every layer. Every
//! error is one sentence that names the key and says what to do, and never holds a value of a
//! secret. Secrets are `SecretString`: they have no `Serialize`, and their `Debug` is redacted.
//!
//! Nothing here reads the process environment except [`Environment::of_process`], so a test
//! says what the environment is.

use std::path::{Path, PathBuf};

mod check;
mod environment;
mod error;
mod layers;
mod models;
mod rates;
mod schema;
mod sections;
mod shown;
mod values;
mod yookassa;

#[cfg(test)]
mod tests;

pub use environment::Environment;
pub use error::ConfigError;
pub use layers::{NAMED_VARIABLES, RESERVED_VARIABLES};
pub use sections::{
    Addresses, Assets, Billing, Config, Database, Downloads, Fal, GeminiModel, Http, Intake, Jobs,
    Kling, Ledger, LinkBase, Location, Log, LogFormat, NanoBanana, Offer, Providers, Routing, S3,
    Sessions, Shutdown, Stars, Supervision, Telegram, Topups, Videos,
};

#[cfg(test)]
pub use models::built_in as built_in_catalogue;
pub use yookassa::{AddressCheck, Receipt, Yookassa};

use layers::Layers;

/// What the configuration is for; it decides which secrets must be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Serving users: Telegram and the providers must be reachable.
    Serve,
    /// Work on the database alone: migrations, the audit.
    Database,
}

/// A configuration that was read and checked, with where each value came from.
pub struct Loaded {
    pub config: Config,
    layers: Layers,
}

impl Loaded {
    /// The effective values as TOML, secrets redacted, with a comment where a value does not
    /// come from the defaults.
    pub fn shown(&self) -> String {
        shown::render(&self.layers, shown::Origins::Told)
    }

    /// 12 hexadecimal digits that differ when a value that is no secret differs, for
    /// `rei_config_info`.
    pub fn fingerprint(&self) -> String {
        shown::fingerprint(&self.layers)
    }
}

impl Config {
    /// Reads all layers and checks them for `purpose`. `file` is the path of `--config`;
    /// without it `REI_CONFIG` names the file, if any.
    pub fn load(
        environment: &Environment,
        file: Option<&Path>,
        purpose: Purpose,
    ) -> Result<Loaded, ConfigError> {
        let mut layers = Layers::defaults();
        let named = environment
            .get("REI_CONFIG")
            .filter(|path| !path.is_empty());
        if let Some(path) = file.map(Path::to_owned).or(named.map(PathBuf::from)) {
            layers.add_file(&path)?;
        }
        layers.add_named_variables(environment)?;
        layers.add_key_variables(environment)?;
        let mut config: Config = layers.extract()?;
        config.read_catalogue()?;
        check::check(&config)?;
        check::check_purpose(&config, purpose)?;
        Ok(Loaded { config, layers })
    }

    /// The demo: everything below `data`, a welcome bonus, no keys. Named variables and files
    /// are left aside, so that a demo never touches a real token, key or database;
    /// `REI__SECTION__KEY` still works. The addresses and keys of the sandbox, known only once
    /// it listens, are for the caller to fill in.
    pub fn demo(environment: &Environment, data: &Path) -> Result<Loaded, ConfigError> {
        let mut layers = Layers::defaults();
        layers.add_demo(data)?;
        layers.add_key_variables(environment)?;
        let mut config: Config = layers.extract()?;
        config.read_catalogue()?;
        check::check(&config)?;
        Ok(Loaded { config, layers })
    }

    fn read_catalogue(&mut self) -> Result<(), ConfigError> {
        let file = self.videos.catalogue_file.as_deref();
        let read = models::read(file, &self.billing.usd_rub);
        self.catalogue = read.map_err(|fault| ConfigError::Wrong {
            key: "videos.catalogue_file".to_owned(),
            origin: None,
            problem: format!("must name a catalogue that can be used: {fault}"),
        })?;
        Ok(())
    }
}
