//! What the house is measured by. `README.md` beside this file says what each figure means, how
//! to take it, and what it was last.
//!
//! Figures are of the machine they were taken on, to be compared with each other and with
//! nothing else: each bench measures its peer or its limit in the same run. What needs
//! PostgreSQL starts a throw-away server of its own, or uses the one that
//! `REI_TEST_POSTGRES_URL` names.

mod bot;
mod child;
mod conversation;
mod footprint;
mod intake;
mod jobs;
mod latency;
mod ledger;
mod load;
mod machine;
mod money;
mod pgbench;
#[path = "../src/store/fixtures/postgres.rs"]
mod postgres;
mod webhook;
mod world;

use std::time::Duration;

const USAGE: &str =
    "usage: rei-bench ledger|money|jobs|intake|conversation [seconds for each figure]
       rei-bench footprint [binary of the bot]";

/// How long each figure is measured, unless the command line says.
const SECONDS: u64 = 5;

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    actix_rt::System::new().block_on(run(&arguments))
}

async fn run(arguments: &[&str]) -> anyhow::Result<()> {
    match arguments {
        ["ledger", rest @ ..] => ledger::measure(length(rest)?).await,
        ["money", rest @ ..] => money::measure(length(rest)?).await,
        ["jobs", rest @ ..] => jobs::measure(length(rest)?).await,
        ["intake", rest @ ..] => intake::measure(length(rest)?).await,
        ["conversation", rest @ ..] => conversation::measure(length(rest)?).await,
        ["footprint"] => footprint::measure(&footprint::beside_this_program()?).await,
        ["footprint", binary] => footprint::measure(binary.as_ref()).await,
        // Servers of `intake`, which starts them.
        ["intake-server", "bare"] => intake::server::bare().await,
        ["intake-server", "bot", url] => intake::server::bot(url).await,
        _ => anyhow::bail!(USAGE),
    }
}

fn length(rest: &[&str]) -> anyhow::Result<Duration> {
    match rest {
        [] => Ok(Duration::from_secs(SECONDS)),
        [seconds] => Ok(Duration::from_secs(seconds.parse()?)),
        _ => anyhow::bail!(USAGE),
    }
}
