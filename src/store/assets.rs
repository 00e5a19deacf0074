//! Rows of stored pictures and clips. The bytes are elsewhere (`crate::assets`).

use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Text};
use rei_actors::ports::StoreError;
use rei_actors::ports::assets::Asset;
use rei_actors::ports::mirror::AssetPosition;
use rei_domain::ids::{AssetId, UserId};
use rei_domain::time::Moment;

use crate::store::codec::{
    parse_count, parse_kind, parse_word, render_ids, render_kind, unreadable,
};
use crate::store::conn::Conn;
use crate::store::db::Db;
use crate::store::stmt::{sql, statements};

statements! {
    INSERT_ASSET = "
        INSERT INTO assets (id, user_id, kind, width, height, millis, size, sha256, created_at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (id) DO NOTHING";

    ASSET = "
        SELECT id, user_id, kind, width, height, millis, size, sha256
        FROM assets WHERE id = ? AND removed_at IS NULL";

    UNMIRRORED = "
        SELECT id, user_id, kind, width, height, millis, size, sha256, created_at
        FROM assets
        WHERE mirrored_at IS NULL AND removed_at IS NULL AND (created_at, id) > (?, ?)
        ORDER BY created_at, id LIMIT ?";

    KEPT_AFTER = "
        SELECT id, user_id, kind, width, height, millis, size, sha256, created_at
        FROM assets
        WHERE removed_at IS NULL AND (created_at, id) > (?, ?)
        ORDER BY created_at, id LIMIT ?";

    MIRRORED = "
        UPDATE assets SET mirrored_at = ?
        WHERE mirrored_at IS NULL AND id IN (SELECT value->>'id' FROM json_each(?))";

    BEHIND_SINCE = "
        SELECT created_at FROM assets
        WHERE mirrored_at IS NULL AND removed_at IS NULL
        ORDER BY created_at, id LIMIT 1";
}

/// What is looked through.
#[derive(Clone, Copy)]
enum Page {
    Unmirrored,
    Everything,
}

/// Rows of stored pictures.
#[derive(Clone)]
pub struct AssetRows(Db);

impl AssetRows {
    /// The rows of a database.
    pub fn new(db: Db) -> Self {
        Self(db)
    }

    /// Writes a row whose bytes are stored. An id that is known keeps its row, which is
    /// returned.
    pub async fn insert(&self, asset: &Asset, at: Moment) -> Result<Asset, StoreError> {
        let asset = asset.clone();
        self.0
            .tx(async move |conn: &mut Conn| {
                let size = i64::try_from(asset.size).map_err(|_| unreadable("size"))?;
                let insert = sql!(
                    INSERT_ASSET,
                    asset.id.as_str(),
                    asset.user.0,
                    render_kind(asset.kind),
                    i64::from(asset.width),
                    i64::from(asset.height),
                    i64::from(asset.millis),
                    size,
                    asset.sha256.as_str(),
                    at.0
                );
                conn.execute(insert).await?;
                find(conn, &asset.id).await?.ok_or_else(|| {
                    StoreError::Broken(format!("the row of asset {} is gone", asset.id))
                })
            })
            .await
    }

    /// Kept things that the mirror is not known to have, oldest first.
    pub async fn unmirrored(
        &self,
        after: Option<&AssetPosition>,
        limit: u32,
    ) -> Result<Vec<KeptAsset>, StoreError> {
        self.page(Page::Unmirrored, after, limit).await
    }

    /// Everything that is kept, oldest first.
    pub async fn kept(
        &self,
        after: Option<&AssetPosition>,
        limit: u32,
    ) -> Result<Vec<KeptAsset>, StoreError> {
        self.page(Page::Everything, after, limit).await
    }

    async fn page(
        &self,
        page: Page,
        after: Option<&AssetPosition>,
        limit: u32,
    ) -> Result<Vec<KeptAsset>, StoreError> {
        let (at, id) = after.map_or((i64::MIN, String::new()), |after| {
            (after.created_at.0, after.id.as_str().to_owned())
        });
        let rows = self
            .0
            .read(async move |conn: &mut Conn| {
                let (id, limit) = (id.as_str(), i64::from(limit));
                let question = match page {
                    Page::Unmirrored => sql!(UNMIRRORED, at, id, limit),
                    Page::Everything => sql!(KEPT_AFTER, at, id, limit),
                };
                conn.load::<KeptRow>(question).await
            })
            .await?;
        rows.into_iter().map(KeptRow::parse).collect()
    }

    /// Says that the mirror has these.
    pub async fn mirrored(&self, ids: &[AssetId], at: Moment) -> Result<(), StoreError> {
        let ids = render_ids(ids.iter().map(AssetId::as_str));
        self.0
            .write(async move |conn: &mut Conn| {
                conn.execute(sql!(MIRRORED, at.0, ids.as_str())).await
            })
            .await?;
        Ok(())
    }

    /// When the oldest of those came that the mirror is not known to have.
    pub async fn behind_since(&self) -> Result<Option<Moment>, StoreError> {
        let row = self
            .0
            .read(async |conn: &mut Conn| conn.optional::<SinceRow>(sql!(BEHIND_SINCE)).await)
            .await?;
        Ok(row.map(|row| Moment(row.created_at)))
    }

    /// The row of a picture.
    pub async fn find(&self, id: &AssetId) -> Result<Option<Asset>, StoreError> {
        let id = id.clone();
        self.0
            .read(async move |conn: &mut Conn| find(conn, &id).await)
            .await
    }
}

async fn find(conn: &mut Conn, id: &AssetId) -> Result<Option<Asset>, StoreError> {
    let row = conn.optional::<AssetRow>(sql!(ASSET, id.as_str())).await?;
    row.map(AssetRow::parse).transpose()
}

/// A kept thing and when it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptAsset {
    pub asset: Asset,
    pub created_at: Moment,
}

impl KeptAsset {
    /// Where a look through the assets stands after it.
    pub fn position(&self) -> AssetPosition {
        AssetPosition {
            created_at: self.created_at,
            id: self.asset.id.clone(),
        }
    }
}

#[derive(QueryableByName)]
struct SinceRow {
    #[diesel(sql_type = BigInt)]
    created_at: i64,
}

#[derive(QueryableByName)]
struct KeptRow {
    #[diesel(embed)]
    asset: AssetRow,
    #[diesel(sql_type = BigInt)]
    created_at: i64,
}

impl KeptRow {
    fn parse(self) -> Result<KeptAsset, StoreError> {
        Ok(KeptAsset {
            asset: self.asset.parse()?,
            created_at: Moment(self.created_at),
        })
    }
}

#[derive(QueryableByName)]
struct AssetRow {
    #[diesel(sql_type = Text)]
    id: String,
    #[diesel(sql_type = BigInt)]
    user_id: i64,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = BigInt)]
    width: i64,
    #[diesel(sql_type = BigInt)]
    height: i64,
    #[diesel(sql_type = BigInt)]
    millis: i64,
    #[diesel(sql_type = BigInt)]
    size: i64,
    #[diesel(sql_type = Text)]
    sha256: String,
}

impl AssetRow {
    fn parse(self) -> Result<Asset, StoreError> {
        Ok(Asset {
            id: AssetId::new(self.id),
            user: UserId(self.user_id),
            kind: parse_word("kind", &self.kind, parse_kind)?,
            width: parse_count("width", self.width)?,
            height: parse_count("height", self.height)?,
            millis: parse_count("millis", self.millis)?,
            size: parse_count("size", self.size)?,
            sha256: self.sha256,
        })
    }
}
