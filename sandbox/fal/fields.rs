//! The input of a model read field by field; what is wrong is said as the models say it.

use serde_json::{Map, Value};

use super::failure::Failure;

/// The fields that were not read yet. `null` counts as absent.
pub struct Fields {
    left: Map<String, Value>,
}

impl Fields {
    pub fn of(value: Value) -> Result<Fields, Failure> {
        match value {
            Value::Object(left) => Ok(Fields { left }),
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::String(_)
            | Value::Array(_) => Err(Failure::input(
                "",
                "model_attributes_type",
                "Input should be a valid dictionary",
            )),
        }
    }

    fn take(&mut self, name: &str) -> Option<Value> {
        self.left.remove(name).filter(|value| !value.is_null())
    }

    pub fn text(&mut self, name: &str) -> Result<Option<String>, Failure> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(Failure::input(
                name,
                "string_type",
                "Input should be a valid string",
            )),
        }
    }

    pub fn required(&mut self, name: &str) -> Result<String, Failure> {
        let text = self.text(name)?.filter(|text| !text.is_empty());
        text.ok_or_else(|| missing(name))
    }

    /// A flag, or its default.
    pub fn flag(&mut self, name: &str, default: bool) -> Result<bool, Failure> {
        match self.take(name) {
            None => Ok(default),
            Some(Value::Bool(flag)) => Ok(flag),
            Some(_) => Err(Failure::input(
                name,
                "bool_type",
                "Input should be a valid boolean",
            )),
        }
    }

    /// A whole number between two ends, or its default.
    pub fn whole(
        &mut self,
        name: &str,
        least: i64,
        most: i64,
        default: i64,
    ) -> Result<i64, Failure> {
        let Some(value) = self.take(name) else {
            return Ok(default);
        };
        let whole = value.as_i64();
        let whole = whole
            .ok_or_else(|| Failure::input(name, "int_type", "Input should be a valid integer"))?;
        match whole {
            _ if whole < least => Err(Failure::input(
                name,
                "greater_than_equal",
                format!("Input should be greater than or equal to {least}"),
            )),
            _ if whole > most => Err(Failure::input(
                name,
                "less_than_equal",
                format!("Input should be less than or equal to {most}"),
            )),
            _ => Ok(whole),
        }
    }

    /// A number from 0 to 1, if it is there.
    pub fn share(&mut self, name: &str) -> Result<(), Failure> {
        match self.take(name).map(|value| value.as_f64()) {
            None => Ok(()),
            Some(Some(number)) if (0.0..=1.0).contains(&number) => Ok(()),
            Some(Some(_)) => Err(Failure::input(
                name,
                "less_than_equal",
                "Input should be from 0 to 1",
            )),
            Some(None) => Err(Failure::input(
                name,
                "float_type",
                "Input should be a valid number",
            )),
        }
    }

    /// One of the documented words, or its default.
    pub fn choice(
        &mut self,
        name: &str,
        words: &[&'static str],
        default: &'static str,
    ) -> Result<&'static str, Failure> {
        match self.text(name)? {
            None => Ok(default),
            Some(text) => words
                .iter()
                .find(|word| **word == text)
                .copied()
                .ok_or_else(|| {
                    Failure::input(
                        name,
                        "literal_error",
                        format!("Input should be {}", words.join(", ")),
                    )
                }),
        }
    }

    /// The texts of a list; none is an empty list.
    pub fn texts(&mut self, name: &str) -> Result<Vec<String>, Failure> {
        let wrong = || Failure::input(name, "list_type", "Input should be a list of strings");
        match self.take(name) {
            None => Ok(Vec::new()),
            Some(Value::Array(items)) => items
                .iter()
                .map(|item| item.as_str().map(str::to_owned).ok_or_else(wrong))
                .collect(),
            Some(_) => Err(wrong()),
        }
    }

    /// The items of a list whose inside is of no importance here.
    pub fn items(&mut self, name: &str) -> Result<usize, Failure> {
        match self.take(name) {
            None => Ok(0),
            Some(Value::Array(items)) => Ok(items.len()),
            Some(_) => Err(Failure::input(
                name,
                "list_type",
                "Input should be a valid list",
            )),
        }
    }

    /// Refuses what was not read.
    pub fn finish(self) -> Result<(), Failure> {
        match self.left.iter().find(|(_, value)| !value.is_null()) {
            None => Ok(()),
            Some((name, _)) => Err(Failure::input(
                name,
                "extra_forbidden",
                "Extra inputs are not permitted",
            )),
        }
    }
}

/// 422 for a field that has to be there.
pub fn missing(name: &str) -> Failure {
    Failure::input(name, "missing", "Field required")
}
