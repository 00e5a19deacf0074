//! Bodies of the new standard, read strictly: an unknown field is refused.

use serde_json::Value;

use super::fields::Fields;
use super::model::{ASPECTS, AUDIOS, Audio, Model, ORIENTATIONS, RESOLUTIONS, Way};
use super::order::{Input, Order, Role};
use super::refusal::Refusal;

/// The order in a body of `POST /{way}/{model}`.
pub fn read(way: Way, model: Model, body: Value) -> Result<Order, Refusal> {
    let mut fields = Fields::of(body, "")?;
    let mut order = Order::new(way, model);
    match way {
        Way::TextToVideo => order.prompt = fields.text("prompt")?,
        Way::ImageToVideo | Way::Omni | Way::Motion => {
            for content in fields.objects("contents")? {
                read_content(&mut order, content)?;
            }
        }
    }
    if let Some(settings) = fields.object("settings")? {
        read_settings(&mut order, settings)?;
    }
    if let Some(options) = fields.object("options")? {
        read_options(&mut order, options)?;
    }
    fields.finish()?;
    Ok(order)
}

fn read_content(order: &mut Order, mut content: Fields) -> Result<(), Refusal> {
    let kind = content.text("type")?;
    let Some(kind) = kind else {
        return Err(content.missing("type"));
    };
    let role = match (order.way, kind.as_str()) {
        (_, "prompt") => {
            if order.prompt.is_some() {
                return Err(Refusal::value("there is one prompt"));
            }
            order.prompt = content.text("text")?;
            return content.finish();
        }
        (_, "element") => {
            let id = content.text("element_id")?;
            order
                .elements
                .push(id.ok_or_else(|| content.missing("element_id"))?);
            content.text("id")?;
            return content.finish();
        }
        (Way::ImageToVideo, "voice") if order.model == Model::V26 => {
            let id = content.text("voice_id")?;
            order
                .voices
                .push(id.ok_or_else(|| content.missing("voice_id"))?);
            content.text("id")?;
            return content.finish();
        }
        (Way::ImageToVideo | Way::Omni, "first_frame") => Role::FirstFrame,
        (Way::ImageToVideo | Way::Omni, "last_frame") => Role::LastFrame,
        (Way::Omni, "refer_image") => Role::ReferImage,
        (Way::Omni, "base_video") => Role::BaseVideo,
        (Way::Omni, "feature_video") => Role::FeatureVideo,
        (Way::Motion, "image") => Role::MotionImage,
        (Way::Motion, "video") => Role::MotionVideo,
        (_, _) => {
            return Err(Refusal::value(format!(
                "{} {kind} does not exist here",
                content.name("type")
            )));
        }
    };
    let source = content.text("url")?.filter(|source| !source.is_empty());
    let source = source.ok_or_else(|| content.missing("url"))?;
    let id = content.text("id")?;
    content.finish()?;
    if role != Role::ReferImage && order.has(role) {
        return Err(Refusal::value(format!("there is one {}", role.word())));
    }
    order.inputs.push(Input { role, source, id });
    Ok(())
}

fn read_settings(order: &mut Order, mut settings: Fields) -> Result<(), Refusal> {
    let (way, model) = (order.way, order.model);
    if way != Way::Motion {
        if model.has_shots()
            && let Some(multi_shot) = settings.flag("multi_shot")?
        {
            order.multi_shot = multi_shot;
        }
        order.seconds = settings.whole("duration")?;
    }
    // Kling 3.0 Turbo always has sound and no field for it.
    if model != Model::V3Turbo
        && let Some(audio) = settings.choice::<Audio>("audio", &AUDIOS)?
    {
        order.audio = audio;
    }
    if let Some(resolution) = settings.choice("resolution", &RESOLUTIONS)? {
        order.resolution = resolution;
    }
    if matches!(way, Way::TextToVideo | Way::Omni) {
        order.aspect = settings.choice("aspect_ratio", &ASPECTS)?;
    }
    if way == Way::Motion {
        order.orientation = settings.choice("character_orientation", &ORIENTATIONS)?;
    }
    settings.finish()
}

fn read_options(order: &mut Order, mut options: Fields) -> Result<(), Refusal> {
    order.callback_url = options.text("callback_url")?.filter(|url| !url.is_empty());
    order.external_id = options
        .text("external_task_id")?
        .filter(|id| !id.is_empty());
    if let Some(watermark) = options.object("watermark_info")? {
        order.watermark = read_watermark(watermark)?;
    }
    options.finish()
}

/// Whether a marked copy is wanted.
pub fn read_watermark(mut watermark: Fields) -> Result<bool, Refusal> {
    let enabled = watermark.flag("enabled")?;
    watermark.finish()?;
    Ok(enabled.unwrap_or(false))
}
