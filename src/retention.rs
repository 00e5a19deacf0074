//! Removing what nobody needs: rows, then the bytes of stored pictures and clips.
//!
//! Every object belongs to one row, whose id is in its name, so that removing it takes nothing
//! from another. Bytes without a row are found by listing the whole store.

use std::collections::BTreeSet;

use async_trait::async_trait;
use futures_util::TryStreamExt;
use object_store::ObjectMeta;
use rei_actors::ports::StoreError;
use rei_actors::ports::retention::{Amount, AssetClass, Periods, Retention, Survey};
use rei_domain::time::Moment;

use crate::assets::{Place, Places, key_of, object_id};
use crate::store::RetentionRows;

/// Objects whose rows are asked for at once.
const OBJECTS_AT_ONCE: usize = 500;

/// The collector's hands.
pub struct Collector {
    places: Places,
    rows: RetentionRows,
}

impl Collector {
    /// Joins places with the rows.
    pub fn new(places: Places, rows: RetentionRows) -> Self {
        Self { places, rows }
    }

    /// Deletes what no row has from one place.
    async fn sweep_place(
        &self,
        place: &Place,
        older_than: Moment,
        swept: &mut Amount,
    ) -> Result<(), StoreError> {
        let mut found = Vec::new();
        let mut objects = place.list();
        loop {
            let next = objects.try_next().await?;
            let is_last = next.is_none();
            found.extend(next.filter(|m| m.last_modified.timestamp_micros() <= older_than.0));
            if found.len() >= OBJECTS_AT_ONCE || (is_last && !found.is_empty()) {
                self.sweep_some(place, &found, swept).await?;
                found.clear();
            }
            if is_last {
                return Ok(());
            }
        }
    }

    /// Deletes those of these objects that no row has.
    async fn sweep_some(
        &self,
        place: &Place,
        found: &[ObjectMeta],
        swept: &mut Amount,
    ) -> Result<(), StoreError> {
        let ids = found.iter().filter_map(|meta| object_id(&meta.location));
        let ids: Vec<&str> = ids.collect();
        let kept: BTreeSet<_> = self
            .rows
            .kept(&ids)
            .await?
            .into_iter()
            .map(|(id, sha256)| key_of(&sha256, &id))
            .collect();
        for meta in found {
            // What is not named like ours is somebody else's.
            if object_id(&meta.location).is_some() && !kept.contains(&meta.location) {
                place.delete(&meta.location).await?;
                swept.add(meta.size);
            }
        }
        Ok(())
    }
}

#[async_trait]
impl Retention for Collector {
    async fn survey(&self, periods: &Periods, now: Moment) -> Result<Survey, StoreError> {
        self.rows.survey(periods, now).await
    }

    async fn mark(&self, periods: &Periods, now: Moment, limit: u32) -> Result<u32, StoreError> {
        self.rows.mark(periods, now, limit).await
    }

    async fn unmark(&self) -> Result<(), StoreError> {
        self.rows.unmark().await
    }

    async fn remove(
        &self,
        periods: &Periods,
        now: Moment,
        limit: u32,
    ) -> Result<Vec<(AssetClass, u64)>, StoreError> {
        let removed = self.rows.remove(periods, now, limit).await?;
        for asset in &removed {
            fail::fail_point!("gc.removed");
            self.places
                .delete(&key_of(&asset.sha256, &asset.id))
                .await?;
        }
        Ok(removed
            .iter()
            .map(|asset| (asset.class, asset.size))
            .collect())
    }

    async fn sweep(&self, older_than: Moment) -> Result<Amount, StoreError> {
        let mut swept = Amount::default();
        for place in self.places.all() {
            self.sweep_place(place, older_than, &mut swept).await?;
        }
        Ok(swept)
    }

    async fn forget_updates(
        &self,
        periods: &Periods,
        now: Moment,
        limit: u32,
    ) -> Result<u32, StoreError> {
        self.rows.forget_updates(periods, now, limit).await
    }

    async fn forget_drafts(
        &self,
        periods: &Periods,
        now: Moment,
        limit: u32,
    ) -> Result<u32, StoreError> {
        self.rows.forget_drafts(periods, now, limit).await
    }
}

#[cfg(test)]
mod tests;
