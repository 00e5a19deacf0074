//! The delivery of one message: render, send or edit, say how it ended.
//!
//! Telegram has no idempotency key. When the answer to a send is lost the message may have
//! arrived, and it is sent again: a user may see a message twice, never pay twice, and never
//! miss a result.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use fail::fail_point;
use rei_domain::conversation::Language;
use rei_domain::draft::{Draft, DraftState};
use rei_domain::ids::{AssetId, ChatId, JobId, MessageId, RefundId, TopupId, UsageId};
use rei_domain::retries::doubled;
use rei_domain::time::{Moment, Span};

use crate::etas::Etas;
use crate::ports::StoreError;
use crate::ports::assets::{Assets, Media, MediaKind};
use crate::ports::clock::Clock;
use crate::ports::drafts::DraftStore;
use crate::ports::jobs::{JobStore, POSITION_MAX};
use crate::ports::links::Links;
use crate::ports::messenger::{Messenger, MessengerError, Outgoing, UPLOAD_BYTES_MAX, Upload};
use crate::ports::outbox::{OutboxBody, OutboxRow, OutboxStore, Sent};
use crate::ports::topups::TopupStore;
use crate::ports::usage::UsageStore;
use crate::ports::users::{Reachable, UserStore};
use crate::ports::view::{JobFacts, RefundFacts, Rendered, TopupFacts, UsageFacts, View};

/// What the courier needs from outside.
#[derive(Clone)]
pub struct CourierPorts {
    pub clock: Arc<dyn Clock>,
    pub outbox: Arc<dyn OutboxStore>,
    pub users: Arc<dyn UserStore>,
    pub jobs: Arc<dyn JobStore>,
    pub drafts: Arc<dyn DraftStore>,
    pub topups: Arc<dyn TopupStore>,
    pub usages: Arc<dyn UsageStore>,
    pub assets: Arc<dyn Assets>,
    pub links: Arc<dyn Links>,
    /// How long a user's link to his result works.
    pub link_for: Span,
    pub etas: Arc<Etas>,
    pub messenger: Arc<dyn Messenger>,
    pub view: Arc<dyn View>,
}

/// How failed tries are repeated.
#[derive(Clone, Copy, Debug)]
pub struct RetrySettings {
    /// The wait after the first failure; doubles each time.
    pub base: Span,
    /// The longest wait.
    pub max: Span,
    /// Tries after which a message is given up.
    pub attempts_max: u32,
}

/// What a delivery means for the chat's queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// The row is finished; the next one may go.
    Finished {
        /// A job whose progress is now shown and still changes.
        watch: Option<JobId>,
    },
    /// Nothing of this chat may be sent before this moment.
    PausedUntil(Moment),
}

/// What is to be sent, or why nothing is.
enum Plan {
    /// Into the slot's message if there is one, else as a new message.
    Words {
        rendered: Rendered,
        watch: Option<JobId>,
    },
    New(Outgoing),
    Nothing {
        cause: &'static str,
    },
}

/// Delivers one message and records how it ended.
pub async fn deliver(
    ports: &CourierPorts,
    retry: RetrySettings,
    row: &OutboxRow,
) -> Result<Delivery, StoreError> {
    let plan = plan(ports, row).await?;
    let (outcome, watch) = match plan {
        Plan::Nothing { cause } => {
            let cause = cause.to_owned();
            return finish(ports, row, Sent::Dead { cause }, None).await;
        }
        Plan::Words { rendered, watch } => (say(ports, row, rendered).await?, watch),
        Plan::New(outgoing) => (send(ports, row.chat, &outgoing).await, None),
    };
    fail_point!("courier.sent");
    match outcome {
        Ok(message) => finish(ports, row, Sent::Delivered { message }, watch).await,
        Err(MessengerError::Unreachable) => {
            // The row first: whoever makes the user reachable again finds it and revives it.
            let finished = finish(ports, row, Sent::Unreachable, None).await?;
            mark_unreachable(ports, row.chat).await?;
            Ok(finished)
        }
        Err(MessengerError::Retryable { after }) => postpone(ports, retry, row, after).await,
        Err(MessengerError::Ambiguous | MessengerError::MessageGone) => {
            postpone(ports, retry, row, None).await
        }
        Err(error @ (MessengerError::Refused(_) | MessengerError::Broken(_))) => {
            tracing::error!(outbox.seq = row.seq, %error, "a message cannot be sent");
            let cause = error.to_string();
            finish(ports, row, Sent::Dead { cause }, None).await
        }
    }
}

