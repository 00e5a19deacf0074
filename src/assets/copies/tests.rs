use std::time::Duration;

use bytes::Bytes;
use rei_actors::ports::assets::{Assets, Media, MediaKind};
use rei_domain::ids::UserId;
use rei_sandbox::{Exposure, Sandbox, s3};
use tokio::runtime::Handle;

use super::*;
use crate::assets::{AssetStore, PlaceError};
use crate::config::{self, LinkBase, Location, S3};
use crate::store::Db;
use crate::store::fixtures::for_both;

/// Two buckets in two regions, and what the house makes of them.
struct Regions {
    sandbox: Sandbox,
    assets: AssetStore,
    copies: Copies,
}

/// Tells the time of a picture from how many there were.
struct Ticking(std::sync::atomic::AtomicI64);

impl Clock for Ticking {
    fn now(&self) -> Moment {
        Moment(self.0.fetch_add(1, std::sync::atomic::Ordering::SeqCst))
    }
}

fn service(sandbox: &Sandbox, region: &str, secret: &str) -> S3 {
    S3 {
        endpoint: Some(sandbox.url("s3")),
        region: region.to_owned(),
        access_key_id: Some(s3::ACCESS_KEY_ID.to_owned()),
        secret_access_key: Some(secret.to_owned().into()),
        connect_timeout: Duration::from_secs(5),
        timeout: Duration::from_secs(5),
    }
}

fn bucket(name: &str) -> Location {
    Location::Bucket {
        bucket: name.to_owned(),
        prefix: "pictures".to_owned(),
    }
}

async fn sandbox() -> Sandbox {
    let config = rei_sandbox::Config {
        addr: ([127, 0, 0, 1], 0).into(),
        bot_token: "1:sandbox".to_owned(),
        gemini_key: "sandbox".to_owned(),
        exposure: Exposure::Loopback,
    };
    Sandbox::start(config).await.unwrap()
}

fn settings(sandbox: &Sandbox) -> config::Assets {
    let secret = s3::SECRET_ACCESS_KEY;
    config::Assets {
        url: bucket(s3::BUCKET),
        mirror_url: Some(bucket(s3::MIRROR_BUCKET)),
        mirror_tick: Duration::from_secs(1),
        s3: service(sandbox, s3::REGION, secret),
        mirror_s3: service(sandbox, s3::MIRROR_REGION, secret),
        links: LinkBase::PublicUrl,
        link_for: Duration::from_secs(60),
    }
}

impl Regions {
    async fn open(db: &Db) -> Regions {
        let sandbox = sandbox().await;
        let places = Places::open(&settings(&sandbox), &Handle::current()).unwrap();
        let rows = AssetRows::new(db.clone());
        let clock = Arc::new(Ticking(1.into()));
        Regions {
            sandbox,
            assets: AssetStore::new(places.clone(), rows.clone(), clock.clone()),
            copies: Copies::new(places, rows, clock),
        }
    }

    async fn put(&self, id: &str) {
        self.try_put(id).await.unwrap();
    }

    async fn try_put(&self, id: &str) -> Result<Asset, StoreError> {
        let id = AssetId::new(id);
        self.assets.put(&id, UserId(7), &picture()).await
    }

    async fn get(&self, id: &str) -> Result<Option<Media>, StoreError> {
        self.assets.get(&AssetId::new(id)).await
    }

    /// Copies until nothing is left; the sizes of the steps.
    async fn copy_all(&self, limit: u32) -> Vec<u64> {
        let mut steps = Vec::new();
        let mut after = None;
        loop {
            let done = self.copies.copy_after(after, limit).await.unwrap();
            let Some(last) = done.last else {
                return steps;
            };
            steps.push(done.copied.count);
            after = Some(last);
        }
    }

    fn kept(&self) -> [usize; 2] {
        [s3::BUCKET, s3::MIRROR_BUCKET].map(|bucket| self.sandbox.s3.keys(bucket).len())
    }
}

fn picture() -> Media {
    Media {
        bytes: Bytes::from_static(b"abc"),
        kind: MediaKind::Png,
        width: 3,
        height: 2,
        millis: 0,
    }
}

