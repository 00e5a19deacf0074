//! How values of the domain stand in rows.
//!
//! Promises that what is written reads back equal, and that a row nobody here wrote gives an
//! error that names the column and never its content. The domain and its types stay without
//! serde; this file is the one place that knows the JSON of a column.

use std::borrow::Cow;

use rei_actors::ports::StoreError;
use rei_actors::ports::assets::MediaKind;
use rei_actors::ports::outbox::OutboxBody;
use rei_actors::ports::users::Reachable;
use rei_domain::ids::{AssetId, ModelId};
use rei_domain::spec::{
    Aspect, Clip, ClipUse, ImageLook, ImageModel, Input, Media, Output, Quality, Size, Sound,
    Source, Spec, Still, StillKind, VideoLook,
};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// [`Input`] as it stands in the column `inputs` of drafts and jobs.
#[derive(Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum InputJson {
    Telegram {
        file_id: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        bytes: Option<u64>,
        #[serde(flatten)]
        media: MediaJson,
    },
    Asset {
        id: String,
        #[serde(flatten)]
        media: MediaJson,
    },
}

/// [`Media`] in [`InputJson`]: a clip, or a picture that was looked into, or neither for one
/// that was not.
#[derive(Serialize, Deserialize)]
struct MediaJson {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    clip: Option<ClipJson>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    still: Option<StillJson>,
}

/// [`Clip`] in [`MediaJson`].
#[derive(Serialize, Deserialize)]
struct ClipJson {
    millis: u32,
    width: u32,
    height: u32,
}

/// [`Still`] in [`MediaJson`].
#[derive(Serialize, Deserialize)]
struct StillJson {
    kind: String,
    width: u32,
    height: u32,
}

impl MediaJson {
    fn of(media: Media) -> MediaJson {
        let nothing = MediaJson {
            clip: None,
            still: None,
        };
        match media {
            Media::Picture(None) => nothing,
            Media::Picture(Some(Still {
                kind,
                width,
                height,
            })) => MediaJson {
                still: Some(StillJson {
                    kind: kind.as_str().to_owned(),
                    width,
                    height,
                }),
                ..nothing
            },
            Media::Clip(Clip {
                millis,
                width,
                height,
            }) => MediaJson {
                clip: Some(ClipJson {
                    millis,
                    width,
                    height,
                }),
                ..nothing
            },
        }
    }

    fn media(self) -> Result<Media, StoreError> {
        if let Some(clip) = self.clip {
            return Ok(Media::Clip(Clip {
                millis: clip.millis,
                width: clip.width,
                height: clip.height,
            }));
        }
        let still = self.still.map(|still| {
            Ok(Still {
                kind: StillKind::parse(&still.kind).ok_or_else(|| unreadable("inputs"))?,
                width: still.width,
                height: still.height,
            })
        });
        Ok(Media::Picture(still.transpose()?))
    }
}

/// The column `look`: what the columns of the shape and the size do not say. NULL is a picture by
/// the first model.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum LookJson {
    Video(VideoJson),
    Image(ImageJson),
}

/// [`ImageLook`] in [`LookJson`].
#[derive(Serialize, Deserialize)]
struct ImageJson {
    image_model: String,
}

/// [`VideoLook`] in [`LookJson`].
#[derive(Serialize, Deserialize)]
struct VideoJson {
    model: String,
    seconds: u32,
    sound: String,
    clip_use: String,
}

/// The four columns that say how a result is to look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LookColumns {
    pub aspect: &'static str,
    /// The size of a picture, the quality of a video.
    pub size: &'static str,
    pub look: Option<String>,
    pub kind: &'static str,
}

