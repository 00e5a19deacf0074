//! Orders to a warden, which reach it whatever its actor is doing.
//!
//! A slot, not a queue: any number of orders to restart are one restart, so nothing here can grow.

use std::sync::Mutex;

use tokio::sync::Notify;

use super::crash::Crash;
use super::locked;

/// What a warden can be told to do.
#[derive(Debug)]
pub(super) enum Order {
    /// End at once.
    Stop,
    /// Handle what is queued, let the actor finish, then end.
    Drain,
    /// Treat the present instance as crashed in this way.
    Restart(Crash),
}

/// The orders not yet taken.
#[derive(Default)]
pub(super) struct Control {
    pending: Mutex<Pending>,
    bell: Notify,
}

#[derive(Default)]
struct Pending {
    stop: bool,
    drain: bool,
    restart: Option<Crash>,
}

impl Control {
    pub(super) fn give(&self, order: Order) {
        let mut pending = locked(&self.pending);
        match order {
            Order::Stop => pending.stop = true,
            Order::Drain => pending.drain = true,
            Order::Restart(crash) => pending.restart = Some(crash),
        }
        drop(pending);
        self.bell.notify_one();
    }

    /// Takes the next order, the most final first.
    pub(super) async fn next(&self) -> Order {
        loop {
            if let Some(order) = locked(&self.pending).take() {
                return order;
            }
            self.bell.notified().await;
        }
    }
}

impl Pending {
    fn take(&mut self) -> Option<Order> {
        if std::mem::take(&mut self.stop) {
            return Some(Order::Stop);
        }
        if std::mem::take(&mut self.drain) {
            return Some(Order::Drain);
        }
        self.restart.take().map(Order::Restart)
    }
}
