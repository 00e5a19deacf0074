//! The emulator's controls over HTTP; `README.md` beside this file lists them with examples.

use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::web::{self, Bytes, Data, Path, ServiceConfig};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::faults::Fault;
use super::handle::Handle;
use super::notices::Notice;
use super::refund::{RefundEnd, RefundPlan};
use super::refusal::Refusal;
use super::shop::Method;

type Answer = Result<HttpResponse, Refused>;

/// A control that could not be obeyed, told as `{"error": "…"}`.
#[derive(Debug)]
struct Refused(Refusal);

impl std::fmt::Display for Refused {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(formatter)
    }
}

impl actix_web::ResponseError for Refused {
    fn error_response(&self) -> HttpResponse {
        self.0.control()
    }
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Refused {
        Refused(refusal)
    }
}

/// Adds the controls to a server.
pub fn configure(service: &mut ServiceConfig) {
    service.service(
        web::scope("/control/yookassa")
            .configure(payments)
            .configure(notifications)
            .configure(behaviour),
    );
}

fn payments(service: &mut ServiceConfig) {
    service
        .route("/payments", web::get().to(list_payments))
        .route("/payments", web::post().to(create_payment))
        .route("/payments/{id}", web::get().to(get_payment))
        .route("/payments/{id}/pay", web::post().to(pay))
        .route("/payments/{id}/decline", web::post().to(decline))
        .route("/payments/{id}/expire", web::post().to(expire))
        .route("/payments/{id}/refund", web::post().to(refund_in_cabinet))
        .route("/refunds", web::get().to(list_refunds))
        .route("/refunds/{id}", web::get().to(get_refund))
        .route("/refunds/{id}/finish", web::post().to(finish_refund))
        .route("/refund-plans", web::post().to(plan_refunds))
        .route("/refund-plans", web::delete().to(clear_refund_plans));
}

fn notifications(service: &mut ServiceConfig) {
    service
        .route("/notifications", web::get().to(get_notifications))
        .route("/notifications", web::patch().to(change_notifications))
        .route("/notifications/hold", web::post().to(hold))
        .route("/notifications/release", web::post().to(release))
        .route("/deliveries", web::get().to(deliveries))
        .route("/deliveries", web::post().to(notify))
        .route("/deliveries/tally", web::get().to(tally))
        .route("/deliveries/{number}/repeat", web::post().to(repeat));
}

fn behaviour(service: &mut ServiceConfig) {
    service
        .route("/shop", web::get().to(get_shop))
        .route("/shop", web::patch().to(change_shop))
        .route("/faults", web::get().to(faults))
        .route("/faults", web::post().to(push_fault))
        .route("/faults", web::delete().to(clear_faults))
        .route("/calls", web::get().to(calls))
        .route("/calls", web::delete().to(clear_calls))
        .route("/clock", web::get().to(clock))
        .route("/clock", web::post().to(advance_clock));
}

fn done() -> HttpResponse {
    HttpResponse::Ok().json(json!({ "done": true }))
}

/// A body; without one everything in it is left out.
fn parse<T: DeserializeOwned>(body: &Bytes) -> Result<T, Refusal> {
    let body: &[u8] = if body.is_empty() { b"{}" } else { body };
    serde_json::from_slice(body).map_err(not_understood)
}

fn not_understood(error: serde_json::Error) -> Refusal {
    Refusal::new(400, "invalid_request", error.to_string())
}

fn found(object: Option<Value>) -> Answer {
    let object = object.ok_or_else(|| Refusal::not_found("id", "The object"))?;
    Ok(HttpResponse::Ok().json(object))
}

async fn list_payments(handle: Data<Handle>) -> HttpResponse {
    HttpResponse::Ok().json(handle.payments())
}

async fn create_payment(handle: Data<Handle>, body: Bytes) -> Answer {
    Ok(HttpResponse::Ok().json(handle.create_payment(&parse(&body)?)?))
}

async fn get_payment(handle: Data<Handle>, id: Path<String>) -> Answer {
    found(handle.payment(&id))
}

/// How the payer pays. All of it may be left out, with the body.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Paying {
    method: Option<Method>,
    after_millis: Option<u64>,
    notice: Notice,
}

async fn pay(handle: Data<Handle>, id: Path<String>, body: Bytes) -> Answer {
    let how: Paying = parse(&body)?;
    match (how.after_millis, how.method) {
        (Some(millis), _) => handle.pay_late(&id, Duration::from_millis(millis))?,
        (None, Some(method)) => handle.pay_by(&id, method, how.notice)?,
        (None, None) => handle.pay(&id, how.notice)?,
    }
    found(handle.payment(&id))
}

/// How a payment ends without money.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Declining {
    reason: Option<String>,
    notice: Notice,
}

async fn decline(handle: Data<Handle>, id: Path<String>, body: Bytes) -> Answer {
    let how: Declining = parse(&body)?;
    let reason = how.reason.as_deref().unwrap_or("general_decline");
    handle.decline(&id, reason, how.notice)?;
    found(handle.payment(&id))
}

/// Whether an event is told.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Telling {
    notice: Notice,
}

