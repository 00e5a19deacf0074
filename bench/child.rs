//! A server as a child process, which ends with this one.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

use anyhow::Context;

/// A running server that told its address as the first line of its output, and ends when its
/// input does.
pub struct Server {
    process: Child,
    pub addr: SocketAddr,
}

impl Server {
    pub fn start(command: &mut Command) -> anyhow::Result<Server> {
        let name = command.get_program().to_string_lossy().into_owned();
        let mut process = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("{name} cannot be started"))?;
        let output = process.stdout.take().context("its output is piped")?;
        let mut said = String::new();
        BufReader::new(output).read_line(&mut said)?;
        let addr = said.trim().parse();
        let addr = addr.with_context(|| format!("{name} told no address"))?;
        Ok(Server { process, addr })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        if let Err(error) = self
            .process
            .kill()
            .and_then(|()| self.process.wait().map(|_| ()))
        {
            eprintln!("a server could not be ended: {error}");
        }
    }
}

/// Waits until the process that started this one closes our input.
pub async fn wait_for_parent() -> anyhow::Result<()> {
    let read = || std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
    tokio::task::spawn_blocking(read).await??;
    Ok(())
}
