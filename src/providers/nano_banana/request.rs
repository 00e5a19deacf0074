//! The request body.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rei_actors::ports::provider::RenderRequest;
use rei_domain::spec::{Aspect, ImageLook};
use serde_json::json;

/// The body of `generateContent`: words first, then the pictures in the user's order. `TEXT`
/// is asked for beside `IMAGE`, because without it an explanation of a refusal is lost.
pub(super) fn body(request: &RenderRequest, look: ImageLook) -> Vec<u8> {
    let mut parts = vec![json!({ "text": request.prompt })];
    for picture in request.pictures() {
        parts.push(json!({
            "inlineData": {
                "mimeType": picture.kind.mime(),
                "data": STANDARD.encode(&picture.bytes),
            }
        }));
    }
    let mut image = json!({ "imageSize": look.size.as_str() });
    if look.aspect != Aspect::Auto {
        image["aspectRatio"] = json!(look.aspect.as_str());
    }
    let body = json!({
        "contents": [{ "role": "user", "parts": parts }],
        "generationConfig": {
            "responseModalities": ["TEXT", "IMAGE"],
            "imageConfig": image,
        },
    });
    body.to_string().into_bytes()
}
