//! Reading single fields of a raw message: absent, null and oddly typed are all the same.

use rei_domain::ids::MessageId;
use rei_domain::spec::{
    CLIP_BYTES_MAX, Clip, INPUT_BYTES_MAX, Input, Media, Source, Still, StillKind,
};
use serde_json::Value;

const PICTURE_TYPES: [&str; 4] = ["image/png", "image/jpeg", "image/jpg", "image/webp"];
const PICTURE_EXTENSIONS: [&str; 4] = ["png", "jpg", "jpeg", "webp"];
const CLIP_TYPES: [&str; 2] = ["video/mp4", "video/quicktime"];
const CLIP_EXTENSIONS: [&str; 2] = ["mp4", "mov"];

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
        .or_else(|| Some(document(message, object(message, "document")?)))
}

/// A picture or a clip sent as a file. Of such a clip nothing is known until it is looked into.
fn document(message: &Value, document: &Value) -> Shown {
    let shown = match () {
        () if has(message, "animation") => None,
        () if is_kind(document, &PICTURE_TYPES, &PICTURE_EXTENSIONS) => file(document),
        () if is_kind(document, &CLIP_TYPES, &CLIP_EXTENSIONS) => clip(document),
        () => None,
    };
    shown.unwrap_or(Shown::OtherFile)
}

/// A video as its sender tells it, in whole seconds. Whoever fetches it measures again.
fn clip(video: &Value) -> Option<Shown> {
    let file_id = video.get("file_id")?.as_str()?;
    let bytes = video.get("file_size").and_then(Value::as_u64);
    if bytes.is_some_and(|bytes| bytes > CLIP_BYTES_MAX) {
        return Some(Shown::ClipTooLarge);
    }
    let told = |field| u32::try_from(number(video, field)).unwrap_or(u32::MAX);
    let clip = Clip {
        millis: told("duration").saturating_mul(1_000),
        width: told("width"),
        height: told("height"),
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
    let area = |size: &Value| number(size, "width").saturating_mul(number(size, "height"));
    let largest = sizes
        .iter()
        .filter_map(|size| Some((area(size), size, file(size)?)))
        .max_by_key(|(area, _, _)| *area);
    largest.map(|(_, size, shown)| match shown {
        Shown::Input(input) => Shown::Input(Input {
            media: Media::Picture(still(size)),
            ..input
        }),
        Shown::TooLarge | Shown::ClipTooLarge | Shown::OtherFile => shown,
    })
}

/// A photo is a JPEG of Telegram's own making, so what it tells of it holds.
fn still(size: &Value) -> Option<Still> {
    let side = |name| {
        u32::try_from(number(size, name))
            .ok()
            .filter(|side| *side > 0)
    };
    Some(Still {
        kind: StillKind::Jpeg,
        width: side("width")?,
        height: side("height")?,
    })
}

fn number(of: &Value, field: &str) -> u64 {
    of.get(field).and_then(Value::as_u64).unwrap_or(0)
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
fn is_kind(document: &Value, types: &[&str], extensions: &[&str]) -> bool {
    let text = |name| {
        let text = document.get(name).and_then(Value::as_str);
        text.map(str::to_ascii_lowercase).unwrap_or_default()
    };
    match text("mime_type").as_str() {
        "application/octet-stream" | "" => text("file_name")
            .rsplit_once('.')
            .is_some_and(|(_, extension)| extensions.contains(&extension)),
        told => types.contains(&told),
    }
}