/// Renders the columns `aspect`, `size`, `look` and, for jobs, `kind`.
pub fn render_look(spec: &Spec) -> LookColumns {
    let kind = spec.mode().kind().as_str();
    match &spec.output {
        Output::Image(look) => LookColumns {
            aspect: look.aspect.as_str(),
            size: look.size.as_str(),
            look: (look.model != ImageModel::default()).then(|| {
                let image_model = look.model.as_str().to_owned();
                render_json(&LookJson::Image(ImageJson { image_model }))
            }),
            kind,
        },
        Output::Video(look) => {
            let video = VideoJson {
                model: look.model.as_str().to_owned(),
                seconds: look.seconds,
                sound: look.sound.as_str().to_owned(),
                clip_use: look.clip_use.as_str().to_owned(),
            };
            LookColumns {
                aspect: look.aspect.as_str(),
                size: look.quality.as_str(),
                look: Some(render_json(&LookJson::Video(video))),
                kind,
            }
        }
    }
}

fn render_json(look: &LookJson) -> String {
    serde_json::to_string(look).expect("texts and numbers always render as JSON")
}

fn parse_look(aspect: &str, size: &str, look: Option<&str>) -> Result<Output, StoreError> {
    let aspect = parse_word("aspect", aspect, Aspect::parse)?;
    let look = look.map(serde_json::from_str).transpose();
    let video = match look.map_err(|_| unreadable("look"))? {
        Some(LookJson::Video(video)) => video,
        image => {
            let model = match image {
                Some(LookJson::Image(ImageJson { image_model })) => {
                    parse_word("look", &image_model, ImageModel::parse)?
                }
                Some(LookJson::Video(_)) | None => ImageModel::default(),
            };
            let size = parse_word("size", size, Size::parse)?;
            return Ok(Output::Image(ImageLook {
                model,
                aspect,
                size,
            }));
        }
    };
    Ok(Output::Video(VideoLook {
        model: ModelId::new(video.model),
        seconds: video.seconds,
        quality: parse_word("size", size, Quality::parse)?,
        sound: parse_word("look", &video.sound, Sound::parse)?,
        aspect,
        clip_use: parse_word("look", &video.clip_use, ClipUse::parse)?,
    }))
}

/// Renders the column `inputs`.
pub fn render_inputs(inputs: &[Input]) -> String {
    let inputs: Vec<InputJson> = inputs
        .iter()
        .map(|input| match &input.source {
            Source::Telegram { file_id, bytes } => InputJson::Telegram {
                file_id: file_id.clone(),
                bytes: *bytes,
                media: MediaJson::of(input.media),
            },
            Source::Asset(id) => InputJson::Asset {
                id: id.as_str().to_owned(),
                media: MediaJson::of(input.media),
            },
        })
        .collect();
    serde_json::to_string(&inputs).expect("texts and numbers always render as JSON")
}

/// Parses the column `inputs`.
pub fn parse_inputs(text: &str) -> Result<Vec<Input>, StoreError> {
    let inputs: Vec<InputJson> = serde_json::from_str(text).map_err(|_| unreadable("inputs"))?;
    let inputs = inputs.into_iter().map(|input| {
        Ok(match input {
            InputJson::Telegram {
                file_id,
                bytes,
                media,
            } => Input {
                source: Source::Telegram { file_id, bytes },
                media: media.media()?,
            },
            InputJson::Asset { id, media } => Input {
                source: Source::Asset(AssetId::new(id)),
                media: media.media()?,
            },
        })
    });
    inputs.collect()
}

/// Parses the five columns of a request.
pub fn parse_spec(
    prompt: String,
    aspect: &str,
    size: &str,
    look: Option<&str>,
    inputs: &str,
) -> Result<Spec, StoreError> {
    Ok(Spec {
        prompt,
        output: parse_look(aspect, size, look)?,
        inputs: parse_inputs(inputs)?,
    })
}

/// Renders the column `body` of the outbox.
pub fn render_body(body: &OutboxBody) -> String {
    serde_json::to_string(body).expect("texts always render as JSON")
}

/// Parses the column `body` of the outbox.
pub fn parse_body(text: &str) -> Result<OutboxBody, StoreError> {
    serde_json::from_str(text).map_err(|_| unreadable("body"))
}