fn key(id: &str) -> String {
    let hash = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    format!("pictures/ba/78/{hash}-{id}")
}

#[test]
fn everything_comes_to_the_mirror_the_oldest_first_and_once() {
    for_both(async |db| {
        let regions = Regions::open(&db).await;
        assert_eq!(regions.copies.behind_since().await.unwrap(), None);
        for id in ["c", "a", "b"] {
            regions.put(id).await;
        }
        let since = regions.copies.behind_since().await.unwrap();
        assert_eq!(since, Some(Moment(1)));
        let step = regions.copies.copy_after(None, 1).await.unwrap();
        assert_eq!(step.last.unwrap().id, AssetId::new("c"));
        assert_eq!(regions.sandbox.s3.keys(s3::MIRROR_BUCKET), [key("c")]);
        let since = regions.copies.behind_since().await.unwrap();
        assert_eq!(since, Some(Moment(2)));
        assert_eq!(regions.copy_all(1).await, [1, 1]);
        assert_eq!(regions.copies.behind_since().await.unwrap(), None);
        let none: [u64; 0] = [];
        assert_eq!(regions.copy_all(10).await, none);
        let copy = regions.sandbox.s3.object(s3::MIRROR_BUCKET, &key("a"));
        assert_eq!(copy.unwrap(), picture().bytes);
    });
}

#[test]
fn what_the_first_place_lost_or_spoilt_is_read_from_the_mirror_and_brought_back() {
    for_both(async |db| {
        let regions = Regions::open(&db).await;
        regions.put("a").await;
        regions.copy_all(10).await;
        regions.sandbox.s3.lose(s3::BUCKET);
        assert_eq!(regions.get("a").await.unwrap(), Some(picture()));
        assert_eq!(regions.kept(), [1, 1]);
        for bytes in [b"abd" as &[u8], b"longer"] {
            regions.sandbox.s3.spoil(s3::BUCKET, &key("a"), bytes);
            assert_eq!(regions.get("a").await.unwrap(), Some(picture()));
            let mended = regions.sandbox.s3.object(s3::BUCKET, &key("a"));
            assert_eq!(mended.unwrap(), picture().bytes);
        }
        regions.sandbox.s3.lose(s3::BUCKET);
        regions.sandbox.s3.spoil(s3::MIRROR_BUCKET, &key("a"), b"x");
        let refusal = regions.get("a").await.unwrap_err();
        assert!(refusal.to_string().contains("asset a "), "{refusal}");
        assert_eq!(regions.kept(), [0, 1], "nothing wrong is brought back");
    });
}

#[test]
fn without_the_first_region_pictures_are_read_and_new_ones_wait() {
    for_both(async |db| {
        let regions = Regions::open(&db).await;
        regions.put("a").await;
        regions.copy_all(10).await;
        regions.sandbox.s3.take_down(s3::REGION);
        assert_eq!(regions.get("a").await.unwrap(), Some(picture()));
        let refusal = regions.try_put("b").await.unwrap_err();
        assert!(matches!(refusal, StoreError::Retryable(_)), "{refusal}");
        assert_eq!(regions.assets.find(&AssetId::new("b")).await.unwrap(), None);
        regions.sandbox.s3.bring_back(s3::REGION);
        regions.put("b").await;
        assert_eq!(regions.copy_all(10).await, [1]);
        assert_eq!(regions.kept(), [2, 2]);
    });
}

#[test]
fn without_the_mirrors_region_pictures_are_kept_and_it_catches_up_later() {
    for_both(async |db| {
        let regions = Regions::open(&db).await;
        regions.sandbox.s3.take_down(s3::MIRROR_REGION);
        regions.put("a").await;
        assert_eq!(regions.get("a").await.unwrap(), Some(picture()));
        let refusal = regions.copies.copy_after(None, 10).await.unwrap_err();
        assert!(matches!(refusal, StoreError::Retryable(_)), "{refusal}");
        let since = regions.copies.behind_since().await.unwrap();
        assert_eq!(since, Some(Moment(1)), "the lag is told");
        regions.sandbox.s3.bring_back(s3::MIRROR_REGION);
        assert_eq!(regions.copy_all(10).await, [1]);
    });
}

