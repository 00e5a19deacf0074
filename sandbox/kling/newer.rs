//! The newer generation: the model in the path, settings and contents in the body.

use serde_json::{Value, json};

use super::refusal::Refusal;
use super::rules::{self, Way};
use super::task::{Generation, Order, Status, Task, millis};

/// Reads and checks the body of a create.
pub(super) fn order(way: Way, path: String, model: &str, body: &Value) -> Result<Order, Refusal> {
    if !rules::is_newer(way, model) {
        return Err(Refusal::NO_MODEL);
    }
    let settings = body.get("settings").cloned().unwrap_or_else(|| json!({}));
    let read = match way {
        Way::Text => from_text(body, &settings)?,
        Way::Image => from_pictures(body, &settings)?,
        Way::Omni | Way::Motion => from_clip(way, body)?,
    };
    if read.prompt.chars().count() > rules::prompt_max(model) {
        return Err(Refusal::value("prompt"));
    }
    let word = |name: &str, default: &str| match settings.get(name) {
        None => Ok(default.to_owned()),
        Some(value) => value
            .as_str()
            .map(str::to_owned)
            .ok_or(Refusal::value(name)),
    };
    let resolution = word("resolution", "720p")?;
    let audio = match way {
        Way::Text | Way::Image | Way::Omni => word("audio", "off")?,
        Way::Motion => word("audio", "original")?,
    };
    let is_given = |name: &str| settings.get(name).is_some();
    let follows_clip = matches!(way, Way::Omni | Way::Motion);
    if follows_clip && !matches!(audio.as_str(), "original" | "off") {
        return Err(Refusal::value("audio"));
    }
    if follows_clip && (is_given("duration") || is_given("aspect_ratio")) {
        return Err(Refusal::value("duration and shape follow the clip"));
    }
    let orientation = word("character_orientation", "")?;
    if way == Way::Motion && !matches!(orientation.as_str(), "image" | "video") {
        return Err(Refusal::value("character_orientation"));
    }
    let seconds = match way {
        Way::Text | Way::Image => {
            let seconds = settings.get("duration").map_or(Some(5), Value::as_i64);
            let seconds = seconds.ok_or(Refusal::value("duration"))?;
            rules::check_look(model, seconds, &resolution, &audio, read.has_last_frame)?;
            u32::try_from(seconds).unwrap_or(5)
        }
        // Known when the clip is.
        Way::Omni | Way::Motion => 0,
    };
    let usd_per_second = match way {
        Way::Text | Way::Image => rules::usd_per_second(model, &resolution, &audio),
        Way::Omni | Way::Motion => rules::usd_per_second_of_clip(model, &resolution),
    };
    let clip = read
        .clip
        .map(|url| (url, rules::clip_millis(way, &orientation)));
    // Its default is on (contract): whoever forgets it gets shots that he did not ask for.
    let is_cut = settings
        .get("multi_shot")
        .is_none_or(|cut| cut.as_bool() == Some(true));
    if model.starts_with("kling-3.0") && way != Way::Motion && is_cut {
        return Err(Refusal::value(
            "the sandbox makes no multi_shot videos: send false",
        ));
    }
    let options = body.get("options");
    let option = |name: &str| {
        let text = options?.get(name)?.as_str()?;
        (!text.is_empty()).then(|| text.to_owned())
    };
    Ok(Order {
        generation: Generation::Newer,
        path,
        model: model.to_owned(),
        prompt: read.prompt,
        usd_per_second,
        settings,
        reference: option("external_task_id"),
        callback: option("callback_url"),
        seconds,
        shape: read.shape,
        inputs: read.inputs,
        clip,
        is_retired: false,
    })
}

struct Contents {
    prompt: String,
    shape: f64,
    inputs: usize,
    has_last_frame: bool,
    /// Where the clip is.
    clip: Option<String>,
}

