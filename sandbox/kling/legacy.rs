//! Bodies of the legacy generation, brought to the words of the new one.

use serde_json::Value;

use super::account::{Account, Retired};
use super::create::read_watermark;
use super::fields::Fields;
use super::model::{ASPECTS, Audio, Model, ORIENTATIONS, Resolution, Way};
use super::order::{Input, Order, Role, refuse_if};
use super::refusal::Refusal;

/// The longest negative prompt, in characters.
const NEGATIVE_CHARS_MAX: usize = 2_500;

/// The longest video that is made beside an input video, in seconds.
const SECONDS_WITH_VIDEO_MAX: u32 = 10;

/// Names that made videos once.
const RETIRED: [&str; 6] = [
    "kling-v1",
    "kling-v1-5",
    "kling-v1-6",
    "kling-v2-master",
    "kling-v2-1",
    "kling-v2-1-master",
];

const MODES: [(&str, Resolution); 3] = [
    ("std", Resolution::P720),
    ("pro", Resolution::P1080),
    ("4k", Resolution::K4),
];

/// Words for yes and no, in the two spellings of this generation.
const SOUNDS: [(&str, Audio); 2] = [("on", Audio::Native), ("off", Audio::Off)];
const KEEPS: [(&str, Audio); 2] = [("yes", Audio::Original), ("no", Audio::Off)];

/// The order in a body of `POST /v1/videos/{kind}`.
pub fn read(way: Way, body: Value, account: &Account) -> Result<Order, Refusal> {
    let mut fields = Fields::of(body, "")?;
    let name = fields.text("model_name")?;
    let default = match way {
        Way::TextToVideo | Way::ImageToVideo => "kling-v1",
        Way::Omni => "kling-video-o1",
        Way::Motion => "kling-v2-6",
    };
    let model = find_model(way, name.as_deref().unwrap_or(default), account)?;
    let mut order = Order::new(way, model);
    order.multi_shot = false;
    order.prompt = fields.text("prompt")?;
    if let Some(resolution) = fields.choice("mode", &MODES)? {
        order.resolution = resolution;
    }
    match way {
        Way::TextToVideo => read_common(&mut order, &mut fields)?,
        Way::ImageToVideo => {
            read_common(&mut order, &mut fields)?;
            read_input(&mut order, &mut fields, "image", Role::FirstFrame)?;
            read_input(&mut order, &mut fields, "image_tail", Role::LastFrame)?;
            read_elements(&mut order, &mut fields)?;
        }
        Way::Omni => {
            read_common(&mut order, &mut fields)?;
            read_omni(&mut order, &mut fields)?;
            read_elements(&mut order, &mut fields)?;
        }
        Way::Motion => {
            read_input(&mut order, &mut fields, "image_url", Role::MotionImage)?;
            read_input(&mut order, &mut fields, "video_url", Role::MotionVideo)?;
            read_elements(&mut order, &mut fields)?;
            order.orientation = fields.choice("character_orientation", &ORIENTATIONS)?;
            if let Some(audio) = fields.choice("keep_original_sound", &KEEPS)? {
                order.audio = audio;
            }
        }
    }
    order.callback_url = fields.text("callback_url")?.filter(|url| !url.is_empty());
    order.external_id = fields.text("external_task_id")?.filter(|id| !id.is_empty());
    if let Some(watermark) = fields.object("watermark_info")? {
        order.watermark = read_watermark(watermark)?;
    }
    fields.finish()?;
    Ok(order)
}

fn find_model(way: Way, name: &str, account: &Account) -> Result<Model, Refusal> {
    let runs = name == "kling-v1-5" && account.retired == Retired::StillRuns;
    if RETIRED.contains(&name) && !runs {
        let words = format!("model {name} is not supported");
        return Err(match account.retired {
            Retired::BadValue | Retired::StillRuns => Refusal::value(words),
            Retired::NotFound => Refusal::new(1203, words),
            Retired::NoRight => Refusal::new(1103, words),
        });
    }
    Model::of_legacy_name(name)
        .filter(|model| model.has(way))
        .ok_or_else(|| Refusal::value(format!("model {name} is not supported here")))
}

