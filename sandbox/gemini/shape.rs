//! Which names a `generateContent` body may have, and the refusal of every other.
//!
//! Types and values are `request`'s business; this looks at names alone.

use super::failure::Failure;
use serde_json::Value;

/// The fields each object may have; a nested object names its own list.
struct Shape {
    fields: &'static [(&'static str, Option<&'static Shape>)],
}

const BLOB: Shape = Shape {
    fields: &[("mimeType", None), ("data", None), ("displayName", None)],
};
const FILE: Shape = Shape {
    fields: &[("mimeType", None), ("fileUri", None), ("displayName", None)],
};
const PART: Shape = Shape {
    fields: &[
        ("text", None),
        ("inlineData", Some(&BLOB)),
        ("fileData", Some(&FILE)),
        ("thought", None),
        ("thoughtSignature", None),
    ],
};
const CONTENT: Shape = Shape {
    fields: &[("role", None), ("parts", Some(&PART))],
};
const IMAGE_CONFIG: Shape = Shape {
    fields: &[("aspectRatio", None), ("imageSize", None)],
};
const GENERATION_CONFIG: Shape = Shape {
    fields: &[
        ("responseModalities", None),
        ("imageConfig", Some(&IMAGE_CONFIG)),
        ("candidateCount", None),
        ("seed", None),
        ("temperature", None),
        ("topP", None),
        ("topK", None),
        ("maxOutputTokens", None),
        ("stopSequences", None),
    ],
};
const SAFETY: Shape = Shape {
    fields: &[("category", None), ("threshold", None)],
};
const BODY: Shape = Shape {
    fields: &[
        ("contents", Some(&CONTENT)),
        ("systemInstruction", Some(&CONTENT)),
        ("generationConfig", Some(&GENERATION_CONFIG)),
        ("safetySettings", Some(&SAFETY)),
        ("serviceTier", None),
    ],
};

/// The same body with every known name in camel case, or the first unknown name as a failure.
pub fn checked(body: Value) -> Result<Value, Failure> {
    walked(body, &BODY, "")
}

fn walked(value: Value, shape: &Shape, path: &str) -> Result<Value, Failure> {
    match value {
        Value::Array(items) => {
            let mut items_out = Vec::with_capacity(items.len());
            for (index, item) in items.into_iter().enumerate() {
                items_out.push(walked(item, shape, &format!("{path}[{index}]"))?);
            }
            Ok(Value::Array(items_out))
        }
        Value::Object(entries) => {
            let mut entries_out = serde_json::Map::new();
            for (name, inner) in entries {
                let field = shape
                    .fields
                    .iter()
                    .find(|(known, _)| *known == name || snake(known) == name);
                let Some((known, nested)) = field else {
                    return Err(unknown_name(&name, path));
                };
                let inner = match nested {
                    Some(nested) => walked(inner, nested, &join(path, &snake(known)))?,
                    None => inner,
                };
                entries_out.insert((*known).to_owned(), inner);
            }
            Ok(Value::Object(entries_out))
        }
        other => Ok(other),
    }
}

fn unknown_name(name: &str, path: &str) -> Failure {
    let place = match path {
        "" => String::new(),
        path => format!(" at '{path}'"),
    };
    Failure::field(
        path,
        format!(
            "Invalid JSON payload received. Unknown name \"{name}\"{place}: Cannot find field."
        ),
    )
}

fn join(path: &str, name: &str) -> String {
    match path {
        "" => name.to_owned(),
        path => format!("{path}.{name}"),
    }
}

fn snake(camel: &str) -> String {
    let mut snake = String::with_capacity(camel.len() + 2);
    for letter in camel.chars() {
        if letter.is_ascii_uppercase() {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
    }
    snake
}
