//! `rei-bot reconcile`: the payment methods' own lists against the ledger, from the command line.
//!
//! Safe beside a running bot: repairs go through the same transactions under the same keys.

use std::process::ExitCode;
use std::sync::Arc;

use async_trait::async_trait;
use rei_actors::bell::Bell;
use rei_actors::cashier::CashierPorts;
use rei_actors::cashier::reconcile::{Reconciliation, reconcile};
use rei_actors::ports::StoreError;
use rei_actors::ports::clock::Clock;
use rei_actors::ports::ledger::{LedgerCommand, LedgerOutcome, LedgerStore, Poster, shard_of};
use rei_actors::ports::topups::{Recorded, Repair};
use rei_domain::time::Moment;

use super::clock::{SystemClock, UuidIds};
use super::{settings, tills};
use crate::cli::Days;
use crate::config::Loaded;
use crate::store::{Db, DraftRows, LedgerRows, NoticeRows, TopupRows};
use crate::telegram::catalogue::Catalogue;
use crate::telegram::commands::CommandList;
use crate::telegram::view::FluentView;

/// Compares, repairs what is safe, and prints each difference. A failure exit code when
/// something is left for a person.
pub(super) async fn run(loaded: &Loaded, args: &Days) -> anyhow::Result<ExitCode> {
    let config = &loaded.config;
    let db = Db::try_new(&settings::database(config))?;
    db.check_schema().await?;
    let tills = tills::open(config, tokio::runtime::Handle::current())?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let (from, to) = (args.from.0, args.until());
    let rows = LedgerRows::with_caps(db.clone(), config.billing.caps());
    let poster = StraightPoster {
        shards: rows.shards().await?,
        rows,
        clock: clock.clone(),
    };
    let catalogue = Arc::new(Catalogue::embedded());
    let commands = Arc::new(CommandList::new(catalogue.clone()));
    let mut ports = None;
    let mut sound = true;
    for till in tills.iter() {
        let ports = ports.get_or_insert_with(|| CashierPorts {
            clock: clock.clone(),
            ids: Arc::new(UuidIds),
            notices: Arc::new(NoticeRows::new(db.clone())),
            topups: Arc::new(TopupRows::new(db.clone())),
            drafts: Arc::new(DraftRows::new(db.clone())),
            poster: Arc::new(poster.clone()),
            view: Arc::new(FluentView::new(catalogue.clone(), commands.clone())),
            till: till.clone(),
            outbox: Bell::new(),
        });
        ports.till = till.clone();
        let found = reconcile(ports, &settings::cashier(config), from, to).await?;
        print(till.method.name(), &found);
        sound &= found.is_settled();
    }
    if tills.iter().next().is_none() {
        println!("No payment method is switched on.");
    }
    Ok(if sound {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn print(method: &str, found: &Reconciliation) {
    println!(
        "{method}: {} payments, {} refunds compared",
        found.payments, found.refunds
    );
    for (difference, recorded) in &found.differences {
        let repair = match difference.repair {
            Repair::Done => "repaired",
            Repair::Left => "left",
        };
        let known = match recorded {
            Recorded::New => "new",
            Recorded::Known => "known",
        };
        let topup = difference.topup.as_ref().map_or("-", |id| id.as_str());
        println!(
            "  {:>12} ₽  {:<22}  {repair:<8}  {known:<5}  {}  top-up {topup}",
            difference.amount.to_string(),
            difference.kind.as_str(),
            difference.object,
        );
    }
    println!("  {:>12} ₽  left after repairs", found.left().to_string());
}

/// Posts at once, without an actor: the shard's lock in the database keeps the order.
#[derive(Clone)]
struct StraightPoster {
    rows: LedgerRows,
    clock: Arc<dyn Clock>,
    shards: u32,
}

#[async_trait]
impl Poster for StraightPoster {
    async fn post(&self, command: LedgerCommand) -> Result<LedgerOutcome, StoreError> {
        let shard = shard_of(command.posting.user, self.shards);
        let now: Moment = self.clock.now();
        let outcomes = self.rows.apply(shard, &[command], now).await?;
        let outcome = outcomes.into_iter().next();
        outcome.ok_or_else(|| StoreError::Broken("a command has no outcome".to_owned()))
    }
}
