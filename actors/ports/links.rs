//! Addresses at which the outside fetches what is stored.

use rei_domain::time::Moment;

use crate::ports::assets::Asset;

/// Makes addresses that open one asset, for whoever has them, until a moment.
pub trait Links: Send + Sync + 'static {
    /// The address; `None` while the house has none that the outside can reach.
    fn link(&self, asset: &Asset, until: Moment) -> Option<String>;
}
