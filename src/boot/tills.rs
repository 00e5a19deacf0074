//! The ways to pay that the configuration switches on. A new one is an entry here.

use rei_actors::bell::Bell;
use rei_actors::cashier::tills::{Receipt, Till, Tills};
use std::sync::Arc;
use tokio::runtime::Handle;

use crate::config::{self, Config};
use crate::payments::Yookassa;

/// The tills in the order in which users see them.
pub(super) fn open(config: &Config, runtime: Handle) -> anyhow::Result<Tills> {
    let mut tills = Vec::new();
    if config.yookassa.shop_id.is_some() {
        tills.push(Till {
            method: Arc::new(Yookassa::try_new(&config.yookassa, runtime)?),
            receipt: match config.yookassa.receipt {
                config::Receipt::Sent => Receipt::ByEmail,
                config::Receipt::Off => Receipt::NotNeeded,
            },
            environment: config.yookassa.environment,
            bell: Bell::new(),
        });
    }
    Ok(Tills::new(tills))
}
