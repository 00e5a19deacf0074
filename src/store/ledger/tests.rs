//! What the ledger promises, on both databases.

mod caps;
mod faults;
mod guards;
mod parallel;
mod plans;
mod random;
mod triggers;

use rei_actors::ports::StoreError;
use rei_actors::ports::ledger::{
    CommandRefusal, LedgerCommand, LedgerOutcome, LedgerStore, shard_of,
};
use rei_domain::ids::UserId;
use rei_domain::ledger::Applied;
use rei_domain::time::Moment;

use crate::store::fixtures::shop::Shop;
use crate::store::verify::{Checked, audit};
use crate::store::{Conn, Db, LedgerRows};

/// Whose money it is, unless a test says otherwise.
const USER: UserId = UserId(7);

/// Sends commands of one user's shard as one batch.
async fn apply(
    db: &Db,
    commands: &[LedgerCommand],
    now: Moment,
) -> Result<Vec<LedgerOutcome>, StoreError> {
    let ledger = LedgerRows::new(db.clone());
    let user = commands[0].posting.user;
    let shard = shard_of(user, ledger.shards().await?);
    ledger.apply(shard, commands, now).await
}

/// How a command ended, without the balance.
fn applied(outcome: &LedgerOutcome) -> Result<Applied, CommandRefusal> {
    match outcome {
        LedgerOutcome::Applied { applied, .. } => Ok(*applied),
        LedgerOutcome::Refused(refusal) => Err(refusal.clone()),
    }
}

/// Finds no invariant broken, and says how many rows there are.
async fn audited(shop: &Shop) -> Checked {
    let report = audit(&shop.db, shop.now()).await.unwrap();
    assert_eq!(report.findings, [], "{report}");
    report.checked
}
