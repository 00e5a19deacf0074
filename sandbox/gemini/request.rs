//! Reading a `generateContent` body as strictly as the real API does.
//!
//! Names are accepted in camel and in snake case, and base64 in both alphabets, since Google's own SDK
//! sends the URL-safe one. Unknown names, values a model does not have, and pictures that cannot be
//! opened are refused. `fileData` is refused too: the emulator downloads nothing.

use super::failure::Failure;
use super::models::{Model, Ratio, SQUARE, Size};
use super::shape;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use image::{DynamicImage, ImageFormat, ImageReader, Limits};
use serde::Deserialize;
use serde_json::Value;
use std::io::Cursor;

/// The most pictures a request may carry.
pub const IMAGES_MAX: usize = 14;

/// The longest side of an input picture, in pixels; beyond it the picture counts as unreadable.
const INPUT_SIDE_MAX: u32 = 16_384;

/// The memory one input picture may take when opened, in bytes.
const INPUT_MEMORY_MAX: u64 = 256 * 1024 * 1024;

/// A request that is in order.
#[derive(Debug)]
pub struct Request {
    /// The text parts of the user's turns, one a line.
    pub prompt: String,
    /// The input pictures in their order.
    pub images: Vec<Input>,
    /// The ratio asked for, or the one to follow.
    pub ratio: Ratio,
    /// The size asked for, `1K` by default.
    pub size: Size,
    /// Whether the caller wants words beside the picture.
    pub modalities: Modalities,
    /// The caller's own seed.
    pub seed: Option<i64>,
}

/// What the answer may consist of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Modalities {
    TextAndImage,
    ImageOnly,
}

/// An input picture.
#[derive(Debug)]
pub enum Input {
    /// Opened, in the format its bytes say.
    Opened(DynamicImage, ImageFormat),
    /// HEIC or HEIF, which the real API reads and the emulator takes on trust.
    Heic,
}

const CATEGORIES: &[&str] = &[
    "HARM_CATEGORY_HARASSMENT",
    "HARM_CATEGORY_HATE_SPEECH",
    "HARM_CATEGORY_SEXUALLY_EXPLICIT",
    "HARM_CATEGORY_DANGEROUS_CONTENT",
    "HARM_CATEGORY_CIVIC_INTEGRITY",
];
const THRESHOLDS: &[&str] = &[
    "BLOCK_LOW_AND_ABOVE",
    "BLOCK_MEDIUM_AND_ABOVE",
    "BLOCK_ONLY_HIGH",
    "BLOCK_NONE",
    "OFF",
];
const TIERS: &[&str] = &["standard", "flex", "priority"];

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Body {
    #[serde(default)]
    contents: Vec<Content>,
    #[serde(default)]
    generation_config: GenerationConfig,
    #[serde(default)]
    safety_settings: Vec<SafetySetting>,
    service_tier: Option<String>,
}

