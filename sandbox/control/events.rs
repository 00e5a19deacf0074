//! Live news: which chats changed, as server-sent events.

use std::convert::Infallible;
use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::http::header::CACHE_CONTROL;
use actix_web::web::{Bytes, Data};
use futures_util::stream;
use serde_json::json;

use crate::telegram::Handle;

/// A line without meaning keeps the connection known to be alive.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// `GET /control/events`: the version of every chat, at once and after every change.
pub async fn events(telegram: Data<Handle>) -> HttpResponse {
    let changes = telegram.shared().changes();
    let news = stream::unfold(
        (telegram, changes, None),
        |(telegram, mut changes, told)| async {
            let mut told: Option<String> = told;
            loop {
                changes.borrow_and_update();
                let versions = json!({ "chats": telegram.versions() }).to_string();
                if told.as_deref() != Some(versions.as_str()) {
                    let event = Bytes::from(format!("data: {versions}\n\n"));
                    told = Some(versions);
                    return Some((Ok::<_, Infallible>(event), (telegram, changes, told)));
                }
                match tokio::time::timeout(HEARTBEAT, changes.changed()).await {
                    Ok(Ok(())) => {}
                    Ok(Err(_)) => return None,
                    Err(_) => {
                        let beat = Bytes::from_static(b": still here\n\n");
                        return Some((Ok(beat), (telegram, changes, told)));
                    }
                }
            }
        },
    );
    HttpResponse::Ok()
        .content_type("text/event-stream")
        .insert_header((CACHE_CONTROL, "no-store"))
        .streaming(news)
}
