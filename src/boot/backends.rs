//! The AI backends that are set up, in the order in which they are offered work.

use std::sync::Arc;

use rei_actors::ports::assets::MediaCheck;
use rei_actors::ports::provider::Provider;
use tokio::runtime::Handle;

use super::settings;
use crate::config::{self, Config};
use crate::http::{FAL_PATH, KLING_PATH};
use crate::links::AssetLinks;
use crate::providers::download::Downloads;
use crate::providers::{CallbackAddress, Fal, Kling, NanoBanana};

/// A provider and how many jobs it may have at once.
pub(super) struct Backend {
    pub provider: Arc<dyn Provider>,
    pub places: usize,
}

/// Sets up every backend that has a key.
pub(super) fn open(
    config: &Config,
    media: &Arc<dyn MediaCheck>,
    links: &AssetLinks,
    outside: Handle,
) -> anyhow::Result<Vec<Backend>> {
    let at_most = config.jobs.concurrency;
    let nano_banana = NanoBanana::try_new(
        &config.providers.nano_banana,
        &config.billing.usd_rub,
        media.clone(),
        outside.clone(),
    )?;
    let mut backends = vec![Backend {
        provider: Arc::new(nano_banana),
        places: at_most.min(config.providers.nano_banana.concurrency),
    }];
    let downloads = Downloads::try_new(&config.downloads, outside.clone());
    let downloads = downloads.map_err(anyhow::Error::msg)?;
    let sold = Arc::new(settings::sold(config));
    if config.providers.kling.api_key.is_some() {
        let kling = Kling::try_new(
            &config.providers.kling,
            &config.billing.usd_rub,
            sold.clone(),
            kling_callback_address(&config.providers.kling, links),
            media.clone(),
            downloads.clone(),
            outside.clone(),
        )?;
        backends.push(Backend {
            provider: Arc::new(kling),
            places: at_most.min(config.providers.kling.concurrency),
        });
    }
    if config.providers.fal.api_key.is_some() {
        let fal = Fal::try_new(
            &config.providers.fal,
            &config.billing.usd_rub,
            sold,
            fal_callback_address(&config.providers.fal, links),
            media.clone(),
            downloads,
            outside,
        )?;
        backends.push(Backend {
            provider: Arc::new(fal),
            places: at_most.min(config.providers.fal.concurrency),
        });
    }
    Ok(backends)
}

/// Where Kling sends its news: nowhere without a secret to know them by.
fn kling_callback_address(kling: &config::Kling, links: &AssetLinks) -> CallbackAddress {
    if kling.webhook_secrets.is_empty() {
        return Arc::new(|| None);
    }
    let links = links.clone();
    Arc::new(move || links.address(KLING_PATH))
}

/// Where fal sends its news: nowhere without keys to know them by.
fn fal_callback_address(fal: &config::Fal, links: &AssetLinks) -> CallbackAddress {
    if fal.keys_url.is_none() {
        return Arc::new(|| None);
    }
    let links = links.clone();
    Arc::new(move || links.address(FAL_PATH))
}