/// Brings the progress message of a running job up to date. `false` when the job needs no
/// more of it. Loss is harmless: the end of the job is a message of the outbox.
pub async fn refresh(
    ports: &CourierPorts,
    chat: ChatId,
    slot: &str,
    id: &JobId,
) -> Result<Watch, StoreError> {
    let Some(facts) = job_facts(ports, id).await? else {
        return Ok(Watch::Over);
    };
    if facts.job.state.is_settled() {
        return Ok(Watch::Over);
    }
    let Some(message) = ports.outbox.slot(chat, slot).await? else {
        return Ok(Watch::On);
    };
    let language = language_of(ports, chat).await?;
    let rendered = ports.view.progress(language, &facts);
    if facts.position.is_none() {
        // The hint lasts five seconds and costs nothing when it is lost.
        if let Err(error) = ports.messenger.show_working(chat).await {
            tracing::debug!(%error, "the working hint was not shown");
        }
    }
    match ports.messenger.edit(chat, message, &rendered).await {
        Ok(()) | Err(MessengerError::Ambiguous) => Ok(Watch::On),
        Err(MessengerError::Retryable { after }) => {
            Ok(Watch::Paused(after.unwrap_or(Duration::from_secs(5))))
        }
        Err(
            MessengerError::Unreachable
            | MessengerError::MessageGone
            | MessengerError::Refused(_)
            | MessengerError::Broken(_),
        ) => Ok(Watch::Over),
    }
}

/// Whether a job's progress goes on being shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Watch {
    On,
    /// Telegram asked for a pause of this chat.
    Paused(Duration),
    Over,
}

