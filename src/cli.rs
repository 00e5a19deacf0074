//! The command line: what the binary can be asked to do.
//!
//! Secrets are never arguments: they would stand in the list of processes.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::error::ErrorKind;
use clap::{Args, CommandFactory, Parser, Subcommand};
use rei_domain::time::{Moment, Span};

/// A Telegram bot that sells AI images, with books that always balance.
#[derive(Debug, Parser)]
#[command(name = "rei-bot", version, disable_help_subcommand = true)]
pub struct Cli {
    /// A TOML file over the built-in defaults; REI_CONFIG names one too. Not for demo and sandbox
    #[arg(long, value_name = "FILE", global = true)]
    pub config: Option<PathBuf>,
    /// Without a command the bot is served
    #[command(subcommand)]
    pub command: Option<Command>,
}

impl Cli {
    /// The command line of this process. Ends the process, with code 2, when it is wrong.
    pub fn of_process() -> Cli {
        match Cli::parse().checked() {
            Ok(cli) => cli,
            Err(error) => error.exit(),
        }
    }

    /// The demo and the sandbox take no file: it could name a real token or database.
    fn checked(self) -> Result<Cli, clap::Error> {
        let takes_file = match self.command {
            Some(Command::Demo(_) | Command::Sandbox(_)) => false,
            Some(
                Command::Serve
                | Command::Migrate
                | Command::CheckConfig
                | Command::Verify
                | Command::Receipt(_)
                | Command::Reconcile(_)
                | Command::Route(_)
                | Command::Gc(_)
                | Command::Assets(_),
            )
            | None => true,
        };
        if self.config.is_some() && !takes_file {
            let text = "the demo and the sandbox take no --config: they touch nothing real";
            return Err(Cli::command().error(ErrorKind::ArgumentConflict, text));
        }
        Ok(self)
    }
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Try the bot in a browser: no keys, no servers, play money
    Demo(DemoArgs),
    /// Serve the bot on Telegram (the default)
    Serve,
    /// Run the emulators of Telegram, Gemini, Kling, fal, YooKassa and S3 alone, on loopback
    Sandbox(SandboxArgs),
    /// Bring the database's schema up to date and end
    Migrate,
    /// Show the effective configuration without secrets; fail if the bot could not start with it
    CheckConfig,
    /// Audit the books and the jobs; safe beside a running bot; fail if anything is broken
    Verify,
    /// Check what users were given as proof
    #[command(subcommand)]
    Receipt(ReceiptCommand),
    /// Compare the payment methods' lists with the ledger, repair what is safe, and print each
    /// difference; safe beside a running bot; fail if something is left for a person
    Reconcile(Days),
    /// Look at how jobs were routed
    #[command(subcommand)]
    Route(RouteCommand),
    /// Remove what nobody needs any more: old results, left-over files, answered updates; safe
    /// beside a running bot, which does so by itself
    Gc(GcArgs),
    /// Look at the places of pictures and videos
    #[command(subcommand)]
    Assets(AssetsCommand),
}

/// What to do with the places of pictures and videos.
#[derive(Clone, Debug, Subcommand)]
pub enum AssetsCommand {
    /// Look for everything that is kept in its place and in the mirror, and copy what one of them
    /// lacks, as after a place was lost or exchanged; safe beside a running bot; fail if something
    /// is in neither
    Check(CheckArgs),
}

/// How to look at the places.
#[derive(Args, Clone, Copy, Debug)]
pub struct CheckArgs {
    /// Only say what would be copied
    #[arg(long)]
    pub dry_run: bool,
}

/// What to do with past decisions.
#[derive(Clone, Debug, Subcommand)]
pub enum RouteCommand {
    /// Decide past attempts anew under another policy, and print how cost and time differ
    Replay(ReplayArgs),
}

/// Which decisions, and which policy.
#[derive(Args, Clone, Debug)]
pub struct ReplayArgs {
    #[command(flatten)]
    pub days: Days,
    /// A configuration file; only its [routing] counts
    #[arg(long, value_name = "FILE")]
    pub policy: PathBuf,
}

/// How to remove what nobody needs.
#[derive(Args, Clone, Copy, Debug)]
pub struct GcArgs {
    /// Only say what would be removed
    #[arg(long)]
    pub dry_run: bool,
}

/// What to do with a receipt.
#[derive(Clone, Debug, Subcommand)]
pub enum ReceiptCommand {
    /// Check a receipt without a database; fail with one sentence if it does not hold
    Verify(ReceiptArgs),
}

