//! Which address does what, on which listener.

use actix_web::dev::Handler;
use actix_web::{FromRequest, Resource, Responder, web};

use super::error::{HttpError, Refusal};
use super::{
    HttpState, State, admin, assets, callbacks, checkpoints, probes, scrape, webhook, yookassa,
};
use crate::telegram::webhook_setup::WEBHOOK_PATH;

/// The routes there are, for metrics that exist from the start.
pub const ROUTES: [(&str, &str); 14] = [
    (WEBHOOK_PATH, "POST"),
    (yookassa::PATH, "POST"),
    (callbacks::KLING_PATH, "POST"),
    (callbacks::FAL_PATH, "POST"),
    ("/healthz", "GET"),
    ("/readyz", "GET"),
    ("/version", "GET"),
    ("/checkpoints", "GET"),
    ("/checkpoints/{day}", "GET"),
    ("/verify", "GET"),
    (ASSET_PATH, "GET"),
    ("/metrics", "GET"),
    ("/admin/api/actors", "GET"),
    ("/admin/api/actors/{name}/restart", "POST"),
];

/// A stored picture or clip (`links`).
const ASSET_PATH: &str = "/assets/{user}/{expires}/{signature}/{file}";

/// What a listener serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Surface {
    /// There is one listener.
    Everything,
    /// The webhooks, the checkpoints and the probes; `/metrics` and `/admin` do not exist.
    Public,
    /// `/metrics`, `/admin` and the probes.
    Admin,
}

/// Registers the routes of a surface. The state must be the application's data already.
pub fn configure(app: &mut web::ServiceConfig, state: &HttpState, surface: Surface) {
    app.app_data(State::new(state.clone()));
    app.service(get("/healthz", probes::healthz));
    app.service(get("/readyz", probes::readyz));
    app.service(get("/version", probes::version));
    match surface {
        Surface::Everything => {
            public(app);
            internal(app);
        }
        Surface::Public => public(app),
        Surface::Admin => internal(app),
    }
    app.default_service(web::to(not_found));
}

fn public(app: &mut web::ServiceConfig) {
    app.service(post(WEBHOOK_PATH, webhook::receive));
    app.service(get("/checkpoints", checkpoints::newest));
    app.service(get("/checkpoints/{day}", checkpoints::of_day));
    app.service(get("/verify", checkpoints::verify));
    app.service(get(ASSET_PATH, assets::serve));
    app.service(post(yookassa::PATH, yookassa::receive));
    app.service(post(callbacks::KLING_PATH, callbacks::kling));
    app.service(post(callbacks::FAL_PATH, callbacks::fal));
}

fn internal(app: &mut web::ServiceConfig) {
    app.service(get("/metrics", scrape::metrics));
    app.service(
        web::scope("/admin")
            .wrap(actix_web::middleware::from_fn(admin::guard))
            .service(get("/api/actors", admin::list_actors))
            .service(post("/api/actors/{name}/restart", admin::restart_actor))
            .default_service(web::to(not_found)),
    );
}

fn get<F, Args>(path: &str, handler: F) -> Resource
where
    F: Handler<Args>,
    Args: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    web::resource(path)
        .route(web::get().to(handler.clone()))
        .route(web::head().to(handler))
        .default_service(web::to(|| refuse_method("GET, HEAD")))
}

fn post<F, Args>(path: &str, handler: F) -> Resource
where
    F: Handler<Args>,
    Args: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    web::resource(path)
        .route(web::post().to(handler))
        .default_service(web::to(|| refuse_method("POST")))
}

async fn not_found() -> Result<&'static str, HttpError> {
    Err(Refusal::NotFound.into())
}

async fn refuse_method(allow: &'static str) -> Result<&'static str, HttpError> {
    Err(Refusal::MethodNotAllowed { allow }.into())
}
