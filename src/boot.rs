//! Wires the house together: one function for each thing the binary does.

use std::process::ExitCode;

use crate::cli::{DemoArgs, SandboxArgs};
use crate::config::{Environment, Loaded};

/// Serves the bot until a signal ends it.
pub async fn serve(loaded: Loaded) -> anyhow::Result<ExitCode> {
    drop(loaded);
    anyhow::bail!("serving is not wired in this build")
}

/// Runs the bot with the sandbox in one process.
pub async fn demo(args: DemoArgs, environment: &Environment) -> anyhow::Result<ExitCode> {
    let _ = (args, environment);
    anyhow::bail!("the demo is not wired in this build")
}

/// Runs the emulators alone.
pub async fn sandbox(args: SandboxArgs) -> anyhow::Result<ExitCode> {
    anyhow::bail!("the sandbox at {} is not wired in this build", args.addr)
}

/// Brings the database's schema up to date.
pub async fn migrate(loaded: Loaded) -> anyhow::Result<ExitCode> {
    drop(loaded);
    anyhow::bail!("migrating is not wired in this build")
}

/// Audits the books; a failure exit code when an invariant is broken.
pub async fn verify(loaded: Loaded) -> anyhow::Result<ExitCode> {
    drop(loaded);
    anyhow::bail!("the audit is not wired in this build")
}