async fn plan(ports: &CourierPorts, row: &OutboxRow) -> Result<Plan, StoreError> {
    match &row.body {
        OutboxBody::Text { rendered } => Ok(Plan::Words {
            rendered: rendered.clone(),
            watch: None,
        }),
        OutboxBody::Progress { job } => {
            let Some(facts) = job_facts(ports, &JobId::new(job.as_str())).await? else {
                return Ok(Plan::Nothing { cause: "no job" });
            };
            let language = language_of(ports, row.chat).await?;
            let watch = (!facts.job.state.is_settled()).then(|| facts.job.id.clone());
            Ok(Plan::Words {
                rendered: ports.view.progress(language, &facts),
                watch,
            })
        }
        OutboxBody::Result { job } => {
            let Some(facts) = job_facts(ports, &JobId::new(job.as_str())).await? else {
                return Ok(Plan::Nothing { cause: "no job" });
            };
            let Some(asset) = facts.job.result.clone() else {
                return Ok(Plan::Nothing { cause: "no result" });
            };
            let Some(media) = ports.assets.get(&asset).await? else {
                return Ok(Plan::Nothing { cause: "no media" });
            };
            let language = language_of(ports, row.chat).await?;
            if media.bytes.len() > UPLOAD_BYTES_MAX {
                let stored = ports.assets.find(&asset).await?;
                let until = ports.clock.now() + ports.link_for;
                let link = stored.and_then(|asset| ports.links.link(&asset, until));
                let told = ports.view.linked_result(language, &facts, link.as_deref());
                return Ok(Plan::New(Outgoing::Text(told)));
            }
            let extension = media.kind.extension();
            let name = format!("{}.{extension}", ports.view.file_name(&facts));
            let caption = ports.view.result(language, &facts);
            Ok(Plan::New(shown(media, name, caption)))
        }
        OutboxBody::Document { name, text } => Ok(Plan::New(Outgoing::Document {
            upload: Upload {
                bytes: Bytes::copy_from_slice(text.as_bytes()),
                name: name.clone(),
            },
        })),
        OutboxBody::Usage { usage } => {
            let Some(facts) = usage_facts(ports, usage).await? else {
                return Ok(Plan::Nothing {
                    cause: "no session",
                });
            };
            let language = language_of(ports, row.chat).await?;
            Ok(Plan::Words {
                rendered: ports.view.usage(language, &facts),
                watch: None,
            })
        }
        OutboxBody::UsageWarning { usage } => {
            let Some(facts) = usage_facts(ports, usage).await? else {
                return Ok(Plan::Nothing {
                    cause: "no session",
                });
            };
            if facts.usage.ended.is_some() {
                return Ok(Plan::Nothing {
                    cause: "the session has ended",
                });
            }
            let language = language_of(ports, row.chat).await?;
            Ok(Plan::Words {
                rendered: ports.view.usage_warning(language, &facts),
                watch: None,
            })
        }
        OutboxBody::File { job, asset } => {
            let Some(facts) = job_facts(ports, &JobId::new(job.as_str())).await? else {
                return Ok(Plan::Nothing { cause: "no job" });
            };
            let Some(media) = ports.assets.get(&AssetId::new(asset.as_str())).await? else {
                return Ok(Plan::Nothing { cause: "no media" });
            };
            let extension = media.kind.extension();
            let name = format!("{}.{extension}", ports.view.file_name(&facts));
            let bytes = media.bytes;
            Ok(Plan::New(Outgoing::Document {
                upload: Upload { bytes, name },
            }))
        }
        OutboxBody::PayCard { topup } => {
            let Some(facts) = topup_facts(ports, topup).await? else {
                return Ok(Plan::Nothing { cause: "no top-up" });
            };
            let language = language_of(ports, row.chat).await?;
            Ok(Plan::Words {
                rendered: ports.view.pay_card(language, &facts),
                watch: None,
            })
        }
        OutboxBody::Credited { topup, .. } => {
            let Some(facts) = topup_facts(ports, topup).await? else {
                return Ok(Plan::Nothing { cause: "no top-up" });
            };
            let language = language_of(ports, row.chat).await?;
            let rendered = ports.view.credited(language, &facts);
            Ok(Plan::New(Outgoing::Text(rendered)))
        }
        OutboxBody::Refund { refund } => {
            let refund = ports.topups.refund(&RefundId::new(refund.as_str())).await?;
            let Some(refund) = refund else {
                return Ok(Plan::Nothing { cause: "no refund" });
            };
            let balance = ports.users.balance(refund.order.user).await?;
            let language = language_of(ports, row.chat).await?;
            let facts = RefundFacts { refund, balance };
            let rendered = ports.view.refund(language, &facts);
            Ok(Plan::New(Outgoing::Text(rendered)))
        }
    }
}

/// A result as a chat shows it.
fn shown(media: Media, name: String, caption: Rendered) -> Outgoing {
    let upload = Upload {
        bytes: media.bytes,
        name,
    };
    match media.kind {
        MediaKind::Png | MediaKind::Jpeg | MediaKind::Webp => Outgoing::Photo {
            upload,
            caption,
            width: media.width,
            height: media.height,
        },
        MediaKind::Mp4 => Outgoing::Video {
            upload,
            caption,
            width: media.width,
            height: media.height,
            seconds: media.millis.div_ceil(1_000),
        },
    }
}

/// A top-up with the balance and the request that waits for it, as far as it can be confirmed.
async fn topup_facts(ports: &CourierPorts, id: &str) -> Result<Option<TopupFacts>, StoreError> {
    let Some(topup) = ports.topups.topup(&TopupId::new(id)).await? else {
        return Ok(None);
    };
    let balance = ports.users.balance(topup.order.user).await?;
    let draft = match &topup.order.draft {
        Some(draft) => ports.drafts.draft(draft).await?,
        None => None,
    };
    let now = ports.clock.now();
    let waits = |draft: &Draft| {
        draft.user == topup.order.user && draft.state == DraftState::Open && now < draft.expires_at
    };
    Ok(Some(TopupFacts {
        draft: draft.filter(waits),
        balance,
        topup,
    }))
}

