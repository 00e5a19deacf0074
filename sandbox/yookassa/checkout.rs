//! The checkout page: what the payer sees behind `confirmation_url`, in Russian.
//!
//! Four buttons decide what happens: pay, decline, pay late, do nothing. There is no card to
//! type. Everything that came from outside is escaped; the page runs no script and loads its
//! style alone.

use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::LOCATION;
use actix_web::web::{self, Data, Form, Path, Query, ServiceConfig};
use serde::Deserialize;

use super::declines::{self, DECLINES};
use super::handle::Handle;
use super::html::{self, escaped, sum};
use super::notices::Notice;
use super::order::Confirmation;
use super::payment::{Payment, Status};
use super::shop::Environment;

const PAGE: &str = include_str!("checkout/page.html");
const STYLE: &str = include_str!("checkout/style.css");

/// How long a payer who pays late takes, on the sandbox's clock.
const LATE: Duration = Duration::from_secs(15);

/// How often the page looks whether the late payment has come, in seconds.
const REFRESH_SECS: u32 = 3;

/// Adds the page to a server.
pub fn configure(service: &mut ServiceConfig) {
    let style = || async {
        HttpResponse::Ok()
            .content_type("text/css; charset=utf-8")
            .body(STYLE)
    };
    service
        .route("/yookassa/checkout/style.css", web::get().to(style))
        .route(
            "/yookassa/checkout/payments/v2/contract",
            web::get().to(show),
        )
        .route("/yookassa/checkout/{id}/{choice}", web::post().to(choose));
}

/// Which payment, and what was just chosen that left no trace.
#[derive(Deserialize)]
struct Shown {
    #[serde(rename = "orderId")]
    order_id: String,
    #[serde(default)]
    left: Option<String>,
}

/// What the payer has just done on the page.
#[derive(Clone, Copy)]
enum Visit {
    Fresh,
    /// Chosen to do nothing.
    LeftAlone,
}

async fn show(handle: Data<Handle>, shown: Query<Shown>) -> HttpResponse {
    let page = handle.shared().read(|state| {
        let payment = state.payments.get(&shown.order_id)?;
        let remaining = (payment.created_at + super::till::TIME_TO_PAY).saturating_sub(state.now());
        let visit = match shown.left {
            Some(_) => Visit::LeftAlone,
            None => Visit::Fresh,
        };
        Some(render(payment, remaining, visit, state.shop.environment))
    });
    match page {
        Some(page) => html::page(StatusCode::OK, page),
        None => html::page(StatusCode::NOT_FOUND, not_found()),
    }
}

/// The reason of a refusal, from the page's list.
#[derive(Default, Deserialize)]
struct Chosen {
    #[serde(default)]
    reason: Option<String>,
}

async fn choose(
    handle: Data<Handle>,
    path: Path<(String, String)>,
    chosen: Option<Form<Chosen>>,
) -> HttpResponse {
    let (id, choice) = path.into_inner();
    let reason = chosen.and_then(|chosen| chosen.into_inner().reason);
    let reason = reason.as_deref().unwrap_or("general_decline");
    let mut note = "";
    let outcome = match choice.as_str() {
        "pay" => handle.pay(&id, Notice::Sent),
        "decline" => handle.decline(&id, reason, Notice::Sent),
        "late" => handle.pay_late(&id, LATE),
        "nothing" => {
            note = "&left=1";
            Ok(())
        }
        _ => return html::page(StatusCode::NOT_FOUND, not_found()),
    };
    if let Err(refusal) = outcome
        && refusal.status == 404
    {
        return html::page(StatusCode::NOT_FOUND, not_found());
    }
    // Whoever came too late sees on the page what the payment has become.
    let id: String = id
        .chars()
        .filter(|it| it.is_ascii_hexdigit() || *it == '-')
        .collect();
    let location = format!("/yookassa/checkout/payments/v2/contract?orderId={id}{note}");
    HttpResponse::SeeOther()
        .insert_header((LOCATION, location))
        .finish()
}

/// The parts of the page that differ.
struct Parts {
    head: String,
    mood: &'static str,
    title: String,
    text: String,
    actions: String,
}

