//! What a person sends besides words.

use std::time::Duration;

use bytes::Bytes;

use super::{Draft, Player, send};
use crate::telegram::entities::FormattedText;
use crate::telegram::media::{MediaKind, Picture, Upload};
use crate::video::{Probed, probe};

/// A yellow pixel as a lossless WebP, for stickers nobody looks at.
const STICKER: &[u8] =
    b"RIFF\x1c\0\0\0WEBPVP8L\x10\0\0\0/\0\0\0\0\x07P\xe4\xfeG\xff\x03\x11\xd1\xff\0";

/// The first bytes of an Ogg file, for voices nobody listens to.
const VOICE: &[u8] = b"OggS";

impl Player {
    /// Sends a picture and gives the message's id. Bytes no client could show as a picture go
    /// as a document.
    pub fn photo(&self, bytes: impl Into<Bytes>, caption: Option<&str>) -> i64 {
        let (kind, upload) = shown(bytes.into());
        self.send_file(kind, upload, caption)
    }

    /// Sends pictures as one album, the caption at the first, and gives their ids. The bot
    /// gets an update for each.
    pub fn album(&self, pictures: Vec<Vec<u8>>, caption: Option<&str>) -> Vec<i64> {
        self.pictures(
            pictures.into_iter().map(Bytes::from).collect(),
            caption,
            None,
        )
    }

    /// Sends one picture or clip or an album, in answer to a message or not, and gives the ids.
    pub fn pictures(
        &self,
        pictures: Vec<Bytes>,
        caption: Option<&str>,
        reply_to: Option<i64>,
    ) -> Vec<i64> {
        self.send_files(pictures.into_iter().map(shown).collect(), caption, reply_to)
    }

    /// Sends a file as a file and gives the message's id.
    pub fn document(
        &self,
        bytes: impl Into<Bytes>,
        file_name: &str,
        mime_type: &str,
        caption: Option<&str>,
    ) -> i64 {
        let upload = Upload {
            bytes: bytes.into(),
            file_name: Some(file_name.to_owned()),
            mime_type: Some(mime_type.to_owned()),
            ..Upload::default()
        };
        self.send_file(MediaKind::Document, upload, caption)
    }

    /// Sends files as files, in answer to a message or not, and gives the ids.
    pub(crate) fn documents(
        &self,
        uploads: Vec<Upload>,
        caption: Option<&str>,
        reply_to: Option<i64>,
    ) -> Vec<i64> {
        let file = |upload| (MediaKind::Document, upload);
        self.send_files(uploads.into_iter().map(file).collect(), caption, reply_to)
    }

    /// Sends a video and gives the message's id. What is no clip is said to be one of three
    /// seconds.
    pub fn video(&self, bytes: impl Into<Bytes>, caption: Option<&str>) -> i64 {
        let bytes = bytes.into();
        let clip = probe(&bytes).unwrap_or(Probed {
            width: 1_280,
            height: 720,
            length: Duration::from_secs(3),
            fps: 24.0,
            has_sound: false,
        });
        self.send_file(MediaKind::Video, video(bytes, &clip), caption)
    }

    /// Sends a sticker and gives the message's id.
    pub fn sticker(&self) -> i64 {
        let bytes = Bytes::from_static(STICKER);
        let upload = Upload {
            bytes,
            width: 512,
            height: 512,
            ..Upload::default()
        };
        self.send_file(MediaKind::Sticker, upload, None)
    }

    /// Sends a voice message and gives its id.
    pub fn voice(&self) -> i64 {
        let bytes = Bytes::from_static(VOICE);
        let upload = Upload {
            bytes,
            duration_secs: 3,
            ..Upload::default()
        };
        self.send_file(MediaKind::Voice, upload, None)
    }

    fn send_file(&self, kind: MediaKind, upload: Upload, caption: Option<&str>) -> i64 {
        let ids = self.send_files(vec![(kind, upload)], caption, None);
        ids.into_iter().next().expect("each file gives a message")
    }

    fn send_files(
        &self,
        files: Vec<(MediaKind, Upload)>,
        mut caption: Option<&str>,
        reply_to: Option<i64>,
    ) -> Vec<i64> {
        self.shared.update(|state| {
            let album = (files.len() > 1).then(|| state.fresh_id());
            let mut ids = Vec::new();
            for (kind, upload) in files {
                let media = Some(state.files.keep(kind, upload));
                let words = FormattedText::typed(caption.take().unwrap_or_default());
                let draft = Draft {
                    words,
                    media,
                    album: album.clone(),
                    reply_to,
                };
                ids.push(send(state, self.id, draft));
            }
            ids
        })
    }
}

/// A file as a client shows it.
fn shown(bytes: Bytes) -> (MediaKind, Upload) {
    if let Ok(clip) = probe(&bytes) {
        return (MediaKind::Video, video(bytes, &clip));
    }
    let kind = match Picture::read(&bytes) {
        Some(_) => MediaKind::Photo,
        None => MediaKind::Document,
    };
    let upload = Upload {
        bytes,
        ..Upload::default()
    };
    (kind, upload)
}

fn video(bytes: Bytes, clip: &Probed) -> Upload {
    Upload {
        bytes,
        file_name: Some("video.mp4".to_owned()),
        width: clip.width,
        height: clip.height,
        // Whole seconds, rounded as Telegram does.
        duration_secs: clip.length.as_secs_f64().round() as u32,
        ..Upload::default()
    }
}