fn from_text(body: &Value, settings: &Value) -> Result<Contents, Refusal> {
    let prompt = body.get("prompt").and_then(Value::as_str);
    let prompt = prompt.filter(|prompt| !prompt.trim().is_empty());
    let aspect = settings
        .get("aspect_ratio")
        .map_or(Some("16:9"), Value::as_str);
    Ok(Contents {
        prompt: prompt.ok_or(Refusal::value("prompt"))?.to_owned(),
        shape: rules::aspect(aspect.ok_or(Refusal::value("aspect_ratio"))?)?,
        inputs: 0,
        has_last_frame: false,
        clip: None,
    })
}

fn from_pictures(body: &Value, settings: &Value) -> Result<Contents, Refusal> {
    if settings.get("aspect_ratio").is_some() {
        return Err(Refusal::plain(1200));
    }
    let first = content(body, "first_frame").ok_or(Refusal::value("first_frame"))?;
    let shape = rules::picture(first, "first_frame")?;
    let last = content(body, "last_frame");
    if let Some(last) = last {
        rules::picture(last, "last_frame")?;
    }
    Ok(Contents {
        prompt: content_text(body),
        shape,
        inputs: 1 + usize::from(last.is_some()),
        has_last_frame: last.is_some(),
        clip: None,
    })
}

/// Clips are taken by address only.
fn from_clip(way: Way, body: &Value) -> Result<Contents, Refusal> {
    let clips: &[&str] = match way {
        Way::Motion => &["video"],
        Way::Text | Way::Image | Way::Omni => &["base_video", "feature_video"],
    };
    let clip = clips.iter().find_map(|kind| content(body, kind));
    let clip = clip.ok_or(Refusal::value("a video is needed"))?;
    if !clip.starts_with("http://") && !clip.starts_with("https://") {
        return Err(Refusal::value("a video is given by its address"));
    }
    let picture_kind = match way {
        Way::Motion => "image",
        Way::Text | Way::Image | Way::Omni => "refer_image",
    };
    let pictures: Vec<&str> = contents(body, picture_kind).collect();
    for picture in &pictures {
        rules::picture(picture, picture_kind)?;
    }
    let pictures = pictures.len();
    if way == Way::Motion && pictures == 0 {
        return Err(Refusal::value("an image is needed"));
    }
    Ok(Contents {
        prompt: content_text(body),
        shape: 16.0 / 9.0,
        inputs: 1 + pictures,
        has_last_frame: false,
        clip: Some(clip.to_owned()),
    })
}

fn content<'a>(body: &'a Value, kind: &'a str) -> Option<&'a str> {
    contents(body, kind).next()
}

/// The addresses, or the pictures in base64, of one kind.
fn contents<'a>(body: &'a Value, kind: &'a str) -> impl Iterator<Item = &'a str> {
    let contents = body.get("contents").and_then(Value::as_array);
    let contents = contents.into_iter().flatten();
    let found = contents.filter(move |content| content["type"] == kind);
    found.filter_map(|content| content.get("url")?.as_str())
}

fn content_text(body: &Value) -> String {
    let contents = body.get("contents").and_then(Value::as_array);
    let prompt = contents.into_iter().flatten();
    let mut prompt = prompt.filter(|content| content["type"] == "prompt");
    let text = prompt.next().and_then(|content| content["text"].as_str());
    text.unwrap_or_default().to_owned()
}

/// A task as this generation shows it; `base` is where results are fetched.
pub(super) fn shown(task: &Task, base: &str) -> Value {
    let mut shown = json!({
        "id": task.id,
        "status": task.status.word(),
        "message": task.message,
        "create_time": millis(task.created),
        "update_time": task.updated_ms(),
        "external_id": task.reference.clone().unwrap_or_default(),
    });
    if task.status == Status::Succeeded {
        shown["outputs"] = json!([{
            "type": "video",
            "id": format!("{}-1", task.id),
            "url": format!("{base}/kling-results/{}.mp4", task.id),
            "watermark_url": "",
            "duration": format!("{:.1}", f64::from(task.seconds)),
        }]);
        let usd = task.usd();
        shown["billing"] = json!([{
            "charge_type": "cash", "cash_type": "balance", "amount": usd, "currency": "USD",
            "list_price": usd,
        }]);
    }
    shown
}
