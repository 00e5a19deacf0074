//! The conversation of one chat: reads the stored updates in order and answers each turn.
//!
//! Every turn ends in one transaction that holds the answer, the changed drafts and the mark
//! that the updates are processed. Money moves before it, under a key made from the draft, so
//! a turn that is repeated after a crash finds the movement done and only answers again.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use fail::fail_point;
use rei_domain::conversation::{Balance, Inbound, Language, RepliedTo, Reply, Toast, Unsupported};
use rei_domain::draft::Draft;
use rei_domain::ids::{ChatId, UserId};
use rei_domain::job::LaneName;
use rei_domain::metering::Tariff;
use rei_domain::money::Money;
use rei_domain::pricing::Prices;
use rei_domain::rates::Taking;
use rei_domain::spec::Input;
use rei_domain::time::{Moment, Span};
use rei_domain::topup::AmountLimits;
use rei_domain::turns::{Arrival, Next, Turn, TurnContent, next_turn};

use super::admin::AdminSettings;
use super::rates;
use crate::audit::Auditor;
use crate::bell::Bell;
use crate::cashier::tills::Tills;
use crate::orders::{Order, Terms};
use crate::patience::Patience;
use crate::ports::StoreError;
use crate::ports::acts::ActStore;
use crate::ports::assets::{Assets, MediaCheck};
use crate::ports::caps::CapStore;
use crate::ports::checkpoints::CheckpointStore;
use crate::ports::clock::{Clock, Ids};
use crate::ports::commands::Commands;
use crate::ports::drafts::{DraftStore, TurnCommit};
use crate::ports::inbox::{InboxStore, StoredUpdate};
use crate::ports::jobs::JobStore;
use crate::ports::ledger::Poster;
use crate::ports::messenger::{Interpreter, Messenger, Sender};
use crate::ports::notices::NoticeStore;
use crate::ports::outbox::{NewOutbox, OutboxBody};
use crate::ports::rates::Rates;
use crate::ports::routes::RouteStore;
use crate::ports::series::SeriesStore;
use crate::ports::statements::StatementStore;
use crate::ports::topups::TopupStore;
use crate::ports::usage::UsageStore;
use crate::ports::users::{Reachable, User, UserStore};
use crate::ports::view::View;
use crate::routes::Routes;
use crate::runner::draft_slot;

/// What a conversation needs from outside.
#[derive(Clone)]
pub struct SessionPorts {
    pub clock: Arc<dyn Clock>,
    pub ids: Arc<dyn Ids>,
    pub inbox: Arc<dyn InboxStore>,
    pub users: Arc<dyn UserStore>,
    pub drafts: Arc<dyn DraftStore>,
    pub jobs: Arc<dyn JobStore>,
    pub assets: Arc<dyn Assets>,
    /// For what users send.
    pub media: Arc<dyn MediaCheck>,
    pub topups: Arc<dyn TopupStore>,
    pub notices: Arc<dyn NoticeStore>,
    /// The ways to pay, in the order in which they are offered.
    pub tills: Tills,
    pub usages: Arc<dyn UsageStore>,
    pub statements: Arc<dyn StatementStore>,
    pub checkpoints: Arc<dyn CheckpointStore>,
    pub series: Arc<dyn SeriesStore>,
    pub acts: Arc<dyn ActStore>,
    pub auditor: Arc<Auditor>,
    pub caps: Arc<dyn CapStore>,
    pub rates: Arc<dyn Rates>,
    pub poster: Arc<dyn Poster>,
    /// Who could do the work, for what it may cost.
    pub routes: Arc<Routes>,
    /// Who of them an admin took out.
    pub cordons: Arc<dyn RouteStore>,
    pub messenger: Arc<dyn Messenger>,
    pub interpreter: Arc<dyn Interpreter>,
    pub view: Arc<dyn View>,
    pub commands: Arc<dyn Commands>,
    /// Rung when messages were written.
    pub outbox: Bell,
    /// Rung when a job was written.
    pub queue: Bell,
    /// Rung when a session by the second began or shall end.
    pub meter: Bell,
}

/// How a conversation behaves.
#[derive(Clone, Debug)]
pub struct SessionSettings {
    pub prices: Prices,
    pub terms: Terms,
    /// How long a price stays locked.
    pub price_lock: Span,
    /// How long the bot remembers that it asked what to do with pictures.
    pub asking: Span,
    /// How long a chat must be quiet before an album is taken as whole.
    pub album_quiet: Span,
    /// Given once to every user; zero gives nothing.
    pub welcome_bonus: Money,
    /// What running time costs.
    pub tariff: Tariff,
    /// Where a receipt can be checked in a browser.
    pub verify_page: Option<String>,
    /// Beginnings of one update before it is set aside as poison.
    pub update_attempts_max: u32,
    /// Updates read at once; an album and what follows it fit in.
    pub updates_at_once: u32,
    /// For ledger postings while the database is away.
    pub patience: Patience,
    /// The bytes that the pictures of one request may have together.
    pub inputs_bytes_max: u64,
    /// The bytes that the inputs of a video may have together.
    pub video_inputs_bytes_max: u64,
    /// Results that one user may want kept for good.
    pub favourites_max: u32,
    pub admin: AdminSettings,
    pub topups: TopupSettings,
}

