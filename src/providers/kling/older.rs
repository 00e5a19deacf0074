//! The older generation: `/v1/videos/…`, the model in the body, its own words for everything
//! (contract, *Legacy generation*).

use rei_actors::ports::provider::RenderRequest;
use rei_domain::spec::{Mode, Quality, Sound, VideoLook};
use serde::Deserialize;
use serde_json::json;

use super::body::{Made, inline};
use super::wire::{Billing, Ended};

/// The ways in which tasks are made; each is asked after by itself.
pub(super) const PATHS: [&str; 2] = ["v1/videos/text2video", "v1/videos/image2video"];

/// Whether only this generation ever served a model.
pub(super) fn is_only_older(model: &str) -> bool {
    model == "kling-1.5"
}

/// The model's name here.
fn model_name(model: &str) -> Option<&'static str> {
    match model {
        "kling-3.0" => Some("kling-v3"),
        "kling-2.6" => Some("kling-v2-6"),
        "kling-1.5" => Some("kling-v1-5"),
        _ => None,
    }
}

/// The request for a video; `None` for what this generation does not make.
pub(super) fn body(request: &RenderRequest, look: &VideoLook, reference: &str) -> Option<Made> {
    let name = model_name(look.model.as_str())?;
    let mut body = json!({
        "model_name": name,
        "prompt": request.prompt,
        "mode": match look.quality {
            Quality::Standard => "std",
            Quality::Professional => "pro",
            Quality::FourK => "4k",
        },
        "duration": look.seconds.to_string(),
        "external_task_id": reference,
        "watermark_info": { "enabled": false },
    });
    if !is_only_older(look.model.as_str()) {
        body["sound"] = json!(match look.sound {
            Sound::On => "on",
            Sound::Off => "off",
        });
    }
    if name == "kling-v3" {
        body["multi_shot"] = json!(false);
    }
    let [from_words, from_pictures] = PATHS;
    let path = match request.mode {
        Mode::TextToVideo => {
            body["aspect_ratio"] = json!(look.aspect.as_str());
            from_words
        }
        Mode::ImageToVideo => {
            for (field, frame) in ["image", "image_tail"].into_iter().zip(request.pictures()) {
                body[field] = json!(inline(frame));
            }
            from_pictures
        }
        Mode::VideoToVideo | Mode::Motion | Mode::Generate | Mode::Edit => return None,
    };
    Some(Made {
        path: path.to_owned(),
        body,
    })
}

/// A task, created or asked after.
#[derive(Debug, Deserialize)]
pub(super) struct Task {
    pub task_id: String,
    task_status: String,
    #[serde(default)]
    task_status_msg: Option<String>,
    #[serde(default)]
    task_result: Option<TaskResult>,
    #[serde(default)]
    final_unit_deduction: Option<String>,
}

#[derive(Debug, Deserialize)]
struct TaskResult {
    #[serde(default)]
    videos: Vec<Video>,
}

#[derive(Debug, Deserialize)]
struct Video {
    #[serde(default)]
    url: String,
}

impl Task {
    /// `None` while it goes on.
    pub(super) fn ended(self) -> Option<Ended> {
        match self.task_status.as_str() {
            "succeed" => {
                let videos = self
                    .task_result
                    .map_or_else(Vec::new, |result| result.videos);
                let units = self.final_unit_deduction.map(|amount| Billing {
                    charge_type: "unit".to_owned(),
                    amount,
                    currency: None,
                });
                Some(match videos.into_iter().next() {
                    Some(video) => Ended::Succeeded {
                        address: video.url,
                        billing: units.into_iter().collect(),
                    },
                    None => Ended::Failed {
                        message: "succeeded without a video".to_owned(),
                    },
                })
            }
            "failed" => Some(Ended::Failed {
                message: self.task_status_msg.unwrap_or_default(),
            }),
            _ => None,
        }
    }
}
