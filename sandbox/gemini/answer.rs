//! The answers of HTTP status 200, good and bad, as JSON.

use super::models::{Model, Thinking};
use super::painter::Picture;
use super::request::{Modalities, Request};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use uuid::Uuid;

/// The tokens an input picture is counted as.
const INPUT_TOKENS: u64 = 258;

/// The tokens of thinking a model that shows its thoughts is billed for.
const THOUGHT_TOKENS: u64 = 215;

/// The answer with a picture. `draft` is the interim picture among the thoughts.
pub fn picture(model: &Model, request: &Request, draft: &Picture, picture: &Picture) -> Value {
    let mut parts = thoughts(model, draft);
    if request.modalities == Modalities::TextAndImage {
        parts.push(json!({ "text": "Here is your picture." }));
    }
    let mut last = inline(picture);
    last["thoughtSignature"] = json!(signature());
    parts.push(last);
    let tokens = request.size.tokens();
    let usage = usage(model, request, tokens, "IMAGE");
    whole(model, candidate(parts, "STOP"), usage)
}

/// The answer whose only pictures are thoughts.
pub fn only_thoughts(model: &Model, request: &Request, draft: &Picture) -> Value {
    let parts = vec![
        json!({ "text": "Trying a first composition.", "thought": true }),
        thought_picture(draft),
    ];
    let usage = usage(model, request, 0, "TEXT");
    whole(model, candidate(parts, "STOP"), usage)
}

/// The answer with words where a picture should be.
pub fn no_picture(model: &Model, request: &Request) -> Value {
    let parts = vec![json!({ "text": "I can describe the picture, if you like." })];
    let usage = usage(model, request, 12, "TEXT");
    whole(model, candidate(parts, "STOP"), usage)
}

/// The candidate that ended for another reason than being done.
pub fn finished(model: &Model, request: &Request, reason: &str) -> Value {
    let candidate = json!({
        "index": 0,
        "content": {},
        "finishReason": reason,
        "finishMessage": "Unable to show the generated image.",
    });
    whole(model, candidate, prompt_usage(request))
}

/// The prompt that was blocked before anything was made.
pub fn blocked(model: &Model, request: &Request, reason: &str) -> Value {
    json!({
        "promptFeedback": { "blockReason": reason, "safetyRatings": [] },
        "usageMetadata": prompt_usage(request),
        "modelVersion": model.id,
        "responseId": response_id(),
    })
}

/// The answer that holds nothing to go by.
pub fn empty(model: &Model, request: &Request) -> Value {
    json!({
        "usageMetadata": prompt_usage(request),
        "modelVersion": model.id,
        "responseId": response_id(),
    })
}

fn whole(model: &Model, candidate: Value, usage: Value) -> Value {
    json!({
        "candidates": [candidate],
        "usageMetadata": usage,
        "modelVersion": model.id,
        "responseId": response_id(),
    })
}

fn candidate(parts: Vec<Value>, reason: &str) -> Value {
    json!({
        "index": 0,
        "content": { "role": "model", "parts": parts },
        "finishReason": reason,
    })
}

fn thoughts(model: &Model, draft: &Picture) -> Vec<Value> {
    match model.thinking {
        Thinking::Silent => Vec::new(),
        Thinking::Shown => vec![
            json!({ "text": "Choosing a composition and its colours.", "thought": true }),
            thought_picture(draft),
        ],
    }
}

fn thought_picture(draft: &Picture) -> Value {
    let mut part = inline(draft);
    part["thought"] = json!(true);
    part
}

fn inline(picture: &Picture) -> Value {
    json!({ "inlineData": { "mimeType": picture.mime, "data": STANDARD.encode(&picture.bytes) } })
}

fn signature() -> String {
    STANDARD.encode(Uuid::now_v7().as_bytes())
}

fn response_id() -> String {
    Uuid::now_v7().simple().to_string()
}

/// Four letters a token, as a rule of thumb.
fn text_tokens(request: &Request) -> u64 {
    request.prompt.chars().count() as u64 / 4 + 1
}

fn prompt_usage(request: &Request) -> Value {
    let text = text_tokens(request);
    let images = request.images.len() as u64 * INPUT_TOKENS;
    let mut details = vec![json!({ "modality": "TEXT", "tokenCount": text })];
    if images > 0 {
        details.push(json!({ "modality": "IMAGE", "tokenCount": images }));
    }
    json!({
        "promptTokenCount": text + images,
        "totalTokenCount": text + images,
        "promptTokensDetails": details,
    })
}

fn usage(model: &Model, request: &Request, tokens: u64, modality: &str) -> Value {
    let thoughts = match model.thinking {
        Thinking::Shown => THOUGHT_TOKENS,
        Thinking::Silent => 0,
    };
    let prompt = text_tokens(request) + request.images.len() as u64 * INPUT_TOKENS;
    let mut usage = prompt_usage(request);
    usage["candidatesTokenCount"] = json!(tokens);
    usage["candidatesTokensDetails"] = json!([{ "modality": modality, "tokenCount": tokens }]);
    if thoughts > 0 {
        usage["thoughtsTokenCount"] = json!(thoughts);
    }
    usage["totalTokenCount"] = json!(prompt + tokens + thoughts);
    usage
}