/// Which receipt to check.
#[derive(Args, Clone, Debug)]
pub struct ReceiptArgs {
    /// The file that the bot sent
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// The published checkpoints, as /checkpoints/DAY gives them; without it the receipt is
    /// checked against the checkpoint it brings along
    #[arg(long, value_name = "FILE")]
    pub checkpoint: Option<PathBuf>,
}

/// Which days.
#[derive(Args, Clone, Debug)]
pub struct Days {
    /// The first day, in Moscow
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = day)]
    pub from: Day,
    /// The last day, in Moscow; by default the first one
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = day)]
    pub to: Option<Day>,
}

/// A day, by its first moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day(pub Moment);

impl Days {
    /// The moment after the last day.
    pub fn until(&self) -> Moment {
        let last = self.to.unwrap_or(self.from);
        last.max(self.from).0 + DAY
    }
}

const DAY: Span = Span::from_secs(24 * 3_600);

/// Moscow keeps UTC+3 without summer time.
const MOSCOW_SECS: i64 = 3 * 3_600;

fn day(text: &str) -> Result<Day, String> {
    let date: chrono::NaiveDate = text
        .parse()
        .map_err(|_| "must be a date like 2026-11-23".to_owned())?;
    let midnight = date.and_time(chrono::NaiveTime::MIN).and_utc().timestamp();
    let secs = midnight - MOSCOW_SECS;
    Ok(Day(Moment(secs.saturating_mul(1_000_000))))
}

/// How to run the demo.
#[derive(Args, Clone, Debug)]
pub struct DemoArgs {
    /// Where the chat page listens
    #[arg(long, value_name = "IP:PORT", default_value = "127.0.0.1:9090")]
    pub addr: SocketAddr,
    /// The folder of the database and the pictures; by default a new one that is removed at
    /// the end
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
}

/// How to run the emulators.
#[derive(Args, Clone, Debug)]
pub struct SandboxArgs {
    /// Where the emulators and the chat page listen
    #[arg(long, value_name = "IP:PORT", default_value = "127.0.0.1:9090")]
    pub addr: SocketAddr,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn without_a_command_the_bot_is_served() {
        let cli = Cli::try_parse_from(["rei-bot"]).unwrap();
        assert!(cli.command.is_none());
        let cli = Cli::try_parse_from(["rei-bot", "serve", "--config", "my.toml"]).unwrap();
        assert!(matches!(cli.command, Some(Command::Serve)));
        assert_eq!(cli.config, Some(PathBuf::from("my.toml")));
    }

    #[test]
    fn days_to_reconcile_are_moscows_and_the_last_one_is_whole() {
        let args = |words: &[&str]| {
            let words = ["rei-bot", "reconcile"].iter().chain(words);
            match Cli::try_parse_from(words).map(|cli| cli.command) {
                Ok(Some(Command::Reconcile(args))) => Ok(args),
                Ok(_) => panic!("not reconcile"),
                Err(error) => Err(error.kind()),
            }
        };
        let one = args(&["--from", "1970-01-02"]).unwrap();
        assert_eq!(one.from, Day(Moment(21 * 3_600_000_000)));
        assert_eq!(one.until() - one.from.0, DAY);
        let two = args(&["--from", "2026-11-22", "--to", "2026-11-23"]).unwrap();
        assert_eq!((two.until() - two.from.0).whole_secs(), 2 * 86_400);
        assert!(args(&[]).is_err());
        assert!(args(&["--from", "yesterday"]).is_err());
    }

    #[test]
    fn the_demo_takes_no_file() {
        let cli = Cli::try_parse_from(["rei-bot", "--config", "real.toml", "demo"]).unwrap();
        assert!(cli.checked().is_err());
        let cli = Cli::try_parse_from(["rei-bot", "--config", "real.toml", "serve"]).unwrap();
        assert!(cli.checked().is_ok());
    }

    #[test]
    fn the_demo_has_an_address_and_a_folder() {
        let cli = Cli::try_parse_from(["rei-bot", "demo", "--addr", "127.0.0.1:0", "--data", "d"]);
        let Some(Command::Demo(demo)) = cli.unwrap().command else {
            panic!("not the demo");
        };
        assert_eq!(demo.addr.port(), 0);
        assert_eq!(demo.data, Some(PathBuf::from("d")));
    }
}