#[test]
fn one_damaged_thing_holds_up_nothing_else() {
    for_both(async |db| {
        let regions = Regions::open(&db).await;
        for id in ["a", "b", "c"] {
            regions.put(id).await;
        }
        regions.sandbox.s3.spoil(s3::BUCKET, &key("a"), b"???");
        let step = regions.copies.copy_after(None, 10).await.unwrap();
        assert_eq!(
            (step.copied.count, step.damaged),
            (2, vec![AssetId::new("a")])
        );
        assert_eq!(regions.kept(), [3, 2]);
        let since = regions.copies.behind_since().await.unwrap();
        assert_eq!(since, Some(Moment(1)), "it is missing, and that is told");
    });
}

#[test]
fn a_write_whose_answer_is_lost_is_written_once() {
    for_both(async |db| {
        let regions = Regions::open(&db).await;
        let lost = s3::Fault::once("put", s3::FaultKind::FailsAfter);
        regions.sandbox.s3.push_fault(lost);
        regions.put("a").await;
        assert_eq!(regions.kept(), [1, 0]);
        let busy = s3::Fault::times(2, "get", s3::FaultKind::SlowDown);
        regions.sandbox.s3.push_fault(busy);
        assert_eq!(regions.get("a").await.unwrap(), Some(picture()));
    });
}

#[test]
fn a_check_finds_what_a_place_lacks_and_mends_it() {
    for_both(async |db| {
        let regions = Regions::open(&db).await;
        for id in ["a", "b"] {
            regions.put(id).await;
        }
        regions.copy_all(10).await;
        regions.sandbox.s3.lose(s3::BUCKET);
        regions.put("c").await;
        let one = |count| Amount {
            count,
            bytes: 3 * count,
        };
        let found = Checked {
            kept: one(3),
            back: one(2),
            copied: one(1),
            lost: Vec::new(),
        };
        let told = regions.copies.check(Mending::DryRun).await.unwrap();
        assert_eq!((told, regions.kept()), (found.clone(), [1, 2]));
        let done = regions.copies.check(Mending::Do).await.unwrap();
        assert_eq!((done, regions.kept()), (found, [3, 3]));
        assert_eq!(regions.copies.behind_since().await.unwrap(), None);

        regions.sandbox.s3.lose(s3::MIRROR_BUCKET);
        regions.sandbox.s3.spoil(s3::BUCKET, &key("b"), b"???");
        let done = regions.copies.check(Mending::Do).await.unwrap();
        assert_eq!((done.copied, done.lost), (one(2), vec![AssetId::new("b")]));
    });
}

#[test]
fn the_house_does_not_open_with_wrong_keys_and_does_while_a_region_is_away() {
    actix_rt::System::new().block_on(async {
        let sandbox = sandbox().await;
        let check = async |assets: &config::Assets| {
            let places = Places::open(assets, &Handle::current()).unwrap();
            places.check_mirror().await;
            places.check().await
        };
        let right = settings(&sandbox);
        check(&right).await.unwrap();
        assert!(sandbox.s3.keys(s3::BUCKET).is_empty(), "nothing is left");

        let mut wrong_secret = right.clone();
        wrong_secret.s3 = service(&sandbox, s3::REGION, "another");
        let mut wrong_region = right.clone();
        wrong_region.s3 = service(&sandbox, "elsewhere-9", s3::SECRET_ACCESS_KEY);
        let mut wrong_bucket = right.clone();
        wrong_bucket.url = bucket("nobodys");
        for wrong in [wrong_secret, wrong_region, wrong_bucket] {
            let refusal = check(&wrong).await.unwrap_err();
            assert!(matches!(refusal, PlaceError::Refused { .. }), "{refusal}");
            assert!(refusal.to_string().contains("[assets]"), "{refusal}");
        }
        let mut wrong_mirror = right.clone();
        wrong_mirror.mirror_url = Some(bucket("nobodys"));
        check(&wrong_mirror).await.unwrap();
        sandbox.s3.take_down(s3::REGION);
        check(&right).await.unwrap();
        sandbox.stop().await;
    });
}