async fn usage_facts(ports: &CourierPorts, id: &str) -> Result<Option<UsageFacts>, StoreError> {
    let Some(usage) = ports.usages.usage(&UsageId::new(id)).await? else {
        return Ok(None);
    };
    let balance = ports.users.balance(usage.user).await?;
    Ok(Some(UsageFacts { usage, balance }))
}

/// Edits the slot's message, or sends a new one when there is none (any more).
async fn say(
    ports: &CourierPorts,
    row: &OutboxRow,
    rendered: Rendered,
) -> Result<Result<MessageId, MessengerError>, StoreError> {
    let standing = match &row.slot {
        Some(slot) => ports.outbox.slot(row.chat, slot).await?,
        None => None,
    };
    if let Some(message) = standing {
        match ports.messenger.edit(row.chat, message, &rendered).await {
            Ok(()) => return Ok(Ok(message)),
            Err(MessengerError::MessageGone) => {}
            Err(error) => return Ok(Err(error)),
        }
    }
    Ok(send(ports, row.chat, &Outgoing::Text(rendered)).await)
}

async fn send(
    ports: &CourierPorts,
    chat: ChatId,
    outgoing: &Outgoing,
) -> Result<MessageId, MessengerError> {
    fail_point!("courier.before_send");
    ports.messenger.send(chat, outgoing).await
}

async fn finish(
    ports: &CourierPorts,
    row: &OutboxRow,
    sent: Sent,
    watch: Option<JobId>,
) -> Result<Delivery, StoreError> {
    ports
        .outbox
        .finish(row.seq, &sent, ports.clock.now())
        .await?;
    fail_point!("courier.recorded");
    Ok(Delivery::Finished { watch })
}

async fn postpone(
    ports: &CourierPorts,
    retry: RetrySettings,
    row: &OutboxRow,
    after: Option<Duration>,
) -> Result<Delivery, StoreError> {
    if row.attempts + 1 >= retry.attempts_max {
        tracing::error!(
            outbox.seq = row.seq,
            "a message is given up after too many tries"
        );
        let cause = "too many tries".to_owned();
        return finish(ports, row, Sent::Dead { cause }, None).await;
    }
    let own = doubled(retry.base, retry.max, row.attempts);
    let asked = after.map_or(Span(0), |after| {
        Span(i64::try_from(after.as_micros()).unwrap_or(i64::MAX))
    });
    let due_at = ports.clock.now() + own.max(asked);
    ports.outbox.postpone(row.seq, due_at).await?;
    Ok(Delivery::PausedUntil(due_at))
}

async fn mark_unreachable(ports: &CourierPorts, chat: ChatId) -> Result<(), StoreError> {
    let Some(user) = ports.users.by_chat(chat).await? else {
        return Ok(());
    };
    ports
        .users
        .set_reachable(user.id, Reachable::Blocked, ports.clock.now())
        .await
}

async fn job_facts(ports: &CourierPorts, id: &JobId) -> Result<Option<JobFacts>, StoreError> {
    let Some(job) = ports.jobs.job(id).await? else {
        return Ok(None);
    };
    let balance = ports.users.balance(job.user).await?;
    let position = ports.jobs.position(id).await?;
    // Who is so far behind that nobody counted is told no time.
    let eta = match position.unwrap_or(0) {
        POSITION_MAX.. => None,
        ahead => ports.etas.foretell(&job.spec, ahead),
    };
    Ok(Some(JobFacts {
        job,
        balance,
        position,
        eta,
        now: ports.clock.now(),
    }))
}

async fn language_of(ports: &CourierPorts, chat: ChatId) -> Result<Language, StoreError> {
    let user = ports.users.by_chat(chat).await?;
    Ok(user.map_or(Language::Russian, |user| user.language))
}
