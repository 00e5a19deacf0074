//! The defaults as a schema: which keys there are, and what type each has.

use figment::value::{Dict, Num, Value};

use super::ConfigError;

/// The value at a dotted path that is no section.
pub fn find<'a>(dict: &'a Dict, key: &str) -> Option<&'a Value> {
    match key.split_once('.') {
        Some((section, rest)) => match dict.get(section)? {
            Value::Dict(_, inner) => find(inner, rest),
            _ => None,
        },
        None => dict.get(key).filter(|value| value.as_dict().is_none()),
    }
}

/// Every key of a file must be one of the schema and of its type.
pub fn check_keys(
    dict: &Dict,
    schema: &Dict,
    above: &str,
    origin: &str,
) -> Result<(), ConfigError> {
    for (name, value) in dict {
        let key = if above.is_empty() {
            name.clone()
        } else {
            format!("{above}.{name}")
        };
        let known = schema.get(name).ok_or_else(|| ConfigError::UnknownKey {
            origin: origin.to_owned(),
            key: key.clone(),
        })?;
        let must = match (known, value) {
            (Value::Dict(_, known), Value::Dict(_, inner)) => {
                check_keys(inner, known, &key, origin)?;
                continue;
            }
            (Value::Dict(..), _) => "is a section and needs keys below it",
            (Value::String(..), Value::String(..))
            | (Value::Num(..), Value::Num(..))
            | (Value::Bool(..), Value::Bool(..))
            | (Value::Array(..), Value::Array(..)) => continue,
            (default, _) => expected(default),
        };
        return Err(ConfigError::Wrong {
            key,
            origin: Some(origin.to_owned()),
            problem: must.to_owned(),
        });
    }
    Ok(())
}

/// A text from the environment as a value of the default's type.
pub fn read_as(default: &Value, text: &str) -> Result<Value, &'static str> {
    let text = text.trim();
    let whole = |text: &str| text.trim().parse::<i64>().map_err(|_| expected(default));
    match default {
        Value::Num(_, Num::F32(_) | Num::F64(_)) => {
            let number = text.parse::<f64>().ok().filter(|number| number.is_finite());
            Ok(Value::from(number.ok_or(expected(default))?))
        }
        Value::Num(..) => Ok(Value::from(whole(text)?)),
        Value::Bool(..) => match text {
            "true" => Ok(Value::from(true)),
            "false" => Ok(Value::from(false)),
            _ => Err(expected(default)),
        },
        Value::Array(..) => {
            let inner = text.trim_start_matches('[').trim_end_matches(']');
            let items = inner.split(',').map(str::trim);
            let items: Vec<&str> = items.filter(|item| !item.is_empty()).collect();
            let quoted = |item: &&str| item.starts_with('"');
            if !items.is_empty() && items.iter().all(quoted) {
                let words = items.iter().map(|item| item.trim_matches('"'));
                return Ok(Value::from(words.collect::<Vec<&str>>()));
            }
            let numbers: Result<Vec<i64>, _> = items.into_iter().map(whole).collect();
            Ok(Value::from(numbers?))
        }
        Value::String(..) | Value::Char(..) | Value::Empty(..) | Value::Dict(..) => {
            Ok(Value::from(text))
        }
    }
}

fn expected(default: &Value) -> &'static str {
    match default {
        Value::Num(_, Num::F32(_) | Num::F64(_)) => "must be a number",
        Value::Num(..) => "must be a whole number",
        Value::Bool(..) => "must be true or false",
        Value::Array(..) => "must be whole numbers, or texts in quotes, separated by commas",
        Value::String(..) | Value::Char(..) | Value::Empty(..) | Value::Dict(..) => {
            "must be a text in quotes"
        }
    }
}
