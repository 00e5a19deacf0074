//! Reading single fields of a raw message: absent, null and oddly typed are all the same.

use rei_domain::ids::MessageId;
use rei_domain::spec::{CLIP_BYTES_MAX, Clip, INPUT_BYTES_MAX, Input, Media, Source};
use serde_json::Value;

/// What a message shows that could be a picture or a clip.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shown {
    Input(Input),
    /// A picture above [`INPUT_BYTES_MAX`].
    TooLarge,
    /// A clip above [`CLIP_BYTES_MAX`].
    ClipTooLarge,
    /// A document of another kind.
    OtherFile,
}

/// The number of a message in its chat.
pub fn message_id(message: &Value) -> Option<MessageId> {
    message
        .get("message_id")
        .and_then(Value::as_i64)
        .map(MessageId)
}

/// A text that is there and not blank, without NUL characters: Telegram sends none, but one
/// that came would be refused by PostgreSQL on every try.
pub fn words(message: &Value, field: &str) -> Option<String> {
    let text = message.get(field)?.as_str()?.replace('\0', "");
    (!text.trim().is_empty()).then_some(text)
}

/// A field that is an object.
pub fn object<'a>(of: &'a Value, field: &str) -> Option<&'a Value> {
    of.get(field).filter(|value| value.is_object())
}

/// Whether a field holds anything.
pub fn has(message: &Value, field: &str) -> bool {
    message.get(field).is_some_and(|value| !value.is_null())
}

/// The picture or the clip of a message, sent as a photo, as a video or, a picture, as a file.
/// An animation also has a document and is neither.
pub fn shown(message: &Value) -> Option<Shown> {
    photo(message)
        .or_else(|| clip(object(message, "video")?))
        .or_else(|| {
            let document = object(message, "document")?;
            let moving = has(message, "animation");
            Some(match file(document) {
                Some(shown) if !moving && is_picture(document) => shown,
                Some(_) | None => Shown::OtherFile,
            })
        })
}

/// A video as Telegram tells it: whole seconds. Whoever fetches it measures again.
fn clip(video: &Value) -> Option<Shown> {
    let file_id = video.get("file_id")?.as_str()?;
    let bytes = video.get("file_size").and_then(Value::as_u64);
    if bytes.is_some_and(|bytes| bytes > CLIP_BYTES_MAX) {
        return Some(Shown::ClipTooLarge);
    }
    let number = |field| {
        let number = video.get(field).and_then(Value::as_u64).unwrap_or(0);
        u32::try_from(number).unwrap_or(u32::MAX)
    };
    let clip = Clip {
        millis: number("duration").saturating_mul(1_000),
        width: number("width"),
        height: number("height"),
    };
    Some(Shown::Input(Input {
        source: Source::Telegram {
            file_id: file_id.to_owned(),
            bytes,
        },
        media: Media::Clip(clip),
    }))
}

/// The largest of the sizes of a photo, by area.
fn photo(message: &Value) -> Option<Shown> {
    let sizes = message.get("photo")?.as_array()?;
    let area = |size: &Value| {
        let side = |name| size.get(name).and_then(Value::as_u64).unwrap_or(0);
        side("width").saturating_mul(side("height"))
    };
    sizes
        .iter()
        .filter_map(|size| Some((area(size), file(size)?)))
        .max_by_key(|(area, _)| *area)
        .map(|(_, shown)| shown)
}

fn file(of: &Value) -> Option<Shown> {
    let file_id = of.get("file_id")?.as_str()?;
    let bytes = of.get("file_size").and_then(Value::as_u64);
    if bytes.is_some_and(|bytes| bytes > INPUT_BYTES_MAX) {
        return Some(Shown::TooLarge);
    }
    Some(Shown::Input(Input::sent_picture(file_id, bytes)))
}

/// The media type decides; the file's name does when the type is absent or says nothing.
fn is_picture(document: &Value) -> bool {
    let text = |name| {
        document
            .get(name)
            .and_then(Value::as_str)
            .map(str::to_ascii_lowercase)
    };
    match text("mime_type").as_deref() {
        Some("image/png" | "image/jpeg" | "image/jpg" | "image/webp") => true,
        None | Some("application/octet-stream" | "") => {
            let name = text("file_name").unwrap_or_default();
            let extension = name.rsplit_once('.').map(|(_, extension)| extension);
            matches!(extension, Some("png" | "jpg" | "jpeg" | "webp"))
        }
        Some(_) => false,
    }
}
