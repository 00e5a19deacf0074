//! Which type a file has, and which extension its path gets.

use super::{Media, MediaKind, Picture, Upload};

/// The type of a file: what its bytes are, what its sender says, what its name says.
pub fn mime_type(kind: MediaKind, upload: &Upload, picture: Option<Picture>) -> String {
    let fixed = match kind {
        MediaKind::Voice => Some("audio/ogg"),
        MediaKind::Sticker => Some("image/webp"),
        MediaKind::Photo | MediaKind::Document | MediaKind::Video | MediaKind::Animation => None,
    };
    let of_picture = picture.map(|picture| picture.format.to_mime_type());
    let given = upload
        .mime_type
        .as_deref()
        .filter(|given| *given != "application/octet-stream");
    let by_name = upload.file_name.as_deref().and_then(mime_by_name);
    let default = match kind {
        MediaKind::Video | MediaKind::Animation => "video/mp4",
        MediaKind::Photo | MediaKind::Document | MediaKind::Sticker | MediaKind::Voice => {
            "application/octet-stream"
        }
    };
    fixed
        .or(of_picture)
        .or(given)
        .or(by_name)
        .unwrap_or(default)
        .to_owned()
}

fn mime_by_name(name: &str) -> Option<&'static str> {
    let (_, extension) = name.rsplit_once('.')?;
    TYPES
        .iter()
        .find(|(known, _)| extension.eq_ignore_ascii_case(known))
        .map(|(_, mime)| *mime)
}

/// The extension of a download path.
pub fn extension(media: &Media) -> &str {
    let by_name = media
        .file_name
        .as_deref()
        .and_then(|name| name.rsplit_once('.'));
    let by_name = by_name.map(|(_, extension)| extension).filter(|extension| {
        let plain = extension
            .chars()
            .all(|character| character.is_ascii_alphanumeric());
        plain && (1..=8).contains(&extension.len())
    });
    let by_mime = TYPES.iter().find(|(_, mime)| *mime == media.mime_type);
    by_name
        .or(by_mime.map(|(extension, _)| *extension))
        .unwrap_or("bin")
}

/// Extensions and types of what passes through a bot like ours.
const TYPES: [(&str, &str); 12] = [
    ("jpg", "image/jpeg"),
    ("jpeg", "image/jpeg"),
    ("png", "image/png"),
    ("webp", "image/webp"),
    ("gif", "image/gif"),
    ("heic", "image/heic"),
    ("mp4", "video/mp4"),
    ("mov", "video/quicktime"),
    ("ogg", "audio/ogg"),
    ("pdf", "application/pdf"),
    ("txt", "text/plain"),
    ("zip", "application/zip"),
];
