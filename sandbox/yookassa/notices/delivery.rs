//! One notification on its way: its states, and what the courier carries.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::yookassa::signature::Signing;

/// One notification on its way, as it stands now.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Delivery {
    /// Counts all deliveries, copies included, from 1.
    pub number: u64,
    pub event: String,
    pub object_id: String,
    pub state: DeliveryState,
    pub attempts: u32,
    /// What came of the last attempt: a status or an error.
    pub last: Option<String>,
    /// When the event was, since the Unix epoch in the sandbox's time.
    pub happened_at: Duration,
    /// The bytes that are sent.
    #[serde(skip)]
    pub body: Bytes,
}

/// Where a delivery stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryState {
    /// Nobody is told: no URL, an event nobody asked for, or a test that withheld it.
    Unsent,
    /// Dropped on request.
    Lost,
    Waiting,
    UnderWay,
    Delivered,
    GivenUp,
}

impl Delivery {
    /// Whether nothing more will become of it.
    pub(super) fn is_over(&self) -> bool {
        match self.state {
            DeliveryState::Waiting | DeliveryState::UnderWay => false,
            DeliveryState::Unsent
            | DeliveryState::Lost
            | DeliveryState::Delivered
            | DeliveryState::GivenUp => true,
        }
    }
}

/// Whether an event is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Notice {
    #[default]
    Sent,
    /// As if the notification never left.
    Withheld,
}

/// How many deliveries there are of each state, forgotten ones included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    pub waiting: u64,
    pub under_way: u64,
    pub delivered: u64,
    pub given_up: u64,
    pub lost: u64,
    pub unsent: u64,
    /// Attempts made.
    pub attempts: u64,
}

/// What the courier takes along.
#[derive(Clone, Debug)]
pub struct Parcel {
    pub number: u64,
    pub event: String,
    pub object_id: String,
    pub body: Bytes,
    pub url: String,
    pub headers: BTreeMap<String, String>,
    pub signing: Signing,
    pub answer_within: Duration,
}

/// How an attempt went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Attempt {
    Answered { status: u16 },
    Failed { reason: String },
}