async fn expire(handle: Data<Handle>, id: Path<String>, body: Bytes) -> Answer {
    let how: Telling = parse(&body)?;
    handle.expire(&id, how.notice)?;
    found(handle.payment(&id))
}

/// A refund made by hand; all that is left without an amount.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Refunding {
    amount: Option<String>,
    notice: Notice,
}

async fn refund_in_cabinet(handle: Data<Handle>, id: Path<String>, body: Bytes) -> Answer {
    let how: Refunding = parse(&body)?;
    let refund = handle.refund_in_cabinet(&id, how.amount.as_deref(), how.notice)?;
    found(handle.refund(&refund))
}

async fn list_refunds(handle: Data<Handle>) -> HttpResponse {
    HttpResponse::Ok().json(handle.refunds())
}

async fn get_refund(handle: Data<Handle>, id: Path<String>) -> Answer {
    found(handle.refund(&id))
}

/// How a pending refund ends.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Finishing {
    end: RefundEnd,
    #[serde(default)]
    notice: Notice,
}

async fn finish_refund(handle: Data<Handle>, id: Path<String>, body: Bytes) -> Answer {
    let how: Finishing = parse(&body)?;
    handle.finish_refund(&id, how.end, how.notice)?;
    found(handle.refund(&id))
}

/// How the next refunds go.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Planning {
    plan: RefundPlan,
    #[serde(default = "once")]
    times: u32,
}

fn once() -> u32 {
    1
}

async fn plan_refunds(handle: Data<Handle>, body: Bytes) -> Answer {
    let planning: Planning = parse(&body)?;
    handle.plan_refunds(planning.plan, planning.times);
    Ok(done())
}

async fn clear_refund_plans(handle: Data<Handle>) -> HttpResponse {
    handle.clear_refund_plans();
    done()
}

/// Settings with a merge patch applied.
fn patched<T: Serialize + DeserializeOwned>(settings: &T, patch: &Value) -> Result<T, Refusal> {
    crate::patch::patched(settings, patch).map_err(not_understood)
}

async fn get_notifications(handle: Data<Handle>) -> HttpResponse {
    HttpResponse::Ok().json(handle.notifications())
}

async fn change_notifications(handle: Data<Handle>, body: Bytes) -> Answer {
    let settings = patched(&handle.notifications(), &parse(&body)?)?;
    handle
        .change_notifications(|now| *now = settings)
        .map_err(|what| Refusal::new(400, "invalid_request", what))?;
    Ok(HttpResponse::Ok().json(handle.notifications()))
}

async fn hold(handle: Data<Handle>) -> HttpResponse {
    handle.hold();
    done()
}

async fn release(handle: Data<Handle>) -> HttpResponse {
    handle.release();
    done()
}

async fn deliveries(handle: Data<Handle>) -> HttpResponse {
    HttpResponse::Ok().json(handle.deliveries())
}

async fn tally(handle: Data<Handle>) -> HttpResponse {
    HttpResponse::Ok().json(handle.tally())
}

/// Anything, told as if it were true.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Telltale {
    event: String,
    object: Value,
}

async fn notify(handle: Data<Handle>, body: Bytes) -> Answer {
    let told: Telltale = parse(&body)?;
    handle.notify(&told.event, &told.object);
    Ok(done())
}

async fn repeat(handle: Data<Handle>, number: Path<u64>) -> Answer {
    if !handle.repeat(*number) {
        return Err(Refusal::not_found("number", "The delivery").into());
    }
    Ok(done())
}

async fn get_shop(handle: Data<Handle>) -> HttpResponse {
    HttpResponse::Ok().json(handle.shop())
}

async fn change_shop(handle: Data<Handle>, body: Bytes) -> Answer {
    let shop = patched(&handle.shop(), &parse(&body)?)?;
    handle.change_shop(|now| *now = shop);
    Ok(HttpResponse::Ok().json(handle.shop()))
}

async fn faults(handle: Data<Handle>) -> HttpResponse {
    HttpResponse::Ok().json(handle.faults())
}

async fn push_fault(handle: Data<Handle>, body: Bytes) -> Answer {
    let fault: Fault = parse(&body)?;
    handle.push_fault(fault);
    Ok(done())
}

async fn clear_faults(handle: Data<Handle>) -> HttpResponse {
    handle.clear_faults();
    done()
}

async fn calls(handle: Data<Handle>) -> HttpResponse {
    HttpResponse::Ok().json(handle.calls())
}

async fn clear_calls(handle: Data<Handle>) -> HttpResponse {
    handle.clear_calls();
    done()
}

async fn clock(handle: Data<Handle>) -> HttpResponse {
    let now = super::moment::written(handle.now());
    HttpResponse::Ok().json(json!({ "now": now }))
}

/// How far time jumps.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Advance {
    advance_millis: u64,
}

async fn advance_clock(handle: Data<Handle>, body: Bytes) -> Answer {
    let advance: Advance = parse(&body)?;
    handle.advance_clock(Duration::from_millis(advance.advance_millis));
    Ok(clock(handle).await)
}
