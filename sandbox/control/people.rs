//! The people: who they are, what they see, and everything they can do.

use actix_web::http::header::CONTENT_TYPE;
use actix_web::web::{self, Bytes, Data, Json, Path, PayloadConfig, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{ControlError, person};
use crate::telegram::params::Params;
use crate::telegram::{Handle, Player};

/// An album of large pictures, in bytes.
const REQUEST_BYTES_MAX: usize = 256 << 20;

type Answer = Result<HttpResponse, ControlError>;

pub fn configure(service: &mut ServiceConfig) {
    service
        .service(
            web::resource("/players")
                .route(web::get().to(players))
                .route(web::post().to(create)),
        )
        .service(
            web::scope("/chats/{id}")
                .app_data(PayloadConfig::new(REQUEST_BYTES_MAX))
                .route("", web::get().to(chat))
                .route("/render", web::get().to(render))
                .route("/text", web::post().to(text))
                .route("/media", web::post().to(media))
                .route("/sticker", web::post().to(sticker))
                .route("/voice", web::post().to(voice))
                .route("/edit", web::post().to(edit))
                .route("/press", web::post().to(press))
                .route("/block", web::post().to(block))
                .route("/unblock", web::post().to(unblock)),
        );
}

fn message_id(id: i64) -> HttpResponse {
    HttpResponse::Ok().json(json!({ "message_id": id }))
}

async fn players(telegram: Data<Handle>) -> HttpResponse {
    let shown: Vec<Value> = telegram
        .players()
        .iter()
        .filter_map(|player| telegram.view(player.id()))
        .collect();
    HttpResponse::Ok().json(shown)
}

/// Who comes.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Create {
    id: i64,
    first_name: String,
    #[serde(default)]
    language_code: String,
}

async fn create(telegram: Data<Handle>, new: Json<Create>) -> Answer {
    if new.id <= 0 {
        return Err(ControlError::bad_request("a person's id is positive"));
    }
    let player = telegram.player(new.id, &new.first_name, &new.language_code);
    see(&telegram, &player)
}

async fn chat(telegram: Data<Handle>, id: Path<i64>) -> Answer {
    see(&telegram, &person(&telegram, *id)?)
}

fn see(telegram: &Handle, player: &Player) -> Answer {
    let view = telegram.view(player.id());
    let view = view.ok_or_else(|| ControlError::not_found("the person is gone"))?;
    Ok(HttpResponse::Ok().json(view))
}

async fn render(telegram: Data<Handle>, id: Path<i64>) -> Answer {
    let text = person(&telegram, *id)?.render();
    Ok(HttpResponse::Ok()
        .content_type("text/plain; charset=utf-8")
        .body(text))
}

/// What they write.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Text {
    text: String,
    reply_to: Option<i64>,
}

async fn text(telegram: Data<Handle>, id: Path<i64>, said: Json<Text>) -> Answer {
    if said.text.trim().is_empty() {
        return Err(ControlError::bad_request("a message has words"));
    }
    let player = person(&telegram, *id)?;
    Ok(message_id(match said.reply_to {
        Some(to) => player.reply(to, &said.text),
        None => player.text(&said.text),
    }))
}

/// Files as multipart parts, in the order of the parts' names, with `caption`, `reply_to` and
/// `as` (`photo`, the default, or `document`).
async fn media(telegram: Data<Handle>, id: Path<i64>, request: HttpRequest, body: Bytes) -> Answer {
    let player = person(&telegram, *id)?;
    let content_type = request
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|it| it.to_str().ok());
    let params = Params::read(content_type, "", body).await;
    let params = params.map_err(|error| ControlError::bad_request(error.description))?;
    let caption = params.text("caption").filter(|caption| !caption.is_empty());
    let reply_to = params.integer("reply_to");
    let shown_as = params.text("as");
    let uploads = params.into_uploads();
    if uploads.is_empty() {
        return Err(ControlError::bad_request("there is no file in the request"));
    }
    let ids = match shown_as.as_deref() {
        None | Some("photo") => {
            let pictures = uploads.into_iter().map(|upload| upload.bytes).collect();
            player.pictures(pictures, caption.as_deref(), reply_to)
        }
        Some("document") => player.documents(uploads, caption.as_deref(), reply_to),
        Some(_) => return Err(ControlError::bad_request("`as` is photo or document")),
    };
    Ok(HttpResponse::Ok().json(json!({ "message_ids": ids })))
}

async fn sticker(telegram: Data<Handle>, id: Path<i64>) -> Answer {
    Ok(message_id(person(&telegram, *id)?.sticker()))
}

async fn voice(telegram: Data<Handle>, id: Path<i64>) -> Answer {
    Ok(message_id(person(&telegram, *id)?.voice()))
}

/// Which own message says what now.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Edit {
    message_id: i64,
    text: String,
}

async fn edit(telegram: Data<Handle>, id: Path<i64>, edit: Json<Edit>) -> Answer {
    let edited = person(&telegram, *id)?.edit(edit.message_id, &edit.text);
    edited.map_err(ControlError::bad_request)?;
    Ok(message_id(edit.message_id))
}

/// A button by its label or data, or any data, as an old client sends it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Press {
    message_id: i64,
    button: Option<String>,
    data: Option<String>,
}

async fn press(telegram: Data<Handle>, id: Path<i64>, press: Json<Press>) -> Answer {
    let player = person(&telegram, *id)?;
    let callback_id = match (&press.button, &press.data) {
        (Some(button), None) => player
            .press(press.message_id, button)
            .map_err(ControlError::bad_request)?,
        (None, Some(data)) => player.press_data(press.message_id, data),
        (Some(_), Some(_)) | (None, None) => {
            return Err(ControlError::bad_request(
                "a press names either `button` or `data`",
            ));
        }
    };
    Ok(HttpResponse::Ok().json(json!({ "callback_id": callback_id })))
}

async fn block(telegram: Data<Handle>, id: Path<i64>) -> Answer {
    let player = person(&telegram, *id)?;
    player.block();
    see(&telegram, &player)
}

async fn unblock(telegram: Data<Handle>, id: Path<i64>) -> Answer {
    let player = person(&telegram, *id)?;
    player.unblock();
    see(&telegram, &player)
}