/// What is offered for top-ups and refunds.
#[derive(Clone, Debug)]
pub struct TopupSettings {
    /// As buttons, in order.
    pub amounts: Vec<Money>,
    pub limits: AmountLimits,
    /// For how long after a payment its user may take back what he has not spent.
    pub refund_term: Span,
    /// How long the bot remembers that it asked for an amount or an address.
    pub asking: Span,
}

/// What to do after the stored updates were looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum After {
    /// Nothing is left.
    Idle,
    /// An album may still grow: look again then.
    LookAgainIn(Duration),
    /// A store is away: look again after a while.
    StoreAway,
}

/// Answers everything that is stored for a chat.
pub async fn answer_all(ports: &SessionPorts, settings: &SessionSettings, chat: ChatId) -> After {
    loop {
        match answer_next(ports, settings, chat).await {
            Ok(None) => {}
            Ok(Some(after)) => return after,
            Err(error) => {
                tracing::warn!(%error, "a turn is put off, a store is away");
                return After::StoreAway;
            }
        }
    }
}

/// Answers one turn; `None` means there may be more.
async fn answer_next(
    ports: &SessionPorts,
    settings: &SessionSettings,
    chat: ChatId,
) -> Result<Option<After>, StoreError> {
    let stored = ports.inbox.waiting(chat, settings.updates_at_once).await?;
    let now = ports.clock.now();
    let attempts: HashMap<i64, u32> = stored
        .iter()
        .map(|stored| (stored.update.update_id, stored.attempts))
        .collect();
    let mut sender = None;
    let arrivals: Vec<Arrival> = stored
        .into_iter()
        .map(|stored| read(ports, stored, &mut sender))
        .collect();
    match next_turn(&arrivals, now, settings.album_quiet) {
        Next::Idle => Ok(Some(After::Idle)),
        Next::WaitUntil(at) => {
            let wait = Duration::from_millis((at - now).whole_millis().max(1));
            Ok(Some(After::LookAgainIn(wait)))
        }
        Next::Take(turn) => {
            if is_poison(&turn, &attempts, settings.update_attempts_max) {
                tracing::error!(update.ids = ?turn.update_ids, "set aside after too many attempts");
                let cause = "too many attempts";
                ports.inbox.set_aside(&turn.update_ids, cause, now).await?;
                return Ok(None);
            }
            ports.inbox.begin(&turn.update_ids).await?;
            fail_point!("session.begun");
            let first = turn.update_ids.first().copied();
            let conversation_of = sender
                .into_iter()
                .find(|(update_id, _)| Some(*update_id) == first)
                .and_then(|(_, sender)| sender);
            answer_turn(ports, settings, turn, conversation_of, now).await?;
            Ok(None)
        }
    }
}

/// Whether a turn was begun so often that its updates must be what kills it.
fn is_poison(turn: &Turn, attempts: &HashMap<i64, u32>, attempts_max: u32) -> bool {
    let begun = |id: &i64| attempts.get(id).copied().unwrap_or(0);
    turn.update_ids.iter().map(begun).max().unwrap_or(0) >= attempts_max
}

/// Who sent the first update, by its id.
type Senders = Option<(i64, Option<Sender>)>;

fn read(ports: &SessionPorts, stored: StoredUpdate, first: &mut Senders) -> Arrival {
    let envelope = ports.interpreter.interpret(&stored.update.body);
    let update_id = stored.update.update_id;
    if first.is_none() {
        *first = Some((update_id, envelope.sender));
    }
    Arrival {
        update_id,
        received_at: stored.update.received_at,
        inbound: envelope.inbound,
    }
}

async fn answer_turn(
    ports: &SessionPorts,
    settings: &SessionSettings,
    turn: Turn,
    sender: Option<Sender>,
    now: Moment,
) -> Result<(), StoreError> {
    let ignored = matches!(turn.content, TurnContent::Other(Inbound::Ignored));
    let Some(sender) = sender.filter(|_| !ignored) else {
        let nothing = TurnCommit {
            update_ids: turn.update_ids,
            ..TurnCommit::default()
        };
        return ports.drafts.commit(nothing, now).await;
    };
    let (user, _) = ports
        .users
        .meet(sender.user, sender.chat, sender.language, now)
        .await?;
    if user.name != sender.name {
        let name = sender.name.as_deref();
        ports.users.rename(user.id, name).await?;
    }
    let mut talk = Talk {
        ports,
        settings,
        user,
        now,
        commit: TurnCommit {
            update_ids: turn.update_ids,
            ..TurnCommit::default()
        },
        callback: None,
        cashier: None,
    };
    talk.become_reachable(&turn.content).await?;
    let bonus = super::bonus::grant_once(&talk).await?;
    match turn.content {
        TurnContent::Words { text, reply_to } => {
            let words = Request::Words(&text, reply_to);
            answer_request(talk, words).await
        }
        TurnContent::Pictures { inputs, caption } => {
            let pictures = Request::Pictures(inputs, caption.as_deref());
            answer_request(talk, pictures).await
        }
        TurnContent::Other(inbound) => {
            super::other::answer(&mut talk, inbound, bonus).await?;
            talk.end().await
        }
    }
}

