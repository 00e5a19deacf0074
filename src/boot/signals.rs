//! The signals that end the process: the first asks it to finish, the second to leave.

use tokio::signal::unix::{Signal, SignalKind, signal};

/// SIGTERM and SIGINT.
pub(super) struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    /// Listens from now on.
    pub(super) fn listen() -> Self {
        let listen = |kind| signal(kind).expect("these two signals can always be listened to");
        Self {
            terminate: listen(SignalKind::terminate()),
            interrupt: listen(SignalKind::interrupt()),
        }
    }

    /// Resolves with the first signal.
    pub(super) async fn first(&mut self) {
        self.next().await;
    }

    /// Resolves with the signal after the first.
    pub(super) async fn second(&mut self) {
        self.next().await;
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