impl Parts {
    fn fill(&self, amount: &str, description: &str, back: &str, badge: &str) -> String {
        let values = [
            ("head", self.head.as_str()),
            ("mood", self.mood),
            ("title", &self.title),
            ("text", &self.text),
            ("actions", &self.actions),
            ("amount", amount),
            ("description", description),
            ("back", back),
            ("badge", badge),
        ];
        html::fill(PAGE, &values)
    }
}

fn render(
    payment: &Payment,
    remaining: Duration,
    visit: Visit,
    environment: Environment,
) -> String {
    let parts = match &payment.status {
        Status::Pending if payment.pays_late => Parts {
            head: format!("<meta http-equiv=\"refresh\" content=\"{REFRESH_SECS}\">"),
            mood: "late",
            title: "Платёж придёт позже".to_owned(),
            text: "Деньги придут через несколько секунд. Можно вернуться, не дожидаясь.".to_owned(),
            actions: String::new(),
        },
        Status::Pending => {
            let (title, news) = match visit {
                Visit::Fresh => ("К оплате", ""),
                Visit::LeftAlone => ("Платёж ждёт", "Ничего не произошло. "),
            };
            let minutes = remaining.as_secs().div_ceil(60);
            Parts {
                head: String::new(),
                mood: "pending",
                title: title.to_owned(),
                text: format!("{news}Оплатить можно ещё {minutes} мин."),
                actions: actions(&payment.id),
            }
        }
        Status::WaitingForCapture { .. } => Parts {
            head: String::new(),
            mood: "paid",
            title: "Деньги зарезервированы".to_owned(),
            text: "Магазин ещё должен подтвердить платёж.".to_owned(),
            actions: String::new(),
        },
        Status::Succeeded { .. } => Parts {
            head: String::new(),
            mood: "paid",
            title: "Оплачено".to_owned(),
            text: if payment.refunded > 0 {
                let refunded = payment.amount.with(payment.refunded).value();
                format!("Возвращено {}.", sum(&refunded, &payment.amount.currency))
            } else {
                "Деньги получены. Можно возвращаться.".to_owned()
            },
            actions: String::new(),
        },
        Status::Canceled { cancellation } => Parts {
            head: String::new(),
            mood: "canceled",
            title: "Платёж отменён".to_owned(),
            text: format!("{}.", declines::words(&cancellation.reason)),
            actions: String::new(),
        },
    };
    let back = match &payment.order.confirmation {
        Confirmation::Redirect { return_url } => format!(
            "<a class=\"back\" data-return rel=\"noreferrer\" href=\"{}\">← Вернуться в магазин</a>",
            escaped(return_url)
        ),
        Confirmation::Embedded => String::new(),
    };
    let badge = match environment {
        Environment::Test => "Тестовый магазин",
        Environment::Live => "Песочница",
    };
    let amount = sum(&payment.amount.value(), &payment.amount.currency);
    let description = payment.order.description.as_deref().unwrap_or_default();
    parts.fill(&amount, &escaped(description), &back, badge)
}

fn actions(id: &str) -> String {
    let button = |choice: &str, class: &str, words: &str, inside: &str| {
        format!(
            "<form method=\"post\" action=\"/yookassa/checkout/{id}/{choice}\">{inside}\
             <button class=\"{class}\" data-choice=\"{choice}\">{words}</button></form>"
        )
    };
    let options: String = DECLINES
        .iter()
        .map(|decline| {
            format!(
                "<option value=\"{}\">{}</option>",
                decline.reason, decline.words
            )
        })
        .collect();
    let reasons = format!(
        "<label><span>Причина отказа</span><select name=\"reason\">{options}</select></label>"
    );
    [
        button("pay", "primary", "Оплатить", ""),
        button("late", "", "Оплатить позже", ""),
        button("nothing", "", "Ничего не делать", ""),
        button("decline", "danger", "Отклонить", &reasons),
    ]
    .concat()
}

fn not_found() -> String {
    let parts = Parts {
        head: String::new(),
        mood: "canceled",
        title: "Такого платежа нет".to_owned(),
        text: "Ссылка неверна, или песочница с тех пор перезапускалась.".to_owned(),
        actions: String::new(),
    };
    parts.fill("", "", "", "Песочница")
}
