//! The older generation: `/v1/videos/…`, the model in the body.

use serde_json::{Value, json};

use super::refusal::Refusal;
use super::rules;
use super::task::{Generation, Order, Status, Task, millis};

/// The newer name of a model, and whether its maker has retired it.
fn model(name: &str) -> Option<(&'static str, bool)> {
    match name {
        "kling-v3" => Some(("kling-3.0", false)),
        "kling-v2-6" => Some(("kling-2.6", false)),
        "kling-v2-5-turbo" => Some(("kling-2.5-turbo", false)),
        "kling-v1-5" => Some(("kling-1.5", true)),
        _ => None,
    }
}

/// Reads and checks the body of a create.
pub(super) fn order(path: &str, body: &Value) -> Result<Order, Refusal> {
    let name = body.get("model_name").and_then(Value::as_str).unwrap_or("");
    let (model, is_retired) = model(name).ok_or(Refusal::NO_MODEL)?;
    let word = |field: &str| body.get(field).and_then(Value::as_str);
    let prompt = word("prompt").unwrap_or_default();
    if prompt.chars().count() > rules::prompt_max(model) {
        return Err(Refusal::value("prompt"));
    }
    let resolution = match word("mode").unwrap_or("std") {
        "std" => "720p",
        "pro" => "1080p",
        "4k" => "4k",
        _ => return Err(Refusal::value("mode")),
    };
    let audio = match word("sound").unwrap_or("off") {
        "on" => "native",
        "off" => "off",
        _ => return Err(Refusal::value("sound")),
    };
    let seconds: i64 = match body.get("duration") {
        None => 5,
        Some(Value::String(text)) => text.parse().map_err(|_| Refusal::value("duration"))?,
        // A number here is refused: durations are texts in this generation.
        Some(_) => return Err(Refusal::value("duration")),
    };
    let last = word("image_tail");
    let (shape, inputs) = match path {
        "text2video" => {
            if model == "kling-1.5" {
                return Err(Refusal::NO_MODEL);
            }
            if prompt.trim().is_empty() {
                return Err(Refusal::value("prompt"));
            }
            (rules::aspect(word("aspect_ratio").unwrap_or("16:9"))?, 0)
        }
        "image2video" => {
            let first = word("image").ok_or(Refusal::value("image"))?;
            let shape = rules::picture(first, "image")?;
            if let Some(last) = last {
                rules::picture(last, "image_tail")?;
            }
            (shape, 1 + usize::from(last.is_some()))
        }
        _ => return Err(Refusal::NO_MODEL),
    };
    if model == "kling-1.5" {
        let is_sold = matches!(seconds, 5 | 10) && resolution != "4k" && audio == "off";
        if !is_sold || last.is_some() && resolution != "1080p" {
            return Err(Refusal::value("mode, duration or image_tail"));
        }
    } else {
        rules::check_look(model, seconds, resolution, audio, last.is_some())?;
    }
    let text = |field: &str| {
        let text = word(field).filter(|text| !text.is_empty());
        text.map(str::to_owned)
    };
    Ok(Order {
        generation: Generation::Older,
        path: format!("v1/videos/{path}"),
        model: model.to_owned(),
        prompt: prompt.to_owned(),
        settings: json!({ "mode": resolution, "sound": audio, "duration": seconds }),
        reference: text("external_task_id"),
        callback: text("callback_url"),
        seconds: u32::try_from(seconds).unwrap_or(5),
        shape,
        usd_per_second: rules::usd_per_second(model, resolution, audio),
        inputs,
        clip: None,
        is_retired,
    })
}

/// A task as this generation shows it.
pub(super) fn shown(task: &Task, base: &str) -> Value {
    let status = match task.status {
        Status::Succeeded => "succeed",
        Status::Submitted | Status::Processing | Status::Failed => task.status.word(),
    };
    let mut shown = json!({
        "task_id": task.id,
        "task_status": status,
        "task_status_msg": task.message,
        "task_info": { "external_task_id": task.reference.clone().unwrap_or_default() },
        "created_at": millis(task.created),
        "updated_at": task.updated_ms(),
    });
    if task.status == Status::Succeeded {
        shown["task_result"] = json!({ "videos": [{
            "id": format!("{}-1", task.id),
            "url": format!("{base}/kling-results/{}.mp4", task.id),
            "watermark_url": "",
            "duration": task.seconds.to_string(),
        }] });
    }
    shown
}
