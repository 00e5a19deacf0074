//! Requests: which model, and its input (contract, *Models*). Defaults that cost money or add
//! what nobody asked for are said out loud.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rei_actors::ports::assets::Media;
use rei_actors::ports::provider::RenderRequest;
use rei_domain::spec::{Aspect, ImageLook, Mode, Output, Quality, Sound, VideoLook};
use serde_json::{Value, json};

/// A model and its input.
pub(super) struct Made {
    pub model: String,
    pub body: Value,
}

/// The request; `None` for what is not made here.
pub(super) fn of(request: &RenderRequest) -> Option<Made> {
    match &request.output {
        Output::Image(look) => Some(picture(request, *look)),
        Output::Video(look) => video(request, look),
    }
}

fn picture(request: &RenderRequest, look: ImageLook) -> Made {
    let inputs: Vec<String> = request.pictures().map(inline).collect();
    let aspect = match look.aspect {
        Aspect::Auto if inputs.is_empty() => Aspect::Square.as_str(),
        Aspect::Auto => "auto",
        chosen => chosen.as_str(),
    };
    let mut body = json!({
        "prompt": request.prompt,
        "num_images": 1,
        "aspect_ratio": aspect,
        "resolution": look.size.as_str(),
        "output_format": "png",
        // One picture whatever the words say, so that the cost is certain.
        "limit_generations": true,
    });
    let mut model = format!("fal-ai/{}", look.model.as_str());
    if !inputs.is_empty() {
        body["image_urls"] = json!(inputs);
        model.push_str("/edit");
    }
    Made { model, body }
}

fn video(request: &RenderRequest, look: &VideoLook) -> Option<Made> {
    let quality = match look.quality {
        Quality::Standard => "standard",
        Quality::Professional => "pro",
        Quality::FourK => return None,
    };
    let version = match look.model.as_str() {
        "kling-3.0" => "v3",
        "kling-2.6" => "v2.6",
        "kling-1.5" => "v1.5",
        _ => return None,
    };
    let (way, body) = match request.mode {
        Mode::TextToVideo => ("text-to-video", from_words(request, look, version)),
        Mode::ImageToVideo => ("image-to-video", from_pictures(request, look, version)?),
        Mode::VideoToVideo => {
            let body = from_clip(request, look)?;
            let model = format!("fal-ai/kling-video/o3/{quality}/video-to-video/edit");
            return (version == "v3").then_some(Made { model, body });
        }
        Mode::Motion => ("motion-control", motion(request, look)?),
        Mode::Generate | Mode::Edit => return None,
    };
    Some(Made {
        model: format!("fal-ai/kling-video/{version}/{quality}/{way}"),
        body,
    })
}

fn from_words(request: &RenderRequest, look: &VideoLook, version: &str) -> Value {
    let mut body = json!({
        "prompt": request.prompt,
        "duration": look.seconds.to_string(),
        "aspect_ratio": look.aspect.as_str(),
    });
    sound(&mut body, look, version);
    body
}

fn from_pictures(request: &RenderRequest, look: &VideoLook, version: &str) -> Option<Value> {
    let mut body = json!({
        "prompt": request.prompt,
        "duration": look.seconds.to_string(),
    });
    let fields = if version == "v1.5" {
        ["image_url", "tail_image_url"]
    } else {
        ["start_image_url", "end_image_url"]
    };
    request.pictures().next()?;
    for (field, frame) in fields.into_iter().zip(request.pictures()) {
        body[field] = json!(inline(frame));
    }
    sound(&mut body, look, version);
    Some(body)
}

/// It is on by default and doubles the price. The oldest model knows no sound.
fn sound(body: &mut Value, look: &VideoLook, version: &str) {
    if version != "v1.5" {
        body["generate_audio"] = json!(look.sound == Sound::On);
    }
}

fn from_clip(request: &RenderRequest, look: &VideoLook) -> Option<Value> {
    let clip = request.clip_link()?;
    let pictures: Vec<String> = request.pictures().map(inline).collect();
    // People do not know what a prompt calls its inputs.
    let names: String = (1..=pictures.len())
        .map(|number| format!(" @Image{number}"))
        .collect();
    let mut body = json!({
        "prompt": format!("{}\n@Video1{names}", request.prompt),
        "video_url": clip,
        "keep_audio": look.sound == Sound::On,
    });
    if !pictures.is_empty() {
        body["image_urls"] = json!(pictures);
    }
    Some(body)
}

fn motion(request: &RenderRequest, look: &VideoLook) -> Option<Value> {
    Some(json!({
        "prompt": request.prompt,
        "image_url": inline(request.pictures().next()?),
        "video_url": request.clip_link()?,
        // As the clip faces, which allows the longest clips.
        "character_orientation": "video",
        "keep_original_sound": look.sound == Sound::On,
    }))
}

/// An address that carries the picture itself (contract, *Files in*).
fn inline(picture: &Media) -> String {
    let data = STANDARD.encode(&picture.bytes);
    format!("data:{};base64,{data}", picture.kind.mime())
}