/// What may become a draft.
enum Request<'t> {
    Words(&'t str, Option<RepliedTo>),
    Pictures(Vec<Input>, Option<&'t str>),
}

/// Answers a request of somebody who may order and is not too hasty. A turn that is put off
/// takes nothing from the rates: it will come again.
async fn answer_request(mut talk: Talk<'_>, request: Request<'_>) -> Result<(), StoreError> {
    if super::admin::turn_away(&mut talk).await? {
        return talk.end().await;
    }
    let taken = match rates::take(&talk, Taking::REQUEST).await {
        Ok(taken) => taken,
        Err(wait_secs) => {
            talk.say(&Reply::SlowDown { wait_secs });
            return talk.end().await;
        }
    };
    let answered = read_request(talk, request).await;
    if answered.is_err() {
        taken.give_back().await;
    }
    answered
}

async fn read_request(mut talk: Talk<'_>, request: Request<'_>) -> Result<(), StoreError> {
    match request {
        Request::Words(text, reply_to) => {
            super::requests::words(&mut talk, text, reply_to).await?;
        }
        Request::Pictures(inputs, caption) => {
            super::requests::pictures(&mut talk, inputs, caption).await?;
        }
    }
    talk.end().await
}

/// One turn while it is answered.
pub(super) struct Talk<'a> {
    pub ports: &'a SessionPorts,
    pub settings: &'a SessionSettings,
    pub user: User,
    pub now: Moment,
    pub commit: TurnCommit,
    /// The tap to be answered at the end, and with what.
    pub callback: Option<(String, Toast)>,
    /// The method whose cashier has work once the turn is committed.
    pub cashier: Option<String>,
}

impl Talk<'_> {
    pub fn language(&self) -> Language {
        match self.commit.language {
            Some((_, language)) => language,
            None => self.user.language,
        }
    }

    pub fn user_id(&self) -> UserId {
        self.user.id
    }

    /// The order that a draft would be.
    pub fn order<'d>(&'d self, draft: &'d Draft, lane: LaneName) -> Order<'d> {
        let routes = &self.ports.routes;
        self.settings.terms.order(draft, lane, routes)
    }

    pub async fn balance(&self) -> Result<Balance, StoreError> {
        self.ports.users.balance(self.user.id).await
    }

    /// Says something as a new message.
    pub fn say(&mut self, reply: &Reply) {
        self.say_in(None, reply);
    }

    /// Says something in the place of a draft's card.
    pub fn say_in_card(&mut self, draft: &Draft, reply: &Reply) {
        self.say_in(Some(draft_slot(draft.id.as_str())), reply);
    }

    pub fn say_unsupported(&mut self, what: Unsupported) {
        self.say(&Reply::Unsupported(what));
    }

    /// Says something in a place of the chat that is written once and edited afterwards.
    pub fn say_at(&mut self, slot: String, reply: &Reply) {
        self.say_in(Some(slot), reply);
    }

    /// Says something in a place of the chat, or as a new message.
    pub fn say_in(&mut self, slot: Option<String>, reply: &Reply) {
        let rendered = self.ports.view.reply(self.language(), reply);
        let message = NewOutbox {
            key: self.message_key(),
            chat: self.user.chat,
            slot,
            body: OutboxBody::Text { rendered },
            created_at: self.now,
        };
        self.commit.outbox.push(message);
    }

    /// Names a message after the update it answers, so that a repeated turn says it once.
    pub fn message_key(&self) -> String {
        let update = self.commit.update_ids.first().copied().unwrap_or_default();
        format!("update:{update}:{}", self.commit.outbox.len())
    }

    /// Whoever writes can be reached again, whatever we believed.
    async fn become_reachable(&mut self, content: &TurnContent) -> Result<(), StoreError> {
        let blocked_now = matches!(content, TurnContent::Other(Inbound::Blocked));
        if self.user.reachable == Reachable::Blocked && !blocked_now {
            self.ports
                .users
                .set_reachable(self.user.id, Reachable::Yes, self.now)
                .await?;
            self.user.reachable = Reachable::Yes;
        }
        Ok(())
    }

    async fn end(self) -> Result<(), StoreError> {
        let ports = self.ports;
        let language = self.language();
        if let Some((callback, toast)) = self.callback {
            let text = ports.view.toast(language, toast);
            // A spinner that does not stop is no reason to repeat the turn.
            if let Err(error) = ports.messenger.answer_tap(&callback, text.as_deref()).await {
                tracing::debug!(%error, "a tap could not be answered");
            }
        }
        ports.drafts.commit(self.commit, self.now).await?;
        ports.outbox.ring();
        if let Some(method) = &self.cashier {
            ports.tills.ring(method);
        }
        Ok(())
    }
}
