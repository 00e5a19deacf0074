//! Rows of stored pictures and clips. The bytes are elsewhere (`crate::assets`).

use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Text};
use rei_actors::ports::StoreError;
use rei_actors::ports::assets::Asset;
use rei_domain::ids::{AssetId, UserId};
use rei_domain::time::Moment;

use crate::store::codec::{parse_count, parse_kind, parse_word, render_kind, unreadable};
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
