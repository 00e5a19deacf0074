//! The binary: reads the command line and the configuration, and hands over to `boot`.
//!
//! Exit codes: 0 done, 1 the work failed, 2 the command line or the configuration is wrong.

use std::path::Path;
use std::process::ExitCode;

use rei_bot::boot;
use rei_bot::cli::{AssetsCommand, Cli, Command, ReceiptCommand, RouteCommand};
use rei_bot::config::{Config, ConfigError, Environment, Loaded, Purpose};
use rei_bot::logging;
use rei_bot::tls::install_crypto;

/// The command line or the configuration is wrong; clap ends with the same code.
const WRONG_CONFIG: u8 = 2;

fn main() -> ExitCode {
    install_crypto();
    #[cfg(feature = "failpoints")]
    crash_on_request();
    match run(Cli::of_process()) {
        Ok(code) => code,
        Err(Failure::Config(error)) => {
            eprintln!("rei-bot: {error}");
            ExitCode::from(WRONG_CONFIG)
        }
        Err(Failure::Work(error)) => {
            eprintln!("rei-bot: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Dies at a named place, as `kill -9` would, for the tests of what survives that:
/// `REI_CRASH_AT=<fail point>:<on which passing, from 1>`. With `REI_PANIC_AT=<fail point>` it
/// panics there every time, with `REI_PANIC_AT=<fail point>:<times>` that often. Releases do not
/// have this.
#[cfg(feature = "failpoints")]
fn crash_on_request() {
    use std::sync::atomic::{AtomicU32, Ordering};

    if let Ok(plan) = std::env::var("REI_PANIC_AT") {
        let (point, action) = match plan.split_once(':') {
            Some((point, times)) => (point, format!("{times}*panic")),
            None => (plan.as_str(), "panic".to_owned()),
        };
        fail::cfg(point, &action).expect("REI_PANIC_AT is <point> or <point>:<times>");
    }
    let Ok(plan) = std::env::var("REI_CRASH_AT") else {
        return;
    };
    let (point, passing) = plan
        .split_once(':')
        .expect("REI_CRASH_AT is <point>:<passing>");
    let passing: u32 = passing.parse().expect("REI_CRASH_AT ends with a number");
    let passed = AtomicU32::new(0);
    fail::cfg_callback(point, move || {
        if passed.fetch_add(1, Ordering::SeqCst) + 1 == passing {
            std::process::abort();
        }
    })
    .expect("a fail point can always be set");
}

/// Why nothing came of it.
enum Failure {
    Config(ConfigError),
    Work(anyhow::Error),
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Failure::Config(error)
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Failure::Work(error)
    }
}

fn run(cli: Cli) -> Result<ExitCode, Failure> {
    let environment = Environment::of_process(Path::new(".env"))?;
    let load = |purpose| Config::load(&environment, cli.config.as_deref(), purpose);
    let start_logging =
        |loaded: &Loaded| logging::init(&loaded.config.log, environment.get("RUST_LOG"));
    let system = actix_rt::System::new();
    let code = match cli.command.unwrap_or(Command::Serve) {
        Command::Serve => {
            let loaded = load(Purpose::Serve)?;
            start_logging(&loaded)?;
            system.block_on(boot::serve(loaded))?
        }
        Command::Demo(args) => system.block_on(boot::demo(args, &environment))?,
        Command::Sandbox(args) => system.block_on(boot::sandbox(args))?,
        Command::Migrate => {
            let loaded = load(Purpose::Database)?;
            start_logging(&loaded)?;
            system.block_on(boot::migrate(loaded))?
        }
        Command::Verify => {
            let loaded = load(Purpose::Database)?;
            start_logging(&loaded)?;
            system.block_on(boot::verify(loaded))?
        }
        Command::Receipt(ReceiptCommand::Verify(args)) => {
            print!("{}", boot::verify_receipt(&args)?);
            ExitCode::SUCCESS
        }
        Command::Reconcile(args) => {
            let loaded = load(Purpose::Database)?;
            start_logging(&loaded)?;
            system.block_on(boot::reconcile(loaded, &args))?
        }
        Command::Route(RouteCommand::Replay(args)) => {
            let loaded = load(Purpose::Database)?;
            start_logging(&loaded)?;
            system.block_on(boot::replay(loaded, &args))?;
            ExitCode::SUCCESS
        }
        Command::Gc(args) => {
            let loaded = load(Purpose::Database)?;
            start_logging(&loaded)?;
            system.block_on(boot::gc(loaded, args))?;
            ExitCode::SUCCESS
        }
        Command::Assets(AssetsCommand::Check(args)) => {
            let loaded = load(Purpose::Database)?;
            start_logging(&loaded)?;
            system.block_on(boot::check_assets(loaded, args))?
        }
        Command::CheckConfig => {
            let loaded = load(Purpose::Serve)?;
            print!("{}", loaded.shown());
            for variable in environment.without_effect() {
                println!("# {variable} is set and has no effect in this version");
            }
            ExitCode::SUCCESS
        }
    };
    Ok(code)
}
