//! How values of the domain stand in rows.
//!
//! Promises that what is written reads back equal, and that a row nobody here wrote gives an
//! error that names the column and never its content. The domain and its types stay without
//! serde; this file is the one place that knows the JSON of a column.

use std::borrow::Cow;

use rei_actors::ports::StoreError;
use rei_actors::ports::assets::PictureKind;
use rei_actors::ports::outbox::OutboxBody;
use rei_actors::ports::users::Reachable;
use rei_domain::ids::AssetId;
use rei_domain::spec::{Aspect, ImageSpec, Input, Size};
use serde::{Deserialize, Serialize};

/// [`Input`] as it stands in the column `inputs` of drafts and jobs.
#[derive(Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum InputJson {
    Telegram {
        file_id: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        bytes: Option<u64>,
    },
    Asset {
        id: String,
    },
}

/// Renders the column `inputs`.
pub fn render_inputs(inputs: &[Input]) -> String {
    let inputs: Vec<InputJson> = inputs
        .iter()
        .map(|input| match input {
            Input::Telegram { file_id, bytes } => InputJson::Telegram {
                file_id: file_id.clone(),
                bytes: *bytes,
            },
            Input::Asset(id) => InputJson::Asset {
                id: id.as_str().to_owned(),
            },
        })
        .collect();
    serde_json::to_string(&inputs).expect("texts and numbers always render as JSON")
}

/// Parses the column `inputs`.
pub fn parse_inputs(text: &str) -> Result<Vec<Input>, StoreError> {
    let inputs: Vec<InputJson> = serde_json::from_str(text).map_err(|_| unreadable("inputs"))?;
    let inputs = inputs.into_iter().map(|input| match input {
        InputJson::Telegram { file_id, bytes } => Input::Telegram { file_id, bytes },
        InputJson::Asset { id } => Input::Asset(AssetId::new(id)),
    });
    Ok(inputs.collect())
}

/// Parses the four columns of a request.
pub fn parse_spec(
    prompt: String,
    aspect: &str,
    size: &str,
    inputs: &str,
) -> Result<ImageSpec, StoreError> {
    Ok(ImageSpec {
        prompt,
        aspect: parse_word("aspect", aspect, Aspect::parse)?,
        size: parse_word("size", size, Size::parse)?,
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

/// The name of a picture's kind in rows.
pub fn render_kind(kind: PictureKind) -> &'static str {
    match kind {
        PictureKind::Png => "png",
        PictureKind::Jpeg => "jpeg",
        PictureKind::Webp => "webp",
    }
}

/// Reads [`render_kind`] back.
pub fn parse_kind(text: &str) -> Option<PictureKind> {
    [PictureKind::Png, PictureKind::Jpeg, PictureKind::Webp]
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
        prop_oneof![
            ("\\PC{0,40}", proptest::option::of(any::<u64>()))
                .prop_map(|(file_id, bytes)| Input::Telegram { file_id, bytes }),
            "\\PC{0,40}".prop_map(|id| Input::Asset(AssetId::new(id))),
        ]
    }

    proptest! {
        #[test]
        fn inputs_survive_their_column(inputs in prop::collection::vec(any_input(), 0..15)) {
            prop_assert_eq!(parse_inputs(&render_inputs(&inputs)).unwrap(), inputs);
        }
    }

    #[test]
    fn the_json_of_inputs_stays_what_old_rows_hold() {
        let inputs = [
            Input::Telegram {
                file_id: "AgAD".to_owned(),
                bytes: Some(7),
            },
            Input::Telegram {
                file_id: "BQAD".to_owned(),
                bytes: None,
            },
            Input::Asset(AssetId::new("0a")),
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
        for kind in [PictureKind::Png, PictureKind::Jpeg, PictureKind::Webp] {
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
            parse_spec("secret".to_owned(), "secret", "1K", "[]").unwrap_err(),
            parse_count::<u32>("attempts", -1).unwrap_err(),
        ];
        for (refusal, column) in refusals
            .iter()
            .zip(["inputs", "body", "aspect", "attempts"])
        {
            let text = refusal.to_string();
            assert!(matches!(refusal, StoreError::Broken(_)));
            assert!(text.contains(column) && !text.contains("secret"), "{text}");
        }
    }
}
