//! `rei-bot route replay`: past routing decisions under another policy, from the command line.

use std::path::Path;

use rei_domain::routing::replay::{Expected, Replay};
use rei_domain::time::Span;

use super::settings;
use crate::cli::ReplayArgs;
use crate::config::{Config, Environment, Loaded, Purpose};
use crate::store::{Db, RouteRows};

/// Decisions are read a day at a time.
const DAY: Span = Span::from_secs(24 * 3_600);

/// Decides the days' attempts anew and prints how that differs.
pub(super) async fn run(loaded: &Loaded, args: &ReplayArgs) -> anyhow::Result<()> {
    let policy = policy_of(&args.policy)?;
    let db = Db::try_new(&settings::database(&loaded.config))?;
    db.check_schema().await?;
    let rows = RouteRows::new(db);
    let mut replay = Replay::default();
    let (mut from, until) = (args.days.from.0, args.days.until());
    while from < until {
        for past in rows.decisions(from, from + DAY).await? {
            replay.add(&past, &policy);
        }
        from = from + DAY;
    }
    print(&replay);
    Ok(())
}

/// The policy of a configuration file; nothing else of the file counts.
fn policy_of(file: &Path) -> anyhow::Result<rei_domain::routing::Policy> {
    let loaded = Config::load(&Environment::of([]), Some(file), Purpose::Database)?;
    Ok(loaded.config.routing.policy())
}

fn print(replay: &Replay) {
    println!("{:>10} decisions", replay.decisions);
    println!("{:>10} decided differently", replay.changed);
    println!(
        "{:>10} that the other policy would not have made",
        replay.undecided
    );
    let roubles = |expected: &Expected| expected.cost / 100.0;
    let (then, anew) = (roubles(&replay.then), roubles(&replay.anew));
    println!(
        "expected cost of delivered results, ₽: {then:.2} then, {anew:.2} anew{}",
        change(then, anew)
    );
    if let (Some(then), Some(anew)) = (replay.then.mean_p95_secs(), replay.anew.mean_p95_secs()) {
        println!(
            "p95 of the time, mean, s: {then:.1} then, {anew:.1} anew{}",
            change(then, anew)
        );
    }
    for (provider, (then, anew)) in &replay.chosen {
        println!("{provider}: {then} then, {anew} anew");
    }
}

fn change(then: f64, anew: f64) -> String {
    if then == 0.0 {
        return String::new();
    }
    format!(" ({:+.1} %)", (anew - then) / then * 100.0)
}