/// The job a message tells of, for the outbox's column `job_id`.
pub fn body_job(body: &OutboxBody) -> Option<&str> {
    match body {
        OutboxBody::Text { .. }
        | OutboxBody::Usage { .. }
        | OutboxBody::UsageWarning { .. }
        | OutboxBody::Document { .. }
        | OutboxBody::PayCard { .. }
        | OutboxBody::Credited { .. }
        | OutboxBody::Refund { .. } => None,
        OutboxBody::Progress { job }
        | OutboxBody::Result { job }
        | OutboxBody::File { job, .. } => Some(job),
    }
}

/// Ids as the one value of a statement, which reads them by `json_each` and `value->>'id'`.
pub fn render_ids<'a>(ids: impl Iterator<Item = &'a str>) -> String {
    let ids: Vec<_> = ids.map(|id| json!({ "id": id })).collect();
    json!(ids).to_string()
}

/// The name of a picture's or a clip's kind in rows.
pub fn render_kind(kind: MediaKind) -> &'static str {
    match kind {
        MediaKind::Png => "png",
        MediaKind::Jpeg => "jpeg",
        MediaKind::Webp => "webp",
        MediaKind::Mp4 => "mp4",
    }
}

/// Reads [`render_kind`] back.
pub fn parse_kind(text: &str) -> Option<MediaKind> {
    MediaKind::ALL
        .into_iter()
        .find(|kind| render_kind(*kind) == text)
}

/// The name in rows of whether a user can be reached.
pub fn render_reachable(reachable: Reachable) -> &'static str {
    match reachable {
        Reachable::Yes => "yes",
        Reachable::Blocked => "blocked",
    }
}

/// Reads [`render_reachable`] back.
pub fn parse_reachable(text: &str) -> Option<Reachable> {
    [Reachable::Yes, Reachable::Blocked]
        .into_iter()
        .find(|reachable| render_reachable(*reachable) == text)
}

/// A text from outside without U+0000, which PostgreSQL cannot store in a text and no message
/// means: one such character would otherwise refuse every row written together with it.
pub fn storable(text: &str) -> Cow<'_, str> {
    if text.contains('\0') {
        Cow::Owned(text.replace('\0', ""))
    } else {
        Cow::Borrowed(text)
    }
}

/// Parses a column that holds one of a few words.
pub fn parse_word<T>(
    column: &'static str,
    text: &str,
    parse: impl Fn(&str) -> Option<T>,
) -> Result<T, StoreError> {
    parse(text).ok_or_else(|| unreadable(column))
}

/// Parses a column that holds a count or a size.
pub fn parse_count<T: TryFrom<i64>>(column: &'static str, value: i64) -> Result<T, StoreError> {
    T::try_from(value).map_err(|_| unreadable(column))
}

