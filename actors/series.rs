//! `SeriesDriver`: one per node. Begins the next step of each series when the former one ended,
//! and ends the series when there is none.
//!
//! It keeps nothing: what comes next follows from the rows of the steps, and every step's ids
//! follow from the series, so two drivers at once, or a repeat after a crash, post the same.

use std::sync::Arc;
use std::time::Duration;

use fail::fail_point;
use rei_domain::conversation::Reply;
use rei_domain::draft::{Draft, DraftState};
use rei_domain::ids::DraftId;
use rei_domain::job::LaneName;
use rei_domain::ledger::Refusal;
use rei_domain::money::Money;
use rei_domain::series::{Next, Series, SeriesEnd, Step, delivered};
use rei_domain::time::{Moment, Span};

use crate::bell::Bell;
use crate::orders::{Terms, submit_command};
use crate::ports::StoreError;
use crate::ports::clock::Clock;
use crate::ports::drafts::{DraftStore, TurnCommit};
use crate::ports::ledger::{CommandRefusal, LedgerOutcome, Poster};
use crate::ports::outbox::{NewOutbox, OutboxBody};
use crate::ports::series::SeriesStore;
use crate::ports::users::UserStore;
use crate::ports::view::View;
use crate::routes::Routes;
use crate::routine::{Routine, RoutineActor};

/// Series read at once.
const PAGE: u32 = 256;

/// A step's draft is confirmed at once; this is only how long a slow database may take.
const DRAFT_LIFE: Span = Span::from_secs(3_600);

/// What the driver needs from outside.
#[derive(Clone)]
pub struct SeriesPorts {
    pub clock: Arc<dyn Clock>,
    pub series: Arc<dyn SeriesStore>,
    pub drafts: Arc<dyn DraftStore>,
    pub users: Arc<dyn UserStore>,
    pub poster: Arc<dyn Poster>,
    pub routes: Arc<Routes>,
    pub view: Arc<dyn View>,
    /// Rung when messages were written.
    pub outbox: Bell,
    /// Rung when a job was written.
    pub queue: Bell,
}

/// How the driver behaves.
#[derive(Clone, Debug)]
pub struct SeriesSettings {
    /// The time between two looks.
    pub tick: Duration,
    pub terms: Terms,
    /// How long the first step of a new series is left to the conversation that began it.
    pub first_step_grace: Span,
}

/// The driver of one node.
pub type SeriesDriver = RoutineActor<SeriesRounds>;

/// The looks of one driver at the series.
#[derive(Clone)]
pub struct SeriesRounds {
    ports: SeriesPorts,
    settings: SeriesSettings,
}

impl Routine for SeriesRounds {
    const FAILED: &'static str = "series go on later, a store is away";

    fn tick(&self) -> Duration {
        self.settings.tick
    }

    /// Looks at every running series once.
    async fn round(&mut self) -> Result<(), StoreError> {
        let mut after: Option<DraftId> = None;
        loop {
            let page = self.ports.series.running(after.as_ref(), PAGE).await?;
            let Some(last) = page.last() else {
                return Ok(());
            };
            after = Some(last.id.clone());
            for series in &page {
                self.look(series).await?;
            }
        }
    }
}

impl SeriesRounds {
    /// A driver's work without its actor.
    pub fn new(ports: SeriesPorts, settings: SeriesSettings) -> Self {
        Self { ports, settings }
    }

    async fn look(&self, series: &Series) -> Result<(), StoreError> {
        let now = self.ports.clock.now();
        let steps = self.ports.series.steps(series).await?;
        match series.next(&steps) {
            Next::Wait => Ok(()),
            Next::Begin(1) if now - series.started_at < self.settings.first_step_grace => Ok(()),
            Next::Begin(number) => self.begin(series, &steps, number, now).await,
            Next::End(reason) => self.end(series, &steps, reason, now).await,
        }
    }

