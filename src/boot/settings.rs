//! From the configuration to the settings of each part.

use std::time::Duration;

use rei_actors::batch::BatchLimits;
use rei_actors::cashier::CashierSettings;
use rei_actors::courier::CourierSettings;
use rei_actors::courier::delivery::RetrySettings;
use rei_actors::courier::rounds::SendLimits;
use rei_actors::gc::GcSettings;
use rei_actors::intake::IntakeSettings;
use rei_actors::orders::Terms;
use rei_actors::patience::Patience;
use rei_actors::ports::retention::Periods;
use rei_actors::provider::ProviderSettings;
use rei_actors::routes::RouteSettings;
use rei_actors::runner::RunnerSettings;
use rei_actors::scheduler::SchedulerSettings;
use rei_actors::scheduler::dispatch::DispatchSettings;
use rei_actors::scheduler::slots::UserBounds;
use rei_actors::series::SeriesSettings;
use rei_actors::session::SessionRest;
use rei_actors::session::admin::AdminSettings;
use rei_actors::session::conversation::{SessionSettings, TopupSettings};
use rei_actors::supervision::{Backoff, ChildSpec, Heartbeat, Intensity, NurserySpec};
use rei_domain::admin::{Policy, Roster};
use rei_domain::breaker::BreakerSettings;
use rei_domain::catalogue::{Catalogue, Model};
use rei_domain::pricing::Prices;
use rei_domain::retries::BudgetSettings;
use rei_domain::spec::Mode;
use rei_domain::time::Span;
use rei_domain::topup::{AmountLimits, Sweep};
use secrecy::ExposeSecret;

use crate::config::{Config, LinkBase};
use crate::rates::RedisSettings;
use crate::store::DbConfig;

/// Places behind the gate of a session: a wake-up more says nothing new.
const SESSION_CAPACITY: usize = 4;

/// Shares of the shutdown's time, in hundredths: runs first, then the outbox.
const RUNS_SHARE: u32 = 60;
const OUTBOX_SHARE: u32 = 25;
const PAYMENTS_SHARE: u32 = 10;

pub(super) fn span(duration: Duration) -> Span {
    Span(i64::try_from(duration.as_micros()).unwrap_or(i64::MAX))
}

fn share(config: &Config, hundredths: u32) -> Duration {
    config.shutdown.drain * hundredths / 100
}

pub(super) fn database(config: &Config) -> DbConfig {
    let database = &config.database;
    let url = database.url.expose_secret().to_owned();
    let connections_max = if url.starts_with("sqlite:") {
        database.readers
    } else {
        database.pool_max
    };
    DbConfig {
        url,
        connections_max,
        wait_max: database.acquire_timeout,
        statement_max: database.statement_timeout,
        busy_max: database.busy_timeout,
    }
}

pub(super) fn child(config: &Config, capacity: usize) -> ChildSpec {
    ChildSpec {
        intensity: intensity(config),
        backoff: backoff(config),
        heartbeat: Some(heartbeat(config)),
        capacity,
    }
}

pub(super) fn nursery(config: &Config) -> NurserySpec {
    NurserySpec {
        intensity: intensity(config),
        backoff: backoff(config),
        heartbeat: Some(heartbeat(config)),
        capacity: SESSION_CAPACITY,
        children_max: config.sessions.alive_max,
        quarantine: config.supervision.quarantine,
    }
}

fn intensity(config: &Config) -> Intensity {
    Intensity {
        restarts_max: config.supervision.restarts_max,
        window: config.supervision.window,
    }
}

fn backoff(config: &Config) -> Backoff {
    Backoff {
        base: config.supervision.backoff_base,
        max: config.supervision.backoff_max,
    }
}

fn heartbeat(config: &Config) -> Heartbeat {
    Heartbeat {
        interval: config.supervision.heartbeat,
        misses_max: config.supervision.heartbeats_missed_max,
    }
}

pub(super) fn ledger(config: &Config) -> BatchLimits {
    BatchLimits {
        batch_max: config.ledger.batch_max,
        waiting_max: config.ledger.waiting_max,
    }
}

