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
            for (kind, frame) in frames.into_iter().zip(&request.inputs) {
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
        Mode::VideoToVideo | Mode::Motion | Mode::Generate | Mode::Edit => None,
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
