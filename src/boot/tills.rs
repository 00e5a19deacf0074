//! The ways to pay that the configuration switches on. A new one is an entry here.

use anyhow::Context as _;
use rei_actors::bell::Bell;
use rei_actors::cashier::tills::{Receipt, Till, Tills};
use rei_actors::ports::payments::Environment;
use std::sync::Arc;
use tokio::runtime::Handle;

use crate::config::{self, Config};
use crate::payments::Yookassa;
use crate::payments::stars::Stars;
use crate::telegram::call::BotApi;
use crate::telegram::stars::StarsApi;

/// The tills in the order in which users see them.
pub(super) fn open(config: &Config, runtime: Handle) -> anyhow::Result<Tills> {
    let mut tills = Vec::new();
    if config.yookassa.shop_id.is_some() {
        tills.push(Till {
            method: Arc::new(Yookassa::try_new(&config.yookassa, runtime.clone())?),
            receipt: match config.yookassa.receipt {
                config::Receipt::Sent => Receipt::ByEmail,
                config::Receipt::Off => Receipt::NotNeeded,
            },
            environment: config.yookassa.environment,
            bell: Bell::new(),
        });
    }
    if config.stars.offer == config::Offer::On {
        let token = config.telegram.bot_token.clone();
        let token = token.context("BOT_TOKEN is not set")?;
        let api = BotApi::try_new(&config.telegram.api_url, token, runtime)?;
        tills.push(Till {
            method: Arc::new(Stars::new(StarsApi::new(api), &config.stars)),
            receipt: Receipt::NotNeeded,
            environment: Environment::Live,
            bell: Bell::new(),
        });
    }
    Ok(Tills::new(tills))
}
