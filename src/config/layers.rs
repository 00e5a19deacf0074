//! The layers: merged untyped, each key checked against the defaults, which are the schema.

use std::path::Path;

use figment::providers::{Format, Toml};
use figment::value::{Dict, Map, Value};
use figment::{Figment, Metadata, Profile, Provider};

use super::{Config, ConfigError, Environment, schema};

/// The defaults, as text; the schema of everything that can be set.
pub const DEFAULTS: &str = include_str!("../../config/default.toml");

/// Variables with a name of their own, and the key each sets. An empty value counts as unset.
pub const NAMED_VARIABLES: [(&str, &str); 28] = [
    ("BOT_TOKEN", "telegram.bot_token"),
    ("ADMIN_IDS", "telegram.admin_ids"),
    ("TELEGRAM_API_URL", "telegram.api_url"),
    ("TELEGRAM_WEBHOOK_SECRET", "telegram.webhook_secret"),
    ("NANO_BANANA_API_KEY", "providers.nano_banana.api_key"),
    ("NANO_BANANA_API_URL", "providers.nano_banana.api_url"),
    ("KLING_API_KEY", "providers.kling.api_key"),
    ("KLING_API_URL", "providers.kling.api_url"),
    ("KLING_WEBHOOK_SECRET", "providers.kling.webhook_secret"),
    ("FAL_KEY", "providers.fal.api_key"),
    ("FAL_API_URL", "providers.fal.api_url"),
    ("DATABASE_URL", "database.url"),
    ("REDIS_URL", "redis.url"),
    ("REDIS_HOST", "redis.host"),
    ("REDIS_PORT", "redis.port"),
    ("ASSETS_URL", "assets.url"),
    ("ASSETS_MIRROR_URL", "assets.mirror_url"),
    ("S3_ENDPOINT", "assets.s3.endpoint"),
    ("S3_REGION", "assets.s3.region"),
    ("S3_ACCESS_KEY_ID", "assets.s3.access_key_id"),
    ("S3_SECRET_ACCESS_KEY", "assets.s3.secret_access_key"),
    ("HTTP_ADDR", "http.addr"),
    ("PUBLIC_URL", "http.public_url"),
    ("ADMIN_TOKEN", "http.admin_token"),
    ("YOOKASSA_SHOP_ID", "yookassa.shop_id"),
    ("YOOKASSA_SECRET_KEY", "yookassa.secret_key"),
    ("YOOKASSA_WEBHOOK_SECRET", "yookassa.webhook_secret"),
    ("YOOKASSA_API_URL", "yookassa.api_url"),
];

/// Variables of parts that this version does not have yet. They are accepted, so that one
/// environment serves all versions, and have no effect.
pub const RESERVED_VARIABLES: [&str; 1] = ["DATABASE_REPLICA_URL"];

/// Keys whose values are never shown, logged or put into an error.
pub const SECRET_KEYS: [&str; 13] = [
    "assets.mirror_s3.secret_access_key",
    "assets.s3.secret_access_key",
    "database.url",
    "http.admin_token",
    "providers.fal.api_key",
    "providers.kling.api_key",
    "providers.kling.webhook_secret",
    "providers.nano_banana.api_key",
    "redis.url",
    "telegram.bot_token",
    "telegram.webhook_secret",
    "yookassa.secret_key",
    "yookassa.webhook_secret",
];

/// The prefix of variables that name a key by its path.
const KEY_PREFIX: &str = "REI__";

/// The variable that sets a key, when it has one of its own.
pub fn variable_of(key: &str) -> Option<&'static str> {
    NAMED_VARIABLES
        .iter()
        .find(|(_, named)| *named == key)
        .map(|(variable, _)| *variable)
}

/// Whether a variable is read at all.
pub fn is_read(variable: &str) -> bool {
    variable == "REI_CONFIG"
        || variable.starts_with(KEY_PREFIX)
        || NAMED_VARIABLES.iter().any(|(named, _)| *named == variable)
}

/// The merged layers.
pub struct Layers {
    merged: Figment,
    schema: Dict,
}

impl Layers {
    /// The built-in defaults alone.
    pub fn defaults() -> Self {
        let schema = parse(DEFAULTS).expect("the built-in defaults are valid TOML");
        let mut layers = Self {
            merged: Figment::new(),
            schema: schema.clone(),
        };
        layers.add(DEFAULTS_NAME.to_owned(), schema);
        layers
    }

    /// Adds a TOML file, which must be there.
    pub fn add_file(&mut self, path: &Path) -> Result<(), ConfigError> {
        let file_error = |problem: String| ConfigError::File {
            path: path.to_owned(),
            problem,
        };
        let text = std::fs::read_to_string(path).map_err(|error| {
            file_error(format!(
                "cannot be read ({}); name a readable file in --config or REI_CONFIG",
                error.kind()
            ))
        })?;
        let origin = format!("the file {}", path.display());
        let dict = parse(&text).map_err(|error| file_error(syntax_problem(&error)))?;
        schema::check_keys(&dict, &self.schema, "", &origin)?;
        self.add(origin, dict);
        Ok(())
    }