    /// Confirms the step's draft, or ends the series when it is not covered.
    async fn begin(
        &self,
        series: &Series,
        steps: &[Step],
        number: u32,
        now: Moment,
    ) -> Result<(), StoreError> {
        let Some(draft) = self.draft_of(series, number, now).await? else {
            return self.end(series, steps, SeriesEnd::Stopped, now).await;
        };
        fail_point!("series.drafted");
        let terms = &self.settings.terms;
        let order = terms.order(&draft, LaneName::Low, &self.ports.routes);
        let outcome = self.ports.poster.post(submit_command(&order, now)).await?;
        fail_point!("series.begun");
        let reason = match outcome {
            LedgerOutcome::Applied { balance, .. } => {
                self.ports.queue.ring();
                self.ports.outbox.ring();
                let covers_next = balance.available >= series.price;
                if number < series.wanted && !covers_next {
                    self.warn(series, number, now).await?;
                }
                return Ok(());
            }
            LedgerOutcome::Refused(CommandRefusal::Money(Refusal::InsufficientFunds {
                ..
            })) => SeriesEnd::Balance,
            LedgerOutcome::Refused(CommandRefusal::Money(Refusal::CapReached { .. })) => {
                SeriesEnd::Cap
            }
            LedgerOutcome::Refused(CommandRefusal::Banned { .. }) => SeriesEnd::Banned,
            LedgerOutcome::Refused(refusal) => {
                tracing::error!(series.id = %series.id, %refusal, "a step is refused");
                SeriesEnd::Failed
            }
        };
        self.end(series, steps, reason, now).await
    }

    /// The open draft of a step; made from the first step's where there is none yet. `None` when
    /// it was withdrawn.
    async fn draft_of(
        &self,
        series: &Series,
        number: u32,
        now: Moment,
    ) -> Result<Option<Draft>, StoreError> {
        let id = series.step(number);
        if let Some(known) = self.ports.drafts.draft(&id).await? {
            let is_open = known.state == DraftState::Open && now < known.expires_at;
            return Ok(is_open.then_some(known));
        }
        let Some(first) = self.ports.drafts.draft(&series.id).await? else {
            return Ok(None);
        };
        let draft = Draft {
            id,
            state: DraftState::Open,
            price: series.price,
            created_at: now,
            expires_at: now + DRAFT_LIFE,
            ..first
        };
        let written = TurnCommit {
            drafts: vec![draft.clone()],
            ..TurnCommit::default()
        };
        self.ports.drafts.commit(written, now).await?;
        Ok(Some(draft))
    }

    /// Tells once that there is money for this step only.
    async fn warn(&self, series: &Series, step: u32, now: Moment) -> Result<(), StoreError> {
        let wanted = series.wanted;
        let reply = Reply::SeriesLastStep { step, wanted };
        let warning = self.message(series, "warning", &reply, now).await?;
        self.ports.series.warn(&series.id, &warning).await
    }

    async fn end(
        &self,
        series: &Series,
        steps: &[Step],
        reason: SeriesEnd,
        now: Moment,
    ) -> Result<(), StoreError> {
        let done = delivered(steps);
        let charged = series.price.kopecks().saturating_mul(i64::from(done));
        let reply = Reply::SeriesEnded {
            delivered: done,
            wanted: series.wanted,
            charged: Money::from_kopecks(charged),
            took_secs: (now - series.started_at).whole_secs(),
            reason,
            balance: self.ports.users.balance(series.user).await?,
        };
        let news = self.message(series, "end", &reply, now).await?;
        self.ports
            .series
            .end(&series.id, reason, now, Some(&news))
            .await?;
        self.ports.outbox.ring();
        Ok(())
    }

    async fn message(
        &self,
        series: &Series,
        what: &str,
        reply: &Reply,
        now: Moment,
    ) -> Result<NewOutbox, StoreError> {
        let user = self.ports.users.by_chat(series.chat).await?;
        let language = user.map_or(rei_domain::conversation::Language::Russian, |user| {
            user.language
        });
        Ok(NewOutbox {
            key: format!("series-{what}:{}", series.id),
            chat: series.chat,
            slot: None,
            body: OutboxBody::Text {
                rendered: self.ports.view.reply(language, reply),
            },
            created_at: now,
        })
    }
}
