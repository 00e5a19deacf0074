//! `rei-bot assets`: the places of pictures and videos, from the command line.

use std::process::ExitCode;
use std::sync::Arc;

use tokio::runtime::Handle;

use super::clock::SystemClock;
use super::settings;
use crate::assets::{Copies, Mending, Places};
use crate::cli::CheckArgs;
use crate::config::Loaded;
use crate::store::{AssetRows, Db};

/// Looks for everything that is kept and copies what a place lacks. Fails if something is lost.
pub(super) async fn check(loaded: &Loaded, args: CheckArgs) -> anyhow::Result<ExitCode> {
    let config = &loaded.config;
    let db = Db::try_new(&settings::database(config))?;
    db.check_schema().await?;
    let places = Places::open(&config.assets, &Handle::current())?;
    let copies = Copies::new(places, AssetRows::new(db), Arc::new(SystemClock));
    let (mending, done) = if args.dry_run {
        (Mending::DryRun, "would be copied")
    } else {
        (Mending::Do, "copied")
    };
    let checked = copies.check(mending).await?;
    println!(
        "{:>10} kept, {} bytes",
        checked.kept.count, checked.kept.bytes
    );
    if config.assets.mirror_url.is_some() {
        println!("{:>10} {done} to the mirror", checked.copied.count);
        println!("{:>10} {done} back from the mirror", checked.back.count);
    } else {
        println!("There is no mirror: set assets.mirror_url to have one.");
    }
    for id in &checked.lost {
        println!("lost: {id}");
    }
    if checked.lost.is_empty() {
        println!("Nothing is lost.");
        return Ok(ExitCode::SUCCESS);
    }
    println!(
        "{} lost: no place has them as they were stored.",
        checked.lost.len()
    );
    Ok(ExitCode::FAILURE)
}
