//! Requests of the newer generation: the model in the path, dangerous defaults said out loud.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rei_actors::ports::assets::Media;
use rei_actors::ports::provider::RenderRequest;
use rei_domain::spec::{Mode, Quality, Sound, VideoLook};
use serde_json::{Value, json};

/// Where a task is made, and from what.
pub(super) struct Made {
    pub path: String,
    pub body: Value,
}

/// The request for a video; `None` for what this provider does not make.
pub(super) fn of(request: &RenderRequest, look: &VideoLook, reference: &str) -> Option<Made> {
    let model = look.model.as_str();
    let mut settings = json!({
        "audio": audio(look.sound),
        "resolution": resolution(look.quality),
        "duration": look.seconds,
    });
    // Its default cuts the video into shots and is on (contract, *text-to-video*).
    if model == "kling-3.0" {
        settings["multi_shot"] = json!(false);
    }
    let options = json!({
        "external_task_id": reference,
        "watermark_info": { "enabled": false },
    });
    match request.mode {
        Mode::TextToVideo => {
            settings["aspect_ratio"] = json!(look.aspect.as_str());
            Some(Made {
                path: format!("text-to-video/{model}"),
                body: json!({
                    "prompt": request.prompt,
                    "settings": settings,
                    "options": options,
                }),
            })
        }
        Mode::ImageToVideo => {
            let mut contents = vec![json!({ "type": "prompt", "text": request.prompt })];
            let frames = ["first_frame", "last_frame"];
            for (kind, frame) in frames.into_iter().zip(request.pictures()) {
                contents.push(json!({ "type": kind, "url": inline(frame) }));
            }
            Some(Made {
                path: format!("image-to-video/{model}"),
                body: json!({
                    "contents": contents,
                    "settings": settings,
                    "options": options,
                }),
            })
        }
        Mode::VideoToVideo => {
            let clip = request.clip_link()?;
            let mut contents = vec![
                json!({ "type": "prompt", "text": named(request) }),
                json!({ "type": "base_video", "url": clip, "id": CLIP_NAME }),
            ];
            for (picture, number) in request.pictures().zip(1..) {
                let id = picture_name(number);
                contents.push(json!({ "type": "refer_image", "url": inline(picture), "id": id }));
            }
            Some(Made {
                path: format!("omni-video/{model}-omni"),
                // As long as the clip: no duration and no shape are sent.
                body: json!({
                    "contents": contents,
                    "settings": {
                        "multi_shot": false,
                        "audio": kept(look.sound),
                        "resolution": resolution(look.quality),
                    },
                    "options": options,
                }),
            })
        }
        Mode::Motion => {
            let (clip, picture) = (request.clip_link()?, request.pictures().next()?);
            Some(Made {
                path: format!("motion-control/{model}"),
                body: json!({
                    "contents": [
                        { "type": "prompt", "text": request.prompt },
                        { "type": "image", "url": inline(picture) },
                        { "type": "video", "url": clip },
                    ],
                    // As the clip faces, which allows the longest clips (contract, *Inputs*).
                    "settings": {
                        "character_orientation": "video",
                        "audio": kept(look.sound),
                        "resolution": resolution(look.quality),
                    },
                    "options": options,
                }),
            })
        }
        Mode::Generate | Mode::Edit => None,
    }
}

/// What a prompt calls the clip.
const CLIP_NAME: &str = "video_1";

/// What a prompt calls a picture, from 1.
fn picture_name(number: usize) -> String {
    format!("image_{number}")
}

/// The prompt with everything named that it is about; people do not know the names.
fn named(request: &RenderRequest) -> String {
    let pictures =
        (1..=request.pictures().count()).map(|number| format!(" @{}", picture_name(number)));
    let pictures: String = pictures.collect();
    format!("{}\n@{CLIP_NAME}{pictures}", request.prompt)
}

/// The clip's own sound, or none.
fn kept(sound: Sound) -> &'static str {
    match sound {
        Sound::On => "original",
        Sound::Off => "off",
    }
}

/// Bare base64, without a `data:` prefix (contract, *Create, common part*).
pub(super) fn inline(picture: &Media) -> String {
    STANDARD.encode(&picture.bytes)
}

fn audio(sound: Sound) -> &'static str {
    match sound {
        Sound::On => "native",
        Sound::Off => "off",
    }
}

fn resolution(quality: Quality) -> &'static str {
    match quality {
        Quality::Standard => "720p",
        Quality::Professional => "1080p",
        Quality::FourK => "4k",
    }
}
