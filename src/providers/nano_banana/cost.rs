//! What calls cost the platform: by the price list before, by the usage in the answer after.
//!
//! Costs are rounded up to a kopeck once, at the end: a cost is never understated, and never
//! nothing, because a loss of nothing could not be booked.

use bigdecimal::{BigDecimal, RoundingMode, ToPrimitive};
use rei_domain::money::Money;
use rei_domain::spec::Size;
use serde::Deserialize;

use crate::config;

/// The tokens of a call, as `usageMetadata` counts them. Every field may be absent.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Usage {
    prompt_token_count: u64,
    candidates_token_count: u64,
    thoughts_token_count: u64,
    candidates_tokens_details: Vec<ModalityTokens>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct ModalityTokens {
    modality: String,
    token_count: u64,
}

impl Usage {
    /// Tokens of pictures in the answer; interim pictures of the thinking are not among them.
    fn image_tokens(&self) -> u64 {
        let images = self.candidates_tokens_details.iter();
        images
            .filter(|detail| detail.modality == "IMAGE")
            .fold(0, |sum, detail| sum.saturating_add(detail.token_count))
    }
}

/// Prices of one model in kopecks, exactly, at the configured exchange rate.
#[derive(Clone, Debug)]
pub(super) struct Prices {
    one_k: BigDecimal,
    two_k: BigDecimal,
    four_k: BigDecimal,
    /// An input picture, in an estimate.
    input: BigDecimal,
    prompt_token: BigDecimal,
    text_token: BigDecimal,
    image_token: BigDecimal,
}

impl Prices {
    /// The configured prices; `usd_rub` is roubles for a US dollar.
    pub(super) fn new(settings: &config::GeminiModel, usd_rub: &BigDecimal) -> Prices {
        // Dollars times roubles for a dollar are roubles; a hundred kopecks each.
        let of_micro_usd = |micro_usd: i64| BigDecimal::from(micro_usd) * usd_rub / 10_000;
        let of_million = |usd: &BigDecimal| usd * usd_rub / 10_000;
        Prices {
            one_k: of_micro_usd(settings.cost_1k_micro_usd),
            two_k: of_micro_usd(settings.cost_2k_micro_usd),
            four_k: of_micro_usd(settings.cost_4k_micro_usd),
            input: of_micro_usd(settings.cost_input_micro_usd),
            prompt_token: of_million(&settings.usd_per_million_prompt_tokens),
            text_token: of_million(&settings.usd_per_million_text_tokens),
            image_token: of_million(&settings.usd_per_million_image_tokens),
        }
    }

    /// The cost by the price list.
    pub(super) fn estimate(&self, size: Size, inputs: usize) -> Money {
        let picture = match size {
            Size::OneK => &self.one_k,
            Size::TwoK => &self.two_k,
            Size::FourK => &self.four_k,
        };
        let inputs = BigDecimal::from(u64::try_from(inputs).unwrap_or(u64::MAX));
        booked(picture + &self.input * inputs)
    }

    /// The cost by the answer's usage. `None` when it counts no tokens of a picture, though there
    /// is one: such a count is not to be believed.
    pub(super) fn of_usage(&self, usage: &Usage) -> Option<Money> {
        let images = usage.image_tokens();
        if images == 0 {
            return None;
        }
        let words = usage.candidates_token_count.saturating_sub(images);
        let texts = words.saturating_add(usage.thoughts_token_count);
        let prompt = &self.prompt_token * BigDecimal::from(usage.prompt_token_count);
        let text = &self.text_token * BigDecimal::from(texts);
        let image = &self.image_token * BigDecimal::from(images);
        Some(booked(prompt + text + image))
    }
}

/// Whole kopecks, at least one and at most what an operation may move.
fn booked(kopecks: BigDecimal) -> Money {
    let whole = kopecks.with_scale_round(0, RoundingMode::Ceiling);
    let whole = whole.to_i64().unwrap_or(i64::MAX);
    Money::from_kopecks(whole.max(1)).min(Money::OPERATION_MAX)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use serde_json::{Value, json};

    use super::*;
    use crate::config::{Config, Environment};

    /// The demo's prices: 85 roubles for a dollar.
    fn prices() -> Prices {
        let environment = Environment::of([]);
        let config = Config::demo(&environment, Path::new(".")).unwrap().config;
        Prices::new(&config.providers.nano_banana.pro, &config.billing.usd_rub)
    }

    fn used(usage: Value) -> Option<i64> {
        let usage: Usage = serde_json::from_value(usage).unwrap();
        let cost = prices().of_usage(&usage);
        cost.map(Money::kopecks)
    }

    #[test]
    fn an_estimate_follows_size_and_inputs_and_is_rounded_up() {
        let prices = prices();
        let check = |size, inputs, kopecks| {
            assert_eq!(prices.estimate(size, inputs).kopecks(), kopecks);
        };
        // 0.134, 0.24 and 0.0011 dollars.
        check(Size::OneK, 0, 1_139);
        check(Size::TwoK, 0, 1_139);
        check(Size::FourK, 0, 2_040);
        check(Size::OneK, 1, 1_149);
        check(Size::OneK, 14, 1_270);
        check(Size::OneK, usize::MAX, Money::OPERATION_MAX.kopecks());
    }

    #[test]
    fn a_usage_is_priced_by_kind_of_token() {
        let usage = json!({
            "promptTokenCount": 300, "candidatesTokenCount": 1_130, "thoughtsTokenCount": 200,
            "totalTokenCount": 1_630,
            "candidatesTokensDetails": [
                { "modality": "TEXT", "tokenCount": 10 },
                { "modality": "IMAGE", "tokenCount": 1_120 },
            ],
        });
        // 300 x 2 + 210 x 12 + 1120 x 120 = 137 520 millionths of a dollar.
        assert_eq!(used(usage), Some(1_169));
    }

    #[test]
    fn a_usage_without_a_picture_is_not_believed() {
        assert_eq!(used(json!({})), None);
        assert_eq!(used(json!({ "promptTokenCount": 300 })), None);
        let words = json!([{ "modality": "TEXT", "tokenCount": 12 }]);
        assert_eq!(used(json!({ "candidatesTokensDetails": words })), None);
    }

    #[test]
    fn an_absurd_usage_stays_within_the_largest_operation() {
        let details = json!([
            { "modality": "IMAGE", "tokenCount": u64::MAX },
            { "modality": "IMAGE", "tokenCount": u64::MAX },
        ]);
        let usage = json!({
            "promptTokenCount": u64::MAX, "thoughtsTokenCount": u64::MAX,
            "candidatesTokensDetails": details,
        });
        assert_eq!(used(usage), Some(Money::OPERATION_MAX.kopecks()));
    }
}