    /// Adds what the demo does differently. Its values are plain keys of the schema, so
    /// `check-config` and the documentation show them like any others.
    pub fn add_demo(&mut self, data: &Path) -> Result<(), ConfigError> {
        /// Enough for some twenty pictures, so that a person can play.
        const WELCOME_BONUS_KOPECKS: &str = "50000";
        let Some(data) = data.to_str() else {
            return Err(ConfigError::File {
                path: data.to_owned(),
                problem: "has a name that is not UTF-8; choose another folder with --data".into(),
            });
        };
        let settings = [
            (
                "billing.welcome_bonus_kopecks",
                WELCOME_BONUS_KOPECKS.to_owned(),
            ),
            ("database.url", format!("sqlite://{data}/rei.db")),
            ("assets.url", format!("file://{data}/assets")),
            // Everybody whom the demo talks to is on this machine.
            ("assets.links", "listener".to_owned()),
        ];
        for (key, text) in settings {
            self.add_text("the demo".to_owned(), key, &text)?;
        }
        Ok(())
    }

    /// Adds the variables that have a name of their own.
    pub fn add_named_variables(&mut self, environment: &Environment) -> Result<(), ConfigError> {
        for (variable, key) in NAMED_VARIABLES {
            match environment.get(variable) {
                Some("") | None => {}
                Some(text) => self.add_text(variable.to_owned(), key, text)?,
            }
        }
        Ok(())
    }

    /// Adds the variables `REI__SECTION__KEY`.
    pub fn add_key_variables(&mut self, environment: &Environment) -> Result<(), ConfigError> {
        for (variable, text) in environment.with_prefix(KEY_PREFIX) {
            let path = &variable[KEY_PREFIX.len()..];
            let key = path.to_ascii_lowercase().replace("__", ".");
            self.add_text(variable.to_owned(), &key, text)?;
        }
        Ok(())
    }

    /// The typed configuration.
    pub fn extract(&self) -> Result<Config, ConfigError> {
        self.merged
            .extract()
            .map_err(|error| self.translate(&error))
    }

    /// The merged values, by section.
    pub fn values(&self) -> Dict {
        let mut profiles = self
            .merged
            .data()
            .expect("only layers that could be read were merged");
        profiles.remove(&Profile::Default).unwrap_or_default()
    }

    /// What set a value, unless the defaults did.
    pub fn origin(&self, value: &Value) -> Option<String> {
        let metadata = self.merged.get_metadata(value.tag())?;
        (metadata.name != DEFAULTS_NAME).then(|| metadata.name.to_string())
    }

    /// Adds one key from its text, read as the type that the default has.
    fn add_text(&mut self, origin: String, key: &str, text: &str) -> Result<(), ConfigError> {
        let default = schema::find(&self.schema, key).ok_or_else(|| ConfigError::UnknownKey {
            origin: origin.clone(),
            key: key.to_owned(),
        })?;
        let value = schema::read_as(default, text).map_err(|must| ConfigError::Wrong {
            key: key.to_owned(),
            origin: Some(origin.clone()),
            problem: must.to_owned(),
        })?;
        let nested = figment::util::nest(key, value);
        let dict = nested.into_dict().expect("a key has a section and a name");
        self.add(origin, dict);
        Ok(())
    }

    fn add(&mut self, origin: String, dict: Dict) {
        let layer = Layer { origin, dict };
        self.merged = std::mem::take(&mut self.merged).merge(layer);
    }

    /// An error of the typed reading, without the value it is about.
    fn translate(&self, error: &figment::Error) -> ConfigError {
        use figment::error::Kind;
        let key = error.path.join(".");
        let problem = match &error.kind {
            Kind::Message(must) => must.clone(),
            Kind::UnknownVariant(_, known) => format!("must be one of: {}", known.join(", ")),
            Kind::InvalidType(_, expected) | Kind::InvalidValue(_, expected) => {
                format!("must be {expected}")
            }
            Kind::InvalidLength(..)
            | Kind::UnknownField(..)
            | Kind::MissingField(_)
            | Kind::DuplicateField(_)
            | Kind::ISizeOutOfRange(_)
            | Kind::USizeOutOfRange(_)
            | Kind::Unsupported(_)
            | Kind::UnsupportedKey(..) => "has the wrong form: see config/default.toml".to_owned(),
        };
        let values = self.values();
        let origin = schema::find(&values, &key).and_then(|value| self.origin(value));
        ConfigError::Wrong {
            key,
            origin,
            problem,
        }
    }
}

/// The name of the first layer.
const DEFAULTS_NAME: &str = "the defaults";

/// One layer with the name under which errors speak of it.
struct Layer {
    origin: String,
    dict: Dict,
}

impl Provider for Layer {
    fn metadata(&self) -> Metadata {
        Metadata::named(self.origin.clone())
    }

    fn data(&self) -> figment::Result<Map<Profile, Dict>> {
        Ok(Profile::Default.collect(self.dict.clone()))
    }
}

fn parse(text: &str) -> Result<Dict, Box<figment::Error>> {
    let mut profiles = Toml::string(text).data().map_err(Box::new)?;
    Ok(profiles.remove(&Profile::Default).unwrap_or_default())
}

/// Where a file is no TOML. The parser quotes the line, which may hold a secret, after its
/// first line, which holds the place alone.
fn syntax_problem(error: &figment::Error) -> String {
    let text = error.to_string();
    let place = text
        .lines()
        .next()
        .and_then(|first| first.split_once("at line "))
        .map_or_else(
            || "its end".to_owned(),
            |(_, place)| format!("line {place}"),
        );
    format!("is not valid TOML: correct it at {place}")
}
