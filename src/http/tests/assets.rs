use async_trait::async_trait;
use bytes::Bytes;
use rei_actors::ports::StoreError;
use rei_actors::ports::assets::{Asset, Assets, Media, MediaKind};
use rei_actors::ports::links::Links;
use rei_domain::ids::{AssetId, UserId};
use rei_domain::time::Moment;
use secrecy::SecretString;

use super::*;
use crate::links::AssetLinks;

const CONTENT: &[u8] = b"0123456789";

/// One clip, of user 7.
pub(super) struct OneClip;

pub(super) fn links() -> AssetLinks {
    let links = AssetLinks::new(&SecretString::from("1:token"));
    links.serve_at("");
    links
}

fn clip(id: &AssetId) -> Asset {
    Asset {
        id: id.clone(),
        user: UserId(7),
        kind: MediaKind::Mp4,
        width: 1,
        height: 1,
        millis: 5_000,
        size: CONTENT.len() as u64,
        sha256: String::new(),
    }
}

#[async_trait]
impl Assets for OneClip {
    async fn put(&self, id: &AssetId, _: UserId, _: &Media) -> Result<Asset, StoreError> {
        Ok(clip(id))
    }

    async fn find(&self, id: &AssetId) -> Result<Option<Asset>, StoreError> {
        match id.as_str() {
            "clip" => Ok(Some(clip(id))),
            "away" => Err(StoreError::Retryable("away".to_owned())),
            _ => Ok(None),
        }
    }

    async fn get(&self, _: &AssetId) -> Result<Option<Media>, StoreError> {
        Ok(Some(Media {
            bytes: Bytes::from_static(CONTENT),
            kind: MediaKind::Mp4,
            width: 1,
            height: 1,
            millis: 5_000,
        }))
    }
}

/// The address of an asset, valid at noon.
fn address(asset: &Asset) -> String {
    let tomorrow = Moment(Noon.now().0 + 86_400_000_000);
    links().link(asset, tomorrow).unwrap()
}

fn of(id: &str) -> String {
    address(&clip(&AssetId::new(id)))
}

#[actix_web::test]
async fn a_signed_address_opens_the_file_and_parts_of_it() {
    let house = TestHouse::new();
    let whole = house.call(TestRequest::get().uri(&of("clip"))).await;
    assert_eq!(
        (whole.status, whole.body.as_bytes()),
        (StatusCode::OK, CONTENT)
    );
    assert_eq!(whole.header("content-type"), Some("video/mp4"));
    let head = house
        .call(
            TestRequest::default()
                .method(actix_web::http::Method::HEAD)
                .uri(&of("clip")),
        )
        .await;
    assert_eq!(head.status, StatusCode::OK);
    for (range, status, body, told) in [
        ("bytes=2-4", 206, "234", "bytes 2-4/10"),
        ("bytes=7-", 206, "789", "bytes 7-9/10"),
        ("bytes=-2", 206, "89", "bytes 8-9/10"),
        ("bytes=5-99", 206, "56789", "bytes 5-9/10"),
        ("bytes=10-", 416, "", "bytes */10"),
    ] {
        let request = TestRequest::get()
            .uri(&of("clip"))
            .insert_header(("range", range));
        let part = house.call(request).await;
        let told_range = part.header("content-range");
        assert_eq!(
            (part.status.as_u16(), part.body.as_str(), told_range),
            (status, body, Some(told)),
            "{range}"
        );
    }
    for range in ["bytes=0-1,4-5", "lines=1-2"] {
        let request = TestRequest::get()
            .uri(&of("clip"))
            .insert_header(("range", range));
        assert_eq!(house.call(request).await.status, StatusCode::OK, "{range}");
    }
}

#[actix_web::test]
async fn an_address_that_opens_nothing_says_nothing() {
    let house = TestHouse::new();
    let good = of("clip");
    let mine = clip(&AssetId::new("clip"));
    let anothers = address(&Asset {
        user: UserId(8),
        ..mine.clone()
    });
    let late = links().link(&mine, Moment(Noon.now().0 - 1)).unwrap();
    let forged = [
        anothers,
        late,
        of("nothing"),
        good.replace("/7/", "/8/"),
        good.replace("clip.mp4", "clap.mp4"),
        good.replace(".mp4", ".png"),
        good.replace(".mp4", ""),
        "/assets/7/99999999999/AAAA/clip.mp4".to_owned(),
        "/assets/7/late/AAAA/clip.mp4".to_owned(),
    ];
    let mut answers = Vec::new();
    for address in &forged {
        let answer = house.call(TestRequest::get().uri(address)).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{address}");
        answers.push(answer.json()["detail"].clone());
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "{answers:?}");
    let away = house.call(TestRequest::get().uri(&of("away"))).await;
    assert_eq!(away.status, StatusCode::SERVICE_UNAVAILABLE);
    let inside = house
        .call_on(Surface::Admin, TestRequest::get().uri(&good))
        .await;
    assert_eq!(inside.status, StatusCode::NOT_FOUND);
}
