//! Answers of the newer generation, as far as they are read.

use serde::Deserialize;

/// What every answer is wrapped in.
#[derive(Deserialize)]
pub(super) struct Envelope<T> {
    pub code: i64,
    pub data: Option<T>,
}

/// A task, created or asked after.
#[derive(Debug, Deserialize)]
pub(super) struct Task {
    pub id: String,
    status: String,
    #[serde(default)]
    message: Option<String>,
    #[serde(default)]
    outputs: Vec<Output>,
    #[serde(default)]
    billing: Vec<Billing>,
}

#[derive(Debug, Deserialize)]
struct Output {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    url: String,
}

/// What a task took; numbers are texts.
#[derive(Debug, Deserialize)]
pub(super) struct Billing {
    pub charge_type: String,
    pub amount: String,
    #[serde(default)]
    pub currency: Option<String>,
}

/// How a task ended.
#[derive(Debug)]
pub(super) enum Ended {
    Succeeded {
        /// Where the clip is.
        address: String,
        billing: Vec<Billing>,
    },
    Failed {
        message: String,
    },
}

impl Task {
    /// `None` while it goes on; a status that nobody knows is not the end (contract, *Query*).
    pub(super) fn ended(self) -> Option<Ended> {
        match self.status.as_str() {
            "succeeded" => {
                let mut clips = self.outputs.into_iter();
                let clip = clips.find(|output| output.kind == "video");
                Some(match clip {
                    Some(clip) => Ended::Succeeded {
                        address: clip.url,
                        billing: self.billing,
                    },
                    None => Ended::Failed {
                        message: "succeeded without a video".to_owned(),
                    },
                })
            }
            "failed" => Some(Ended::Failed {
                message: self.message.unwrap_or_default(),
            }),
            _ => None,
        }
    }
}
