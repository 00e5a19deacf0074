//! Orders: the posting by which an open draft becomes a job, for everybody who may confirm one.

use rei_domain::draft::Draft;
use rei_domain::ids::{HoldId, IdempotencyKey, JobId, ModelId};
use rei_domain::job::LaneName;
use rei_domain::ledger::{HoldPurpose, Movement, Operation, Posting};
use rei_domain::money::Money;
use rei_domain::spec::Output;
use rei_domain::time::{Moment, Span};

use crate::ports::jobs::NewJob;
use crate::ports::ledger::{LedgerCommand, Rider};
use crate::ports::outbox::{NewOutbox, OutboxBody};
use crate::routes::Routes;
use crate::runner::draft_slot;

/// How long after its deadline an open hold is an auditor's business.
const HOLD_GRACE: Span = Span::from_secs(15 * 60);

/// What every order has in common.
#[derive(Clone, Debug)]
pub struct Terms {
    /// From the acceptance of a job for a picture to its latest end.
    pub image_deadline: Span,
    /// The same for a video.
    pub video_deadline: Span,
}

impl Terms {
    /// The order that a draft would be.
    pub fn order<'a>(&self, draft: &'a Draft, lane: LaneName, routes: &Routes) -> Order<'a> {
        let (model, deadline) = match &draft.spec.output {
            Output::Image(look) => (ModelId::new(look.model.as_str()), self.image_deadline),
            Output::Video(look) => (look.model.clone(), self.video_deadline),
        };
        Order {
            draft,
            lane,
            model,
            deadline,
            platform_cost: routes.cost_ceiling(&draft.spec),
        }
    }
}

/// A draft that is to become a job.
#[derive(Clone, Debug)]
pub struct Order<'a> {
    pub draft: &'a Draft,
    pub lane: LaneName,
    /// The model as it is sold.
    pub model: ModelId,
    /// From acceptance to the latest end.
    pub deadline: Span,
    /// The most that a provider would charge.
    pub platform_cost: Money,
}

/// The posting of a confirmation. Its ids come from the draft, so a repeat is the same posting.
pub fn submit_command(order: &Order<'_>, now: Moment) -> LedgerCommand {
    let draft = order.draft;
    let id = draft.id.as_str();
    let deadline_at = now + order.deadline;
    let job = NewJob {
        id: JobId::new(id),
        draft: draft.id.clone(),
        user: draft.user,
        chat: draft.chat,
        hold: HoldId::new(id),
        lane: order.lane,
        model: order.model.clone(),
        spec: draft.spec.clone(),
        price: draft.price,
        created_at: now,
        deadline_at,
    };
    LedgerCommand {
        posting: Posting {
            user: draft.user,
            operations: vec![Operation {
                key: IdempotencyKey::new(format!("hold:{id}")),
                movement: Movement::PlaceHold {
                    hold: job.hold.clone(),
                    amount: draft.price,
                    expires_at: deadline_at + HOLD_GRACE,
                    purpose: HoldPurpose::Job,
                    platform_cost: order.platform_cost,
                },
                reference: format!("job:{id}"),
            }],
        },
        outbox: vec![NewOutbox {
            key: format!("begin:{id}"),
            chat: draft.chat,
            slot: Some(draft_slot(id)),
            body: OutboxBody::progress(&job.id),
            created_at: now,
        }],
        rider: Rider::Submit {
            draft: draft.id.clone(),
            nonce: draft.nonce.clone(),
            job: Box::new(job),
        },
        audit: None,
    }
}
