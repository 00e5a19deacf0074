//! The picture models: Nano Banana Pro and Nano Banana 2, with and without pictures to edit.

use image::ImageFormat;
use serde_json::Value;

use super::failure::Failure;
use super::fields::{Fields, missing};
use super::plan::{self, Output, Plan};
use crate::gemini::drawing::Drawing;

/// Pictures an edit takes.
const INPUTS_MAX: usize = 14;

const COMMON_RATIOS: [&str; 11] = [
    "auto", "21:9", "16:9", "3:2", "4:3", "5:4", "1:1", "4:5", "3:4", "2:3", "9:16",
];
const NARROW_RATIOS: [&str; 15] = [
    "auto", "21:9", "16:9", "3:2", "4:3", "5:4", "1:1", "4:5", "3:4", "2:3", "9:16", "1:4", "4:1",
    "1:8", "8:1",
];

/// A picture model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Banana {
    Pro,
    ProEdit,
    Two,
    TwoEdit,
}

impl Banana {
    /// The model of what stands behind `fal-ai/`.
    pub fn of_path(path: &str) -> Option<Banana> {
        match path {
            "nano-banana-pro" => Some(Banana::Pro),
            "nano-banana-pro/edit" => Some(Banana::ProEdit),
            "nano-banana-2" => Some(Banana::Two),
            "nano-banana-2/edit" => Some(Banana::TwoEdit),
            _ => None,
        }
    }

    fn edits(self) -> bool {
        match self {
            Banana::ProEdit | Banana::TwoEdit => true,
            Banana::Pro | Banana::Two => false,
        }
    }

    fn is_pro(self) -> bool {
        match self {
            Banana::Pro | Banana::ProEdit => true,
            Banana::Two | Banana::TwoEdit => false,
        }
    }

    /// A picture of a size, in micro-dollars.
    fn price(self, resolution: &str) -> u64 {
        match (self.is_pro(), resolution) {
            (true, "4K") => 300_000,
            (true, _) => 150_000,
            (false, "0.5K") => 60_000,
            (false, "2K") => 120_000,
            (false, "4K") => 160_000,
            (false, _) => 80_000,
        }
    }
}

/// Reads an input and plans the pictures. `turn` makes the same words draw anew.
pub async fn plan(model: Banana, input: Value, turn: u64) -> Result<Plan, Failure> {
    let mut fields = Fields::of(input)?;
    let prompt = fields.required("prompt")?;
    let addresses = if model.edits() {
        let addresses = fields.texts("image_urls")?;
        if addresses.is_empty() {
            return Err(missing("image_urls"));
        }
        if addresses.len() > INPUTS_MAX {
            let words = format!("List should have at most {INPUTS_MAX} items");
            return Err(Failure::input("image_urls", "too_long", words));
        }
        addresses
    } else {
        Vec::new()
    };
    let count = fields.whole("num_images", 1, 4, 1)?;
    let default = if model.edits() { "auto" } else { "1:1" };
    let (ratios, sizes): (&[&str], &[&str]) = if model.is_pro() {
        (&COMMON_RATIOS, &["1K", "2K", "4K"])
    } else {
        fields.choice("thinking_level", &["minimal", "high"], "minimal")?;
        (&NARROW_RATIOS, &["0.5K", "1K", "2K", "4K"])
    };
    let ratio = fields.choice("aspect_ratio", ratios, default)?;
    let resolution = fields.choice("resolution", sizes, "1K")?;
    let format = match fields.choice("output_format", &["png", "jpeg", "webp"], "png")? {
        "jpeg" => ImageFormat::Jpeg,
        "webp" => ImageFormat::WebP,
        _ => ImageFormat::Png,
    };
    fields.choice("safety_tolerance", &["1", "2", "3", "4", "5", "6"], "4")?;
    let seed = fields.whole("seed", i64::MIN, i64::MAX, i64::MIN)?;
    let inline = fields.flag("sync_mode", false)?;
    fields.flag("limit_generations", false)?;
    fields.flag("enable_web_search", false)?;
    fields.finish()?;

    let mut inputs = Vec::new();
    for address in &addresses {
        inputs.push(plan::picture("image_urls", address).await?.1);
    }
    let first_turn = match seed {
        i64::MIN => turn,
        seed => seed.unsigned_abs(),
    };
    let google = if model.is_pro() {
        "gemini-3-pro-image"
    } else {
        "gemini-3.1-flash-image"
    };
    let size = if resolution == "0.5K" {
        "512"
    } else {
        resolution
    };
    let count = count.unsigned_abs();
    let drawings: Option<Vec<Drawing>> = (0..count)
        .map(|at| {
            let ratio = Some(ratio).filter(|ratio| *ratio != "auto");
            let turn = first_turn.wrapping_add(at);
            Drawing::try_new(google, &prompt, turn, ratio, size, inputs.clone(), format)
        })
        .collect();
    let drawings = drawings
        .ok_or_else(|| Failure::model(500, "internal_server_error", "Internal server error"))?;
    Ok(Plan {
        output: Output::Pictures {
            drawings,
            format,
            inline,
        },
        cost_micros: model.price(resolution) * count,
        units: count as f64,
    })
}