pub(super) fn intake(config: &Config) -> IntakeSettings {
    IntakeSettings {
        limits: BatchLimits {
            batch_max: config.intake.batch_max,
            waiting_max: config.intake.waiting_max,
        },
        poll: config.intake.poll,
    }
}

pub(super) fn series(config: &Config) -> SeriesSettings {
    SeriesSettings {
        tick: config.usage.series_tick,
        terms: terms(config),
        first_step_grace: span(config.usage.series_grace),
    }
}

fn terms(config: &Config) -> Terms {
    Terms {
        image_deadline: span(config.jobs.deadline),
        video_deadline: span(config.jobs.video_deadline),
    }
}

/// What is sold, as far as somebody who is set up makes it.
fn prices(config: &Config) -> Prices {
    Prices {
        images: config.billing.image_prices(),
        videos: sold(config),
    }
}

/// The Redis that nodes share, if there is one.
pub(super) fn redis(config: &Config) -> Option<RedisSettings> {
    let redis = &config.redis;
    Some(RedisSettings {
        url: redis.address()?,
        prefix: redis.prefix.clone(),
        connections_max: redis.pool_max,
        answer_within: redis.timeout,
        retry_after: redis.retry,
    })
}

pub(super) fn gc(config: &Config) -> GcSettings {
    let gc = &config.gc;
    GcSettings {
        periods: Periods {
            results: span(gc.results),
            inputs: span(gc.inputs),
            orphans: span(gc.orphans),
            grace: span(gc.grace),
            updates: span(gc.updates),
            set_aside: span(gc.set_aside),
            drafts: span(gc.drafts),
        },
        tick: gc.tick,
        sweep: span(gc.sweep),
    }
}

pub(super) fn routes(config: &Config) -> RouteSettings {
    let routing = &config.routing;
    RouteSettings {
        policy: routing.policy(),
        breaker: BreakerSettings {
            failures_max: routing.breaker_failures,
            cooldown: span(routing.breaker_cooldown),
            cooldown_max: span(routing.breaker_cooldown_max),
        },
        retries: BudgetSettings {
            share_percent: routing.retry_share_percent,
            saved_max: routing.retries_saved_max,
        },
    }
}

/// The catalogue of what can be ordered.
pub(super) fn sold(config: &Config) -> Catalogue {
    let can_link = match config.assets.links {
        LinkBase::Listener => true,
        LinkBase::PublicUrl => config.http.public_url.is_some(),
    };
    let runs = |provider: &str, model: &Model, mode: Mode| {
        // Providers fetch clips at an address of ours.
        let has_inputs = can_link || !mode.takes_clip();
        has_inputs && config.providers.runs(provider, model, mode)
    };
    config.catalogue.of_providers(runs)
}

pub(super) fn session(config: &Config) -> SessionSettings {
    SessionSettings {
        prices: prices(config),
        terms: terms(config),
        price_lock: span(config.billing.price_lock),
        tariff: config.usage.tariff(),
        asking: span(config.sessions.asking),
        album_quiet: span(config.telegram.album_quiet),
        welcome_bonus: config.billing.welcome_bonus,
        verify_page: config
            .http
            .public_url
            .as_ref()
            .map(|url| format!("{}/verify", url.trim_end_matches('/'))),
        update_attempts_max: config.sessions.update_attempts_max,
        updates_at_once: config.sessions.updates_at_once,
        admin: admin(config),
        patience: Patience {
            tries: config.sessions.store_tries,
            base: config.sessions.store_retry_base,
            max: config.sessions.store_retry_max,
        },
        inputs_bytes_max: config.providers.nano_banana.inputs_bytes_max,
        video_inputs_bytes_max: config.videos.inputs_bytes_max,
        favourites_max: config.gc.favourites_max,
        topups: TopupSettings {
            amounts: config.topups.amounts.clone(),
            limits: AmountLimits {
                min: config.topups.min,
                max: config.topups.max,
            },
            refund_term: span(config.topups.refund_term),
            asking: span(config.topups.asking),
        },
    }
}

