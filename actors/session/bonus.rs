//! The welcome bonus: given once, whatever brought the user here.

use rei_domain::ids::IdempotencyKey;
use rei_domain::ledger::{Applied, Movement, Operation, Posting, Refusal};
use rei_domain::money::Money;

use super::conversation::Talk;
use crate::patience::patiently;
use crate::ports::StoreError;
use crate::ports::ledger::{CommandRefusal, LedgerCommand, LedgerOutcome, Rider};

/// Grants the bonus if the user never had it; tells the amount if it was granted now.
pub(super) async fn grant_once(talk: &Talk<'_>) -> Result<Option<Money>, StoreError> {
    let amount = talk.settings.welcome_bonus;
    if amount == Money::ZERO {
        return Ok(None);
    }
    let user = talk.user_id();
    let command = LedgerCommand {
        posting: Posting {
            user,
            operations: vec![Operation {
                key: IdempotencyKey::new(format!("welcome:{user}")),
                movement: Movement::GrantBonus { amount },
                reference: format!("user:{user}"),
            }],
        },
        rider: Rider::None,
        outbox: Vec::new(),
        audit: None,
    };
    let outcome = patiently(talk.settings.patience, || {
        talk.ports.poster.post(command.clone())
    })
    .await?;
    match outcome {
        LedgerOutcome::Applied {
            applied: Applied::Now,
            ..
        } => Ok(Some(amount)),
        LedgerOutcome::Applied {
            applied: Applied::Before,
            ..
        }
        // The bonus of the configuration changed since it was granted.
        | LedgerOutcome::Refused(CommandRefusal::Money(Refusal::KeyReused { .. })) => Ok(None),
        LedgerOutcome::Refused(refusal) => {
            tracing::error!(%refusal, "the welcome bonus is refused");
            Ok(None)
        }
    }
}
