//! Drafts: a request with a locked price, waiting for the user's word.
//!
//! ```text
//! asking ──words──▶ open ──confirm──▶ confirmed
//!    │               │ ▲
//!    │             expiry │ re-quote (new nonce)
//!    └──cancel──▶ cancelled
//! ```
//! The price shown is the price charged: it is locked with a nonce that changes whenever the
//! card does, and confirmation names the nonce it saw.

use crate::ids::{ChatId, DraftId, JobId, Nonce, UserId};
use crate::money::Money;
use crate::spec::Spec;
use crate::time::Moment;

/// Where a draft stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DraftState {
    /// Pictures without words: the bot asked what to do with them.
    Asking,
    /// Priced and shown, ready to be confirmed.
    Open,
    /// Became this job. A second confirmation finds the same job.
    Confirmed(JobId),
    /// Withdrawn by the user.
    Cancelled,
}

/// A request on its way to becoming a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    pub id: DraftId,
    pub user: UserId,
    pub chat: ChatId,
    pub state: DraftState,
    pub spec: Spec,
    /// The locked price; what is shown is what is held.
    pub price: Money,
    pub nonce: Nonce,
    pub created_at: Moment,
    /// After this moment the price must be quoted anew.
    pub expires_at: Moment,
}

/// Why a confirmation does not become a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConfirmRefusal {
    /// It already did: a double tap.
    AlreadyConfirmed(JobId),
    Cancelled,
    /// The card changed after this button was drawn.
    Outdated,
    /// The price lock ran out; quote again.
    Expired,
    /// There are no words yet.
    Incomplete,
}

impl Draft {
    /// Checks a tap on *Confirm* made at `now` on the card that carried `nonce`.
    /// Guards in order: finished states, completeness, nonce, expiry.
    pub fn check_confirm(&self, nonce: &Nonce, now: Moment) -> Result<(), ConfirmRefusal> {
        match &self.state {
            DraftState::Confirmed(job) => {
                return Err(ConfirmRefusal::AlreadyConfirmed(job.clone()));
            }
            DraftState::Cancelled => return Err(ConfirmRefusal::Cancelled),
            DraftState::Asking => return Err(ConfirmRefusal::Incomplete),
            DraftState::Open => {}
        }
        if self.nonce != *nonce {
            return Err(ConfirmRefusal::Outdated);
        }
        if now >= self.expires_at {
            return Err(ConfirmRefusal::Expired);
        }
        Ok(())
    }
}
