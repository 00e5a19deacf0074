//! Bells: "there may be something to do". Ringing twice before anyone looks is ringing once.
//!
//! A bell carries nothing and may be lost with the process; whoever waits for it also polls.

use std::sync::Arc;

use tokio::sync::Notify;

/// A wake-up shared by those who make work and the one who does it.
#[derive(Clone, Debug, Default)]
pub struct Bell(Arc<Notify>);

impl Bell {
    /// A silent bell.
    pub fn new() -> Self {
        Self::default()
    }

    /// Wakes the waiter, or lets its next wait return at once.
    pub fn ring(&self) {
        self.0.notify_one();
    }

    /// Waits until the bell rings.
    pub async fn rung(&self) {
        self.0.notified().await;
    }
}