pub(super) fn roster(config: &Config) -> Roster {
    Roster {
        owners: config.telegram.admin_ids.clone(),
        admins: config.admin.admin_ids.clone(),
        supports: config.admin.support_ids.clone(),
    }
}

fn admin(config: &Config) -> AdminSettings {
    AdminSettings {
        roster: roster(config),
        policy: Policy {
            admin_limit: config.admin.money_limit,
            second_above: config.admin.second_above,
        },
        confirm_within: span(config.admin.confirm),
        approve_within: span(config.admin.approve),
    }
}

pub(super) fn cashier(config: &Config) -> CashierSettings {
    let topups = &config.topups;
    CashierSettings {
        sweep: Sweep {
            young: span(topups.sweep_young),
            grown: span(topups.sweep_grown),
            old: span(topups.sweep_old),
        },
        retry_base: span(topups.retry_base),
        retry_max: span(topups.retry_max),
        taken_for: span(topups.taken),
        concurrency: topups.concurrency,
        poll: topups.poll,
        breaker: BreakerSettings {
            failures_max: topups.breaker_failures,
            cooldown: span(topups.breaker_cooldown),
            cooldown_max: span(topups.breaker_cooldown_max),
        },
        reconcile_every: topups.reconcile_every,
        reconcile_span: span(topups.reconcile_span),
        patience: Patience {
            tries: config.sessions.store_tries,
            base: config.sessions.store_retry_base,
            max: config.sessions.store_retry_max,
        },
        prices: prices(config),
        price_lock: span(config.billing.price_lock),
        drain: share(config, PAYMENTS_SHARE),
    }
}

pub(super) fn session_rest(config: &Config) -> SessionRest {
    SessionRest {
        idle: config.sessions.idle,
        store_away: config.sessions.store_retry_max,
    }
}

pub(super) fn scheduler(config: &Config, node: String) -> SchedulerSettings {
    SchedulerSettings {
        dispatch: DispatchSettings {
            node,
            lease: span(config.jobs.lease),
            lane_capacity: config.jobs.lane_capacity,
            read_at_once: config.jobs.read_at_once,
        },
        poll: config.jobs.poll,
        user_bounds: UserBounds {
            images: bound(config.jobs.images_per_user),
            videos: bound(config.jobs.videos_per_user),
        },
    }
}

/// Zero is no bound.
fn bound(count: u32) -> Option<u32> {
    (count > 0).then_some(count)
}

pub(super) fn provider(config: &Config) -> ProviderSettings {
    ProviderSettings {
        runner: RunnerSettings {
            lease: span(config.jobs.lease),
            renew_every: config.jobs.renew,
            attempts_max: config.jobs.attempts_max,
            retry_base: span(config.jobs.retry_base),
            retry_max: span(config.jobs.retry_max),
            patience: Patience {
                tries: config.jobs.store_tries,
                base: config.jobs.store_retry_base,
                max: config.jobs.store_retry_max,
            },
            inputs_bytes_max: config.providers.nano_banana.inputs_bytes_max,
            video_inputs_bytes_max: config.videos.inputs_bytes_max,
        },
        drain: share(config, RUNS_SHARE),
    }
}

pub(super) fn courier(config: &Config) -> CourierSettings {
    let telegram = &config.telegram;
    CourierSettings {
        limits: SendLimits {
            overall_interval: Span(1_000_000 / i64::from(telegram.send_per_second.max(1))),
            overall_burst: telegram.send_burst,
            chat_interval: span(telegram.chat_interval),
            chat_burst: telegram.chat_burst,
        },
        retry: RetrySettings {
            base: span(telegram.send_retry_base),
            max: span(telegram.send_retry_max),
            attempts_max: telegram.send_attempts_max,
        },
        poll: telegram.outbox_poll,
        refresh_every: span(telegram.progress_refresh),
        drain: share(config, OUTBOX_SHARE),
    }
}
