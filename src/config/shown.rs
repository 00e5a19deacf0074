//! The effective configuration as text, without secrets.

use std::fmt::Write;

use figment::value::{Dict, Value};
use sha2::{Digest, Sha256};

use super::layers::{Layers, SECRET_KEYS};

/// Whether values are followed by what set them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origins {
    Told,
    Untold,
}

/// The effective values as TOML. A secret is shown as set or not, never in part.
pub fn render(layers: &Layers, origins: Origins) -> String {
    let mut out = String::new();
    section(layers, origins, &layers.values(), "", &mut out);
    out
}

/// 12 hexadecimal digits of the SHA-256 of the shown values.
pub fn fingerprint(layers: &Layers) -> String {
    let digest = Sha256::digest(render(layers, Origins::Untold).as_bytes());
    digest[..6].iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").expect("writing to a string cannot fail");
        hex
    })
}

fn section(layers: &Layers, origins: Origins, dict: &Dict, path: &str, out: &mut String) {
    let (sections, keys): (Vec<_>, Vec<_>) = dict
        .iter()
        .partition(|(_, value)| value.as_dict().is_some());
    if !keys.is_empty() && !path.is_empty() {
        let gap = if out.is_empty() { "" } else { "\n" };
        writeln!(out, "{gap}[{path}]").expect("writing to a string cannot fail");
    }
    for (name, value) in keys {
        let shown = shown(&joined(path, name), value);
        let origin = match (origins, layers.origin(value)) {
            (Origins::Told, Some(origin)) => format!("  # {origin}"),
            (Origins::Told, None) | (Origins::Untold, _) => String::new(),
        };
        writeln!(out, "{name} = {shown}{origin}").expect("writing to a string cannot fail");
    }
    for (name, value) in sections {
        if let Some(inner) = value.as_dict() {
            section(layers, origins, inner, &joined(path, name), out);
        }
    }
}

fn joined(path: &str, name: &str) -> String {
    if path.is_empty() {
        name.to_owned()
    } else {
        format!("{path}.{name}")
    }
}

fn shown(key: &str, value: &Value) -> String {
    match value {
        Value::String(_, text) if text.is_empty() => "\"\"".to_owned(),
        // A path of a file is no secret, and the most useful line of all.
        Value::String(_, text) if key == "database.url" && text.starts_with("sqlite://") => {
            quoted(text)
        }
        Value::String(..) if SECRET_KEYS.contains(&key) => "\"[redacted]\"".to_owned(),
        Value::String(_, text) => quoted(text),
        Value::Array(_, items) => {
            let items: Vec<String> = items.iter().map(|item| shown(key, item)).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Bool(_, flag) => flag.to_string(),
        Value::Num(_, number) => match number.to_i128() {
            Some(whole) => whole.to_string(),
            None => number.to_f64().unwrap_or_default().to_string(),
        },
        Value::Char(_, char) => quoted(&char.to_string()),
        Value::Empty(..) | Value::Dict(..) => "\"\"".to_owned(),
    }
}

fn quoted(text: &str) -> String {
    format!("{text:?}")
}
