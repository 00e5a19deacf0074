//! The checkout page: what the payer sees behind `confirmation_url`, in Russian.
//!
//! Four buttons decide what happens: pay, decline, pay late, do nothing. There is no card to
//! type. Everything that came from outside is escaped; the page runs no script and loads its
//! style alone.

use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, LOCATION};
use actix_web::web::{self, Data, Form, Path, Query, ServiceConfig};
use serde::Deserialize;

use super::declines::{self, DECLINES};
use super::handle::Handle;
use super::notices::Notice;
use super::order::Confirmation;
use super::payment::{Payment, Status};
use super::shop::Environment;

const PAGE: &str = include_str!("checkout/page.html");
const STYLE: &str = include_str!("checkout/style.css");

const POLICY: &str = "default-src 'none'; style-src 'self'; img-src data:; form-action 'self'; \
    base-uri 'none'; frame-ancestors 'none'";

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
        Some(page) => html(StatusCode::OK, page),
        None => html(StatusCode::NOT_FOUND, not_found()),
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
        _ => return html(StatusCode::NOT_FOUND, not_found()),
    };
    if let Err(refusal) = outcome
        && refusal.status == 404
    {
        return html(StatusCode::NOT_FOUND, not_found());
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

fn html(status: StatusCode, page: String) -> HttpResponse {
    HttpResponse::build(status)
        .content_type("text/html; charset=utf-8")
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((CONTENT_SECURITY_POLICY, POLICY))
        .body(page)
}

/// The parts of the page that differ.
struct Parts {
    head: String,
    mood: &'static str,
    title: String,
    text: String,
    actions: String,
}

fn fill(parts: &Parts, amount: &str, description: &str, back: &str, badge: &str) -> String {
    // One pass over the template: what was filled in is never looked at again.
    let mut page = String::with_capacity(PAGE.len() * 2);
    let mut rest = PAGE;
    while let Some((before, behind)) = rest.split_once("{{") {
        page.push_str(before);
        let Some((name, after)) = behind.split_once("}}") else {
            break;
        };
        page.push_str(match name {
            "head" => &parts.head,
            "mood" => parts.mood,
            "title" => &parts.title,
            "text" => &parts.text,
            "actions" => &parts.actions,
            "amount" => amount,
            "description" => description,
            "back" => back,
            "badge" => badge,
            _ => "",
        });
        rest = after;
    }
    page.push_str(rest);
    page
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
                format!(
                    "Возвращено {}.",
                    roubles(&refunded, &payment.amount.currency)
                )
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
    let amount = roubles(&payment.amount.value(), &payment.amount.currency);
    let description = payment.order.description.as_deref().unwrap_or_default();
    fill(&parts, &amount, &escaped(description), &back, badge)
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
    fill(&parts, "", "", "", "Песочница")
}

/// `1234567.00` as a payer reads it.
fn roubles(value: &str, currency: &str) -> String {
    let (whole, cents) = value.split_once('.').unwrap_or((value, "00"));
    let mut grouped = String::new();
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at).is_multiple_of(3) {
            grouped.push('\u{a0}');
        }
        grouped.push(digit);
    }
    let sign = if currency == "RUB" { "₽" } else { currency };
    format!("{grouped},{cents}\u{a0}{sign}")
}

fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            letter => safe.push(letter),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sum_is_grouped_for_people() {
        assert_eq!(
            roubles("1234567.50", "RUB"),
            "1\u{a0}234\u{a0}567,50\u{a0}₽"
        );
        assert_eq!(roubles("100.00", "USD"), "100,00\u{a0}USD");
    }

    #[test]
    fn nothing_from_outside_becomes_html_or_a_placeholder() {
        assert_eq!(escaped("<a href=\"'&"), "&lt;a href=&quot;&#39;&amp;");
        let parts = Parts {
            head: String::new(),
            mood: "pending",
            title: String::new(),
            text: "{{back}}".to_owned(),
            actions: String::new(),
        };
        assert!(!fill(&parts, "", "{{back}}", "SECRET", "").contains("SECRETSECRET"));
        assert!(fill(&parts, "", "{{back}}", "x", "").contains("{{back}}"));
    }
}