/// What texts, pictures and omni have in common.
fn read_common(order: &mut Order, fields: &mut Fields) -> Result<(), Refusal> {
    let negative = fields.text("negative_prompt")?.unwrap_or_default();
    refuse_if(negative.chars().count() > NEGATIVE_CHARS_MAX, || {
        format!("negative_prompt must not exceed {NEGATIVE_CHARS_MAX} characters")
    })?;
    if let Some(seconds) = fields.text("duration")? {
        let seconds = seconds.parse();
        let seconds =
            seconds.map_err(|_| Refusal::value("duration must be a whole number of seconds"))?;
        order.seconds = Some(seconds);
    }
    if order.way != Way::ImageToVideo || order.model == Model::V15 {
        order.aspect = fields.choice("aspect_ratio", &ASPECTS)?;
    }
    if order.model == Model::V15 {
        // Numbers from 0 to 1; the emulator draws the same for all of them.
        fields.number("cfg_scale", 0.0, 1.0)?;
        order.has_camera = fields.any("camera_control").is_some();
        return Ok(());
    }
    if let Some(audio) = fields.choice("sound", &SOUNDS)? {
        order.audio = audio;
    }
    if order.model.has_shots() {
        order.multi_shot = fields.flag("multi_shot")?.unwrap_or(false);
        read_shots(order, fields)?;
    }
    Ok(())
}

/// Shots of their own, each with its words and seconds, which take the place of the prompt.
fn read_shots(order: &mut Order, fields: &mut Fields) -> Result<(), Refusal> {
    let kind = fields.choice("shot_type", &[("customize", true), ("intelligence", false)])?;
    let shots = fields.objects("multi_prompt")?;
    if shots.is_empty() {
        return Ok(());
    }
    refuse_if(
        !order.multi_shot || kind != Some(true),
        || "multi_prompt needs multi_shot and shot_type customize",
    )?;
    let mut words = String::new();
    for mut shot in shots {
        let index = shot.whole("index")?.ok_or_else(|| shot.missing("index"))?;
        let prompt = shot.text("prompt")?.ok_or_else(|| shot.missing("prompt"))?;
        let seconds = shot.text("duration")?;
        let seconds = seconds.ok_or_else(|| shot.missing("duration"))?;
        shot.finish()?;
        words.push_str(&format!("shot {index}, {seconds}, {prompt};"));
    }
    order.prompt = Some(words);
    Ok(())
}

fn read_input(
    order: &mut Order,
    fields: &mut Fields,
    name: &str,
    role: Role,
) -> Result<(), Refusal> {
    let source = fields.text(name)?.filter(|source| !source.is_empty());
    order.inputs.extend(source.map(|source| Input {
        role,
        source,
        id: None,
    }));
    Ok(())
}

fn read_elements(order: &mut Order, fields: &mut Fields) -> Result<(), Refusal> {
    for mut element in fields.objects("element_list")? {
        let id = element.text("element_id")?;
        order
            .elements
            .push(id.ok_or_else(|| element.missing("element_id"))?);
        element.finish()?;
    }
    Ok(())
}

fn read_omni(order: &mut Order, fields: &mut Fields) -> Result<(), Refusal> {
    for mut image in fields.objects("image_list")? {
        let frames = [
            ("first_frame", Role::FirstFrame),
            ("end_frame", Role::LastFrame),
        ];
        let role = image.choice("type", &frames)?.unwrap_or(Role::ReferImage);
        let source = image.text("image_url")?;
        order.inputs.push(Input {
            role,
            source: source.ok_or_else(|| image.missing("image_url"))?,
            id: None,
        });
        image.finish()?;
    }
    for mut video in fields.objects("video_list")? {
        let roles = [("base", Role::BaseVideo), ("feature", Role::FeatureVideo)];
        let role = video
            .choice("refer_type", &roles)?
            .unwrap_or(Role::BaseVideo);
        refuse_if(
            order.audio == Audio::Native,
            || "sound must be off with an input video",
        )?;
        let seconds = order.seconds.unwrap_or_default();
        refuse_if(
            seconds > SECONDS_WITH_VIDEO_MAX,
            || "duration is at most 10 with an input video",
        )?;
        let keeps = video.choice("keep_original_sound", &KEEPS)?;
        match role {
            Role::BaseVideo => order.audio = keeps.unwrap_or(Audio::Original),
            // Here nobody asks for shots; the new generation does.
            _ => order.multi_shot = order.model.has_shots(),
        }
        let source = video.text("video_url")?;
        order.inputs.push(Input {
            role,
            source: source.ok_or_else(|| video.missing("video_url"))?,
            id: None,
        });
        video.finish()?;
    }
    Ok(())
}
