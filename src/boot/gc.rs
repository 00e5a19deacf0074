//! `rei-bot gc`: removing what nobody needs any more, from the command line.

use rei_actors::gc::{Sweep, round};
use rei_actors::ports::clock::Clock;
use rei_actors::ports::retention::{Amount, AssetClass, Retention};
use tokio::runtime::Handle;

use super::clock::SystemClock;
use super::settings;
use crate::assets::Places;
use crate::cli::GcArgs;
use crate::config::Loaded;
use crate::retention::Collector;
use crate::store::{Db, RetentionRows};

/// Does a round, or only counts, and prints what was or would be removed.
pub(super) async fn run(loaded: &Loaded, args: GcArgs) -> anyhow::Result<()> {
    let config = &loaded.config;
    let db = Db::try_new(&settings::database(config))?;
    db.check_schema().await?;
    let places = Places::open(&config.assets, &Handle::current())?;
    let collector = Collector::new(places, RetentionRows::new(db));
    let periods = settings::gc(config).periods;
    let now = SystemClock.now();
    if args.dry_run {
        let survey = collector.survey(&periods, now).await?;
        print(&survey.assets);
        println!("{:>10} answered updates", survey.updates);
        println!("{:>10} requests that nobody confirmed", survey.drafts);
        println!("Nothing was removed.");
        return Ok(());
    }
    let done = round(&collector, &periods, now, Sweep::Do).await?;
    print(&done.removed);
    println!(
        "{:>10} files without a row, {} bytes",
        done.swept.count, done.swept.bytes
    );
    println!("{:>10} answered updates", done.updates);
    println!("{:>10} requests that nobody confirmed", done.drafts);
    println!(
        "{:>10} more marked, to be removed by a later round",
        done.marked
    );
    println!("{} bytes freed.", done.bytes());
    Ok(())
}

fn print(assets: &[Amount; 3]) {
    for (class, amount) in AssetClass::ALL.iter().zip(assets) {
        let what = match class {
            AssetClass::Result => "results",
            AssetClass::Input => "clips that videos were made from",
            AssetClass::Orphan => "files of no job",
        };
        println!("{:>10} {what}, {} bytes", amount.count, amount.bytes);
    }
}
