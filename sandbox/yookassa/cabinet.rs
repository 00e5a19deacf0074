//! The merchant's cabinet: the last payments, how their notifications fare, and refunds by hand.
//!
//! A refund made here is the one the bot hears of from YooKassa alone.

use std::collections::HashMap;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::LOCATION;
use actix_web::web::{self, Data, Path, ServiceConfig};

use super::declines;
use super::handle::Handle;
use super::html::{self, escaped, fill, sum};
use super::moment;
use super::notices::{Delivery, DeliveryState, Notice};
use super::payment::{Payment, Status};
use super::state::State;

const PAGE: &str = include_str!("checkout/cabinet.html");

/// Payments on the page, and deliveries that are looked at for them.
const PAYMENTS_MAX: usize = 30;
const DELIVERIES_MAX: usize = 500;

/// Adds the cabinet to a server.
pub fn configure(service: &mut ServiceConfig) {
    service
        .route("/yookassa/cabinet", web::get().to(show))
        .route("/yookassa/cabinet/{id}/refund", web::post().to(refund));
}

async fn show(handle: Data<Handle>) -> HttpResponse {
    html::page(StatusCode::OK, handle.shared().read(render))
}

async fn refund(handle: Data<Handle>, id: Path<String>) -> HttpResponse {
    match handle.refund_in_cabinet(&id, None, Notice::Sent) {
        Ok(_) => HttpResponse::SeeOther()
            .insert_header((LOCATION, "/yookassa/cabinet"))
            .finish(),
        Err(refusal) => {
            let status = StatusCode::from_u16(refusal.status).unwrap_or(StatusCode::BAD_REQUEST);
            let what = format!("<p class=\"empty\">{}</p>", escaped(&refusal.to_string()));
            let values = [("shop", ""), ("payments", what.as_str())];
            html::page(status, fill(PAGE, &values))
        }
    }
}

fn render(state: &State) -> String {
    let mut told: HashMap<&str, &Delivery> = HashMap::new();
    for delivery in state.post.latest(DELIVERIES_MAX) {
        told.entry(&delivery.object_id).or_insert(delivery);
    }
    let newest = state.payments.newest(None).take(PAYMENTS_MAX);
    let mut payments: String = newest
        .map(|(_, payment)| row(payment, told.get(payment.id.as_str()).copied()))
        .collect();
    if payments.is_empty() {
        payments = "<p class=\"empty\">Платежей ещё не было.</p>".to_owned();
    }
    let shop = escaped(&state.shop.account_id);
    fill(PAGE, &[("shop", &shop), ("payments", &payments)])
}

fn row(payment: &Payment, told: Option<&Delivery>) -> String {
    let money = |minor: i64| {
        let amount = payment.amount.with(minor);
        sum(&amount.value(), &amount.currency)
    };
    let (class, mut state) = match &payment.status {
        Status::Pending => ("pending", "Ждёт оплаты".to_owned()),
        Status::WaitingForCapture { .. } => ("pending", "Зарезервирован".to_owned()),
        Status::Succeeded { .. } => ("good", "Оплачен".to_owned()),
        Status::Canceled { cancellation } => {
            let words = declines::words(&cancellation.reason);
            ("bad", format!("Отменён: {}", words.to_lowercase()))
        }
    };
    if payment.refunded > 0 {
        state = format!("Возвращено {}", money(payment.refunded));
    }
    if payment.refunding > 0 {
        state = format!("{state}, возвращается {}", money(payment.refunding));
    }
    let notice = told.map(|delivery| match delivery.state {
        DeliveryState::Unsent => "не отправлено".to_owned(),
        DeliveryState::Lost => "потеряно".to_owned(),
        DeliveryState::Waiting | DeliveryState::UnderWay => {
            format!("в пути, попыток: {}", delivery.attempts)
        }
        DeliveryState::Delivered => "доставлено".to_owned(),
        DeliveryState::GivenUp => "не доставлено за сутки".to_owned(),
    });
    let notice = notice.map_or(String::new(), |words| format!("Уведомление {words}"));
    let action = match &payment.status {
        Status::Pending => format!(
            "<a class=\"key\" href=\"/yookassa/checkout/payments/v2/contract?orderId={}\">К оплате</a>",
            payment.id
        ),
        Status::Succeeded { .. } if payment.refundable_minor() > 0 => format!(
            "<form method=\"post\" action=\"/yookassa/cabinet/{}/refund\">\
             <button class=\"danger\" data-refund>Вернуть {}</button></form>",
            payment.id,
            money(payment.refundable_minor())
        ),
        Status::WaitingForCapture { .. } | Status::Succeeded { .. } | Status::Canceled { .. } => {
            String::new()
        }
    };
    let description = payment.order.description.as_deref().unwrap_or_default();
    format!(
        "<article class=\"payment\" data-payment=\"{id}\" data-status=\"{status}\">\
         <div><strong>{amount}</strong><span class=\"{class}\">{state}</span></div>\
         <p>{description}</p><p class=\"small\">{created} · {id}</p>\
         <p class=\"small\">{notice}</p>{action}</article>",
        id = payment.id,
        status = payment.status.name(),
        amount = money(payment.amount.minor),
        description = escaped(description),
        created = moment::written(payment.created_at),
    )
}