/// The error of a column that holds what no version of this program wrote.
pub fn unreadable(column: &'static str) -> StoreError {
    StoreError::Broken(format!("the column {column} holds an unknown value"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rei_actors::ports::view::{Button, ButtonAction, Rendered};
    use rei_domain::ids::JobId;

    use super::*;

    fn any_input() -> impl Strategy<Value = Input> {
        let source = prop_oneof![
            ("\\PC{0,40}", proptest::option::of(any::<u64>()))
                .prop_map(|(file_id, bytes)| Source::Telegram { file_id, bytes }),
            "\\PC{0,40}".prop_map(|id| Source::Asset(AssetId::new(id))),
        ];
        let clip = |(millis, width, height)| Clip {
            millis,
            width,
            height,
        };
        let media = prop_oneof![
            Just(Media::Picture(None)),
            (
                prop::sample::select(&StillKind::ALL[..]),
                any::<u32>(),
                any::<u32>()
            )
                .prop_map(|(kind, width, height)| {
                    let still = Still {
                        kind,
                        width,
                        height,
                    };
                    Media::Picture(Some(still))
                }),
            any::<(u32, u32, u32)>().prop_map(move |clip_of| Media::Clip(clip(clip_of))),
        ];
        (source, media).prop_map(|(source, media)| Input { source, media })
    }

    fn any_output() -> impl Strategy<Value = Output> {
        use prop::sample::select;
        let image = (
            select(&ImageModel::ALL[..]),
            select(&Aspect::ALL[..]),
            select(&Size::ALL[..]),
        )
            .prop_map(|(model, aspect, size)| {
                Output::Image(ImageLook {
                    model,
                    aspect,
                    size,
                })
            });
        let video = (
            "[a-z0-9.-]{1,24}",
            any::<u32>(),
            select(&Quality::ALL[..]),
            select(&Sound::ALL[..]),
            select(&Aspect::ALL[..]),
            select(&ClipUse::ALL[..]),
        )
            .prop_map(|(model, seconds, quality, sound, aspect, clip_use)| {
                Output::Video(VideoLook {
                    model: ModelId::new(model),
                    seconds,
                    quality,
                    sound,
                    aspect,
                    clip_use,
                })
            });
        prop_oneof![image, video]
    }

    proptest! {
        #[test]
        fn inputs_survive_their_column(inputs in prop::collection::vec(any_input(), 0..15)) {
            prop_assert_eq!(parse_inputs(&render_inputs(&inputs)).unwrap(), inputs);
        }

        #[test]
        fn looks_survive_their_columns(output in any_output()) {
            let spec = Spec { prompt: "кот".to_owned(), output, inputs: Vec::new() };
            let look = render_look(&spec);
            let rest = look.look.as_deref();
            let parsed = parse_spec("кот".to_owned(), look.aspect, look.size, rest, "[]");
            prop_assert_eq!(parsed.unwrap(), spec);
        }
    }

    #[test]
    fn the_json_of_inputs_stays_what_old_rows_hold() {
        let inputs = [
            Input::sent_picture("AgAD", Some(7)),
            Input::sent_picture("BQAD", None),
            Input::stored_picture(AssetId::new("0a")),
        ];
        let text = concat!(
            r#"[{"type":"telegram","file_id":"AgAD","bytes":7},"#,
            r#"{"type":"telegram","file_id":"BQAD"},"#,
            r#"{"type":"asset","id":"0a"}]"#,
        );
        assert_eq!(render_inputs(&inputs), text);
        assert_eq!(parse_inputs(text).unwrap(), inputs);
    }

    #[test]
    fn bodies_survive_their_column_and_name_their_job() {
        let job = JobId::new("0b");
        let text = OutboxBody::Text {
            rendered: Rendered {
                html: "<b>кот</b> \"?\" \\".to_owned(),
                keyboard: vec![vec![Button {
                    label: "✅".to_owned(),
                    action: ButtonAction::Data("l.ru".to_owned()),
                }]],
            },
        };
        let bodies = [
            (text, None),
            (OutboxBody::progress(&job), Some("0b")),
            (OutboxBody::result(&job), Some("0b")),
            (OutboxBody::file(&job, &AssetId::new("0c")), Some("0b")),
        ];
        for (body, job) in bodies {
            assert_eq!(parse_body(&render_body(&body)).unwrap(), body);
            assert_eq!(body_job(&body), job);
        }
    }

    #[test]
    fn words_survive_their_column() {
        for kind in MediaKind::ALL {
            assert_eq!(parse_kind(render_kind(kind)), Some(kind));
        }
        for reachable in [Reachable::Yes, Reachable::Blocked] {
            assert_eq!(
                parse_reachable(render_reachable(reachable)),
                Some(reachable)
            );
        }
    }

    #[test]
    fn an_unknown_value_names_its_column_and_not_itself() {
        let refusals = [
            parse_inputs("[{\"type\":\"secret\"}]").unwrap_err(),
            parse_body("secret").unwrap_err(),
            parse_spec("secret".to_owned(), "secret", "1K", None, "[]").unwrap_err(),
            parse_spec("secret".to_owned(), "1:1", "720p", Some("secret"), "[]").unwrap_err(),
            parse_count::<u32>("attempts", -1).unwrap_err(),
        ];
        for (refusal, column) in refusals
            .iter()
            .zip(["inputs", "body", "aspect", "look", "attempts"])
        {
            let text = refusal.to_string();
            assert!(matches!(refusal, StoreError::Broken(_)));
            assert!(text.contains(column) && !text.contains("secret"), "{text}");
        }
    }
}
