//! Copies in the mirror, and mending what one of the places lacks.

use std::sync::Arc;

use async_trait::async_trait;
use futures_util::StreamExt;
use rei_actors::ports::StoreError;
use rei_actors::ports::assets::Asset;
use rei_actors::ports::clock::Clock;
use rei_actors::ports::mirror::{AssetPosition, Copied, Mirror};
use rei_actors::ports::retention::Amount;
use rei_domain::ids::AssetId;
use rei_domain::time::Moment;

use super::object_key;
use super::place::{Place, Unread};
use super::places::Places;
use crate::store::{AssetRows, KeptAsset};

/// Things copied at once: each is in memory as a whole.
const COPIED_AT_ONCE: usize = 4;

/// Rows in one page of a check.
const CHECKED_AT_ONCE: u32 = 500;

/// Looks at once, which read no bytes.
const LOOKS_AT_ONCE: usize = 16;

/// The places with the rows of what they should have.
pub struct Copies {
    places: Places,
    rows: AssetRows,
    clock: Arc<dyn Clock>,
}

/// What a check of everything that is kept found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checked {
    /// Rows that were looked at.
    pub kept: Amount,
    /// What the first place lacked and the mirror had.
    pub back: Amount,
    /// What the mirror lacked and the first place had.
    pub copied: Amount,
    /// What no place has as it was stored.
    pub lost: Vec<AssetId>,
}

/// Whether a check mends what it finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mending {
    Do,
    /// Only say what would be copied.
    DryRun,
}

impl Copies {
    /// Joins places with rows.
    pub fn new(places: Places, rows: AssetRows, clock: Arc<dyn Clock>) -> Self {
        Self {
            places,
            rows,
            clock,
        }
    }

    /// Looks at everything that is kept in every place, and copies what one of them lacks. By
    /// name and size; bytes are read and compared when they are copied.
    pub async fn check(&self, mending: Mending) -> Result<Checked, StoreError> {
        let mut checked = Checked::default();
        let mut after: Option<AssetPosition> = None;
        loop {
            let page = self.rows.kept(after.as_ref(), CHECKED_AT_ONCE).await?;
            let Some(last) = page.last() else {
                return Ok(checked);
            };
            after = Some(last.position());
            let looks = page.into_iter().map(|kept| async {
                let found = self.look(&kept.asset).await;
                (kept.asset, found)
            });
            let mut looks = futures_util::stream::iter(looks).buffer_unordered(LOOKS_AT_ONCE);
            let mut mirrored = Vec::new();
            while let Some((asset, found)) = looks.next().await {
                checked.kept.add(asset.size);
                if self.mend(&asset, found?, mending, &mut checked).await? {
                    mirrored.push(asset.id);
                } else {
                    checked.lost.push(asset.id);
                }
            }
            drop(looks);
            if self.places.mirror.is_some() && mending == Mending::Do {
                self.rows.mirrored(&mirrored, self.clock.now()).await?;
            }
        }
    }

    /// Whether the first place and the mirror have an asset; without a mirror there is one answer.
    async fn look(&self, asset: &Asset) -> Result<[bool; 2], StoreError> {
        let first = self.places.first.has(asset).await?;
        let mirror = match &self.places.mirror {
            Some(mirror) => mirror.has(asset).await?,
            None => first,
        };
        Ok([first, mirror])
    }

    /// Copies what a place lacks; `false` when no place has it as it was stored.
    async fn mend(
        &self,
        asset: &Asset,
        found: [bool; 2],
        mending: Mending,
        checked: &mut Checked,
    ) -> Result<bool, StoreError> {
        let first = &self.places.first;
        let (from, to, amount) = match (found, &self.places.mirror) {
            ([false, true], Some(mirror)) => (mirror, first, &mut checked.back),
            ([true, false], Some(mirror)) => (first, mirror, &mut checked.copied),
            // Both have it or neither.
            ([is_there, _], _) => return Ok(is_there),
        };
        let is_whole = copy(from, to, asset, mending).await?;
        if is_whole {
            amount.add(asset.size);
        }
        Ok(is_whole)
    }
}

/// Copies an asset, unless nothing may be changed; `false` when its place does not have it as it
/// was stored.
async fn copy(
    from: &Place,
    to: &Place,
    asset: &Asset,
    mending: Mending,
) -> Result<bool, StoreError> {
    let bytes = match from.read(asset).await {
        Ok(bytes) => bytes,
        Err(Unread::Missing | Unread::Damaged) => return Ok(false),
        Err(Unread::Away(error)) => return Err(error),
    };
    if mending == Mending::Do {
        to.put(&object_key(asset), bytes).await?;
    }
    Ok(true)
}

#[async_trait]
impl Mirror for Copies {
    async fn copy_after(
        &self,
        after: Option<AssetPosition>,
        limit: u32,
    ) -> Result<Copied, StoreError> {
        let mut done = Copied::default();
        let Some(mirror) = &self.places.mirror else {
            return Ok(done);
        };
        let page = self.rows.unmirrored(after.as_ref(), limit).await?;
        done.last = page.last().map(KeptAsset::position);
        let copies = page.into_iter().map(|kept| async {
            let copied = copy(&self.places.first, mirror, &kept.asset, Mending::Do).await;
            (kept.asset, copied)
        });
        let mut copies = futures_util::stream::iter(copies).buffer_unordered(COPIED_AT_ONCE);
        let mut copied = Vec::new();
        let mut failed = None;
        while let Some((asset, copied_well)) = copies.next().await {
            match copied_well {
                Ok(true) => {
                    done.copied.add(asset.size);
                    copied.push(asset.id);
                }
                Ok(false) => done.damaged.push(asset.id),
                // What is copied already is kept as copied.
                Err(error) => {
                    failed = Some(error);
                    break;
                }
            }
        }
        drop(copies);
        fail::fail_point!("mirror.copied");
        if !copied.is_empty() {
            self.rows.mirrored(&copied, self.clock.now()).await?;
        }
        failed.map_or(Ok(done), Err)
    }

    async fn behind_since(&self) -> Result<Option<Moment>, StoreError> {
        if self.places.mirror.is_none() {
            return Ok(None);
        }
        self.rows.behind_since().await
    }
}

#[cfg(test)]
mod tests;
