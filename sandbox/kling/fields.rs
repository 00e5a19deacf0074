//! A JSON object read field by field, so that what is left over is known to be unknown.

use serde_json::{Map, Value};

use super::refusal::Refusal;

/// The fields of one object that were not read yet. `null` counts as absent.
pub struct Fields {
    path: String,
    left: Map<String, Value>,
}

impl Fields {
    /// The fields of a value that must be an object; `path` names it in refusals, empty for the
    /// body.
    pub fn of(value: Value, path: &str) -> Result<Fields, Refusal> {
        match value {
            Value::Object(left) => Ok(Fields {
                path: path.to_owned(),
                left,
            }),
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::String(_)
            | Value::Array(_) => Err(Refusal::parameter(format!(
                "{} must be an object",
                if path.is_empty() { "the body" } else { path }
            ))),
        }
    }

    /// The name of a field in refusals.
    pub fn name(&self, name: &str) -> String {
        match self.path.as_str() {
            "" => name.to_owned(),
            path => format!("{path}.{name}"),
        }
    }

    fn take(&mut self, name: &str) -> Option<Value> {
        self.left.remove(name).filter(|value| !value.is_null())
    }

    fn wrong(&self, name: &str, kind: &str) -> Refusal {
        Refusal::parameter(format!("{} must be {kind}", self.name(name)))
    }

    /// A refusal of a field that has to be there.
    pub fn missing(&self, name: &str) -> Refusal {
        Refusal::parameter(format!("{} is required", self.name(name)))
    }

    pub fn text(&mut self, name: &str) -> Result<Option<String>, Refusal> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(self.wrong(name, "a string")),
        }
    }

    pub fn flag(&mut self, name: &str) -> Result<Option<bool>, Refusal> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(flag)),
            Some(_) => Err(self.wrong(name, "a boolean")),
        }
    }

    /// A whole number of at most 32 bits.
    pub fn whole(&mut self, name: &str) -> Result<Option<u32>, Refusal> {
        match self.take(name) {
            None => Ok(None),
            Some(value) => match value.as_u64().map(u32::try_from) {
                Some(Ok(whole)) => Ok(Some(whole)),
                Some(Err(_)) | None => Err(self.wrong(name, "a whole number")),
            },
        }
    }

    /// A number between two ends, if it is there.
    pub fn number(&mut self, name: &str, least: f64, most: f64) -> Result<Option<f64>, Refusal> {
        let Some(value) = self.take(name) else {
            return Ok(None);
        };
        let number = value.as_f64().ok_or_else(|| self.wrong(name, "a number"))?;
        if !(least..=most).contains(&number) {
            let words = format!("{} must be from {least} to {most}", self.name(name));
            return Err(Refusal::value(words));
        }
        Ok(Some(number))
    }

    /// Whatever is there.
    pub fn any(&mut self, name: &str) -> Option<Value> {
        self.take(name)
    }

    /// A moment in milliseconds, as a number or as digits.
    pub fn millis(&mut self, name: &str) -> Result<Option<u64>, Refusal> {
        match self.take(name) {
            None => Ok(None),
            Some(value) => value
                .as_u64()
                .or_else(|| value.as_str()?.parse().ok())
                .map(Some)
                .ok_or_else(|| self.wrong(name, "a Unix time in milliseconds")),
        }
    }

    /// One of the documented words.
    pub fn choice<T: Copy>(
        &mut self,
        name: &str,
        words: &[(&str, T)],
    ) -> Result<Option<T>, Refusal> {
        let Some(text) = self.text(name)? else {
            return Ok(None);
        };
        match words.iter().find(|(word, _)| *word == text) {
            Some((_, choice)) => Ok(Some(*choice)),
            None => {
                let words: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
                Err(Refusal::value(format!(
                    "{} must be one of {}",
                    self.name(name),
                    words.join(", ")
                )))
            }
        }
    }

    pub fn object(&mut self, name: &str) -> Result<Option<Fields>, Refusal> {
        let path = self.name(name);
        self.take(name)
            .map(|value| Fields::of(value, &path))
            .transpose()
    }

    /// The objects of a list; none is an empty list.
    pub fn objects(&mut self, name: &str) -> Result<Vec<Fields>, Refusal> {
        match self.take(name) {
            None => Ok(Vec::new()),
            Some(Value::Array(items)) => {
                let path = self.name(name);
                let item = |(at, item)| Fields::of(item, &format!("{path}[{at}]"));
                items.into_iter().enumerate().map(item).collect()
            }
            Some(_) => Err(self.wrong(name, "a list")),
        }
    }

    /// The texts of a list; none is an empty list.
    pub fn texts(&mut self, name: &str) -> Result<Vec<String>, Refusal> {
        let Some(value) = self.take(name) else {
            return Ok(Vec::new());
        };
        let texts = value.as_array().and_then(|items| {
            let text = |item: &Value| item.as_str().map(str::to_owned);
            items.iter().map(text).collect::<Option<Vec<String>>>()
        });
        texts.ok_or_else(|| self.wrong(name, "a list of strings"))
    }

    /// Refuses what was not read.
    pub fn finish(self) -> Result<(), Refusal> {
        match self.left.iter().find(|(_, value)| !value.is_null()) {
            None => Ok(()),
            Some((name, _)) => Err(Refusal::parameter(format!(
                "{} is not a parameter of this call",
                self.name(name)
            ))),
        }
    }
}
