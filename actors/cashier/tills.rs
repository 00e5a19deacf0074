//! Tills: the ways to pay that this house has.

use std::sync::Arc;

use rei_domain::payment::Environment;

use crate::bell::Bell;
use crate::ports::payments::PaymentMethod;

/// A way to pay, with the bell that wakes its cashier.
#[derive(Clone)]
pub struct Till {
    pub method: Arc<dyn PaymentMethod>,
    pub receipt: Receipt,
    /// Whether real money is expected.
    pub environment: Environment,
    pub bell: Bell,
}

/// Whether the payer's address is needed for a fiscal receipt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Receipt {
    ByEmail,
    NotNeeded,
}

/// All tills, in the order in which they are offered.
#[derive(Clone, Default)]
pub struct Tills(Arc<[Till]>);

impl Tills {
    /// These tills.
    pub fn new(tills: Vec<Till>) -> Self {
        Self(tills.into())
    }

    /// The tills in order.
    pub fn iter(&self) -> impl Iterator<Item = &Till> {
        self.0.iter()
    }

    /// The till of a method.
    pub fn of(&self, method: &str) -> Option<&Till> {
        self.iter().find(|till| till.method.name() == method)
    }

    /// Tells a method's cashier that there is work.
    pub fn ring(&self, method: &str) {
        if let Some(till) = self.of(method) {
            till.bell.ring();
        }
    }
}