#[derive(Deserialize)]
struct Content {
    role: Option<String>,
    #[serde(default)]
    parts: Vec<Part>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Part {
    text: Option<String>,
    inline_data: Option<Blob>,
    file_data: Option<Value>,
    thought_signature: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Blob {
    #[serde(default)]
    mime_type: String,
    #[serde(default)]
    data: String,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct GenerationConfig {
    response_modalities: Vec<String>,
    image_config: ImageConfig,
    candidate_count: Option<i64>,
    seed: Option<i64>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct ImageConfig {
    aspect_ratio: Option<String>,
    image_size: Option<String>,
}

#[derive(Deserialize)]
struct SafetySetting {
    category: String,
    threshold: String,
}

/// Reads a body for this model. Opening the pictures takes CPU time: call it off the event loop.
pub fn parse(model: &Model, bytes: &[u8]) -> Result<Request, Failure> {
    let value: Value = serde_json::from_slice(bytes)
        .map_err(|_| Failure::invalid("Invalid JSON payload received. Parse error."))?;
    let value = shape::checked(value)?;
    let body: Body = serde_json::from_value(value)
        .map_err(|error| Failure::invalid(format!("Invalid JSON payload received. {error}")))?;
    check_enums(&body)?;
    let modalities = modalities(&body.generation_config.response_modalities)?;
    let (prompt, images) = read_contents(&body.contents)?;
    let config = &body.generation_config.image_config;
    let ratio = match &config.aspect_ratio {
        Some(word) => model.ratio(word).ok_or_else(|| {
            Failure::field(
                "generation_config.image_config.aspect_ratio",
                format!("aspect_ratio must be one of {:?}.", words(model)),
            )
        })?,
        None => followed(model, &images),
    };
    let size = match &config.image_size {
        Some(word) => model.size(word).ok_or_else(|| {
            let have: Vec<_> = model.sizes.iter().map(|size| size.word()).collect();
            Failure::field(
                "generation_config.image_config.image_size",
                format!("image_size must be one of {have:?}."),
            )
        })?,
        None => Size::One,
    };
    Ok(Request {
        prompt,
        images,
        ratio,
        size,
        modalities,
        seed: body.generation_config.seed,
    })
}

fn check_enums(body: &Body) -> Result<(), Failure> {
    for (index, setting) in body.safety_settings.iter().enumerate() {
        if !CATEGORIES.contains(&setting.category.as_str()) {
            let field = format!("safety_settings[{index}].category");
            return Err(invalid_value(&field, &setting.category));
        }
        if !THRESHOLDS.contains(&setting.threshold.as_str()) {
            let field = format!("safety_settings[{index}].threshold");
            return Err(invalid_value(&field, &setting.threshold));
        }
    }
    if let Some(tier) = &body.service_tier
        && !TIERS.contains(&tier.as_str())
    {
        return Err(invalid_value("service_tier", tier));
    }
    if body.generation_config.candidate_count.unwrap_or(1) != 1 {
        return Err(Failure::field(
            "generation_config.candidate_count",
            "Multiple candidates is not enabled for this model.",
        ));
    }
    Ok(())
}

fn invalid_value(field: &str, value: &str) -> Failure {
    Failure::field(field, format!("Invalid value at '{field}': \"{value}\"."))
}

/// Without modalities an image model answers with both.
fn modalities(words: &[String]) -> Result<Modalities, Failure> {
    let field = "generation_config.response_modalities";
    if let Some(unknown) = words
        .iter()
        .find(|word| *word != "TEXT" && *word != "IMAGE")
    {
        return Err(invalid_value(field, unknown));
    }
    let has = |wanted: &str| words.iter().any(|word| word == wanted);
    match (
        words.is_empty() || has("IMAGE"),
        words.is_empty() || has("TEXT"),
    ) {
        (true, true) => Ok(Modalities::TextAndImage),
        (true, false) => Ok(Modalities::ImageOnly),
        (false, _) => Err(Failure::field(
            field,
            "The requested combination of response modalities (TEXT) is not supported by the model.",
        )),
    }
}

fn read_contents(contents: &[Content]) -> Result<(String, Vec<Input>), Failure> {
    if contents.is_empty() {
        return Err(Failure::field("contents", "contents is not specified"));
    }
    let count = contents
        .iter()
        .flat_map(|content| &content.parts)
        .filter(|part| part.inline_data.is_some() || part.file_data.is_some())
        .count();
    if count > IMAGES_MAX {
        return Err(Failure::field(
            "contents",
            format!("The request has {count} images; at most {IMAGES_MAX} are allowed."),
        ));
    }
    let mut texts = Vec::new();
    let mut images = Vec::new();
    for (content_index, content) in contents.iter().enumerate() {
        let from_model = match content.role.as_deref() {
            None | Some("user") => false,
            Some("model") => true,
            Some(_) => {
                return Err(Failure::invalid("Please use a valid role: user, model."));
            }
        };
        if content.parts.is_empty() {
            let field = format!("contents[{content_index}].parts");
            return Err(Failure::field(&field, "contents.parts must not be empty."));
        }
        for (part_index, part) in content.parts.iter().enumerate() {
            match (&part.text, &part.inline_data, &part.file_data) {
                (Some(text), None, None) => {
                    if !from_model && !text.trim().is_empty() {
                        texts.push(text.trim());
                    }
                }
                (None, Some(_), None) if from_model && part.thought_signature.is_none() => {
                    return Err(Failure::invalid(format!(
                        "Image part is missing a thought_signature in content position \
                         {content_index}, part position {part_index}"
                    )));
                }
                (None, Some(blob), None) => images.push(open(blob)?),
                (None, None, Some(_)) => {
                    return Err(Failure::invalid(
                        "Cannot fetch content from the provided URL.",
                    ));
                }
                (None, None, None) | (Some(_), _, _) | (None, Some(_), Some(_)) => {
                    let field = format!("contents[{content_index}].parts[{part_index}].data");
                    return Err(Failure::field(
                        &field,
                        "required oneof field 'data' must have one initialized field",
                    ));
                }
            }
        }
    }
    if texts.is_empty() {
        return Err(Failure::field(
            "contents",
            "Unable to submit request because it must have a text parameter.",
        ));
    }
    Ok((texts.join("\n"), images))
}

fn open(blob: &Blob) -> Result<Input, Failure> {
    let bytes = STANDARD
        .decode(&blob.data)
        .or_else(|_| URL_SAFE.decode(&blob.data))
        .map_err(|_| {
            Failure::field(
                "contents.parts.inline_data.data",
                "Invalid value at 'contents.parts.inline_data.data' (TYPE_BYTES), Base64 decoding failed.",
            )
        })?;
    let declared = match blob.mime_type.as_str() {
        "image/png" | "image/jpeg" | "image/webp" => blob.mime_type.as_str(),
        "image/heic" | "image/heif" => {
            let is_heic = bytes.get(4..8) == Some(b"ftyp".as_slice());
            return if is_heic {
                Ok(Input::Heic)
            } else {
                Err(unreadable())
            };
        }
        other => {
            return Err(Failure::invalid(format!("Unsupported MIME type: {other}")));
        }
    };
    let mut reader = ImageReader::new(Cursor::new(&bytes))
        .with_guessed_format()
        .map_err(|_| unreadable())?;
    let format = reader.format().ok_or_else(unreadable)?;
    if format.to_mime_type() != declared {
        return Err(unreadable());
    }
    let mut limits = Limits::default();
    limits.max_image_width = Some(INPUT_SIDE_MAX);
    limits.max_image_height = Some(INPUT_SIDE_MAX);
    limits.max_alloc = Some(INPUT_MEMORY_MAX);
    reader.limits(limits);
    let picture = reader.decode().map_err(|_| unreadable())?;
    Ok(Input::Opened(picture, format))
}

fn unreadable() -> Failure {
    Failure::invalid("Unable to process input image. Please retry with a valid image.")
}

/// Edits follow the first picture that can be measured; everything else is square.
fn followed(model: &Model, images: &[Input]) -> Ratio {
    images
        .iter()
        .find_map(|image| match image {
            Input::Opened(picture, _) => {
                Some(model.nearest_ratio(picture.width(), picture.height()))
            }
            Input::Heic => None,
        })
        .unwrap_or(SQUARE)
}

fn words(model: &Model) -> Vec<&'static str> {
    model.ratios.iter().map(|ratio| ratio.word).collect()
}
