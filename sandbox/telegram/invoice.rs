//! The page behind an invoice's link, for people: who pays, and a button.

use actix_web::http::StatusCode;
use actix_web::web::{self, Data, Form, Path, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;

use super::Handle;
use super::stars::Invoice;
use crate::yookassa::html::{escaped, page};

/// Adds the page to a server. It is no part of the Bot API.
pub(crate) fn configure(service: &mut ServiceConfig, handle: &Handle) {
    service.service(
        web::scope("/telegram-invoice")
            .app_data(Data::new(handle.clone()))
            .route("/{slug}", web::get().to(show))
            .route("/{slug}", web::post().to(pay)),
    );
}

#[derive(Deserialize)]
struct Payer {
    user: i64,
}

async fn show(handle: Data<Handle>, slug: Path<String>) -> HttpResponse {
    let invoice = handle
        .shared()
        .read(|state| state.stars.invoices.get(&*slug).cloned());
    match invoice {
        Some(invoice) => page(StatusCode::OK, whole(&body(&handle, &invoice))),
        None => page(
            StatusCode::NOT_FOUND,
            whole("<h1>There is no such invoice</h1>"),
        ),
    }
}

async fn pay(
    handle: Data<Handle>,
    slug: Path<String>,
    payer: Form<Payer>,
    request: HttpRequest,
) -> HttpResponse {
    let Some(player) = handle.find_player(payer.user) else {
        return page(
            StatusCode::NOT_FOUND,
            whole("<h1>There is no such person</h1>"),
        );
    };
    // The page is the person's client; the path says what it is open at.
    let paid = player.pay_stars(request.path()).await;
    let told = match paid {
        Ok(()) => "<h1>⭐ Paid</h1><p>Go back to the chat.</p>".to_owned(),
        Err(why) => format!(
            "<h1>Not paid</h1><p>{}</p><p>Invoice {}</p>",
            escaped(&why),
            slug
        ),
    };
    page(StatusCode::OK, whole(&told))
}

fn body(handle: &Handle, invoice: &Invoice) -> String {
    let people = handle.players().into_iter().map(|player| {
        let (id, stars) = (player.id(), player.stars());
        format!("<option value=\"{id}\">person {id}, ⭐ {stars}</option>")
    });
    let people: String = people.collect();
    format!(
        "<h1>{}</h1><p>{}</p><form method=\"post\"><label>Who pays \
         <select name=\"user\">{people}</select></label> \
         <button>Pay ⭐ {}</button></form>",
        escaped(&invoice.title),
        escaped(&invoice.description),
        invoice.amount
    )
}

fn whole(body: &str) -> String {
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><title>Telegram Stars</title>\
         </head><body>{body}</body></html>"
    )
}
