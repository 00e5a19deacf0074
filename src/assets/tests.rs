use std::path::{Path as FilePath, PathBuf};

use rei_actors::ports::assets::MediaKind;
use rei_domain::time::Moment;

use super::*;
use crate::store::Db;
use crate::store::fixtures::for_both;

const USER: UserId = UserId(7);

struct FixedClock;

impl Clock for FixedClock {
    fn now(&self) -> Moment {
        Moment(1)
    }
}

fn store_in(folder: &FilePath, db: &Db) -> AssetStore {
    let places = Places::in_folders(folder, None);
    AssetStore::new(places, AssetRows::new(db.clone()), Arc::new(FixedClock))
}

fn picture(content: &'static [u8]) -> Media {
    Media {
        bytes: Bytes::from_static(content),
        kind: MediaKind::Png,
        width: 3,
        height: 2,
        millis: 0,
    }
}

fn id(text: &str) -> AssetId {
    AssetId::new(text)
}

fn files(folder: &FilePath) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(super::tests::files(&path));
        } else {
            files.push(path);
        }
    }
    files
}

#[test]
fn a_picture_comes_back_as_it_was_stored() {
    for_both(async |db| {
        let folder = tempfile::tempdir().unwrap();
        let assets = store_in(folder.path(), &db);
        let asset = assets.put(&id("a"), USER, &picture(b"abc")).await.unwrap();
        let sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(
            asset,
            Asset {
                id: id("a"),
                user: USER,
                kind: MediaKind::Png,
                width: 3,
                height: 2,
                millis: 0,
                size: 3,
                sha256: sha256.to_owned(),
            }
        );
        let file = folder
            .path()
            .join("ba")
            .join("78")
            .join(format!("{sha256}-a"));
        assert_eq!(std::fs::read(file).unwrap(), b"abc");
        assert_eq!(assets.find(&id("a")).await.unwrap(), Some(asset));
        let read = assets.get(&id("a")).await.unwrap();
        assert_eq!(read, Some(picture(b"abc")));
        assert_eq!(assets.find(&id("b")).await.unwrap(), None);
        assert_eq!(assets.get(&id("b")).await.unwrap(), None);
    });
}

#[test]
fn storing_again_under_the_same_id_changes_nothing() {
    for_both(async |db| {
        let folder = tempfile::tempdir().unwrap();
        let assets = store_in(folder.path(), &db);
        let first = assets.put(&id("a"), USER, &picture(b"abc")).await.unwrap();
        let again = assets.put(&id("a"), USER, &picture(b"abc")).await.unwrap();
        let other = assets.put(&id("a"), UserId(8), &picture(b"other")).await;
        assert_eq!(again, first);
        assert_eq!(other.unwrap(), first);
        assert_eq!(files(folder.path()).len(), 1);
        let read = assets.get(&id("a")).await.unwrap();
        assert_eq!(read, Some(picture(b"abc")));
    });
}

#[test]
fn the_same_picture_of_two_users_is_two_objects_so_that_one_may_go() {
    for_both(async |db| {
        let folder = tempfile::tempdir().unwrap();
        let assets = store_in(folder.path(), &db);
        assets.put(&id("a"), USER, &picture(b"abc")).await.unwrap();
        let second = assets.put(&id("b"), UserId(8), &picture(b"abc")).await;
        assert_eq!(second.unwrap().user, UserId(8));
        assert_eq!(files(folder.path()).len(), 2);
    });
}

#[test]
fn one_id_stored_by_many_at_once_has_one_row() {
    for_both(async |db| {
        let folder = tempfile::tempdir().unwrap();
        let assets = Arc::new(store_in(folder.path(), &db));
        let mut puts = Vec::new();
        for n in 0..12 {
            let assets = Arc::clone(&assets);
            let content: &'static [u8] = if n % 2 == 0 { b"even" } else { b"odd" };
            puts.push(tokio::spawn(async move {
                assets.put(&id("a"), USER, &picture(content)).await.unwrap()
            }));
        }
        let mut stored = Vec::new();
        for put in puts {
            stored.push(put.await.unwrap());
        }
        stored.dedup();
        assert_eq!(stored.len(), 1);
        assert!(assets.get(&id("a")).await.unwrap().is_some());
        let is_whole = |file: &PathBuf| !file.to_string_lossy().contains('#');
        assert!(files(folder.path()).iter().all(is_whole));
    });
}

#[test]
fn bytes_that_changed_are_not_handed_out() {
    for_both(async |db| {
        let folder = tempfile::tempdir().unwrap();
        let assets = store_in(folder.path(), &db);
        assets.put(&id("a"), USER, &picture(b"abc")).await.unwrap();
        let file = files(folder.path()).remove(0);
        for damage in ["abd", "ab", "abcd", ""] {
            std::fs::write(&file, damage).unwrap();
            let refusal = assets.get(&id("a")).await.unwrap_err();
            assert!(matches!(refusal, StoreError::Broken(_)), "{refusal}");
        }
        std::fs::remove_file(&file).unwrap();
        let refusal = assets.get(&id("a")).await.unwrap_err();
        assert!(refusal.to_string().contains("asset a "), "{refusal}");
    });
}

/// A file in the place of a folder stands for a disk that takes nothing: unlike a full or a
/// read-only disk it also stops the superuser, as whom tests may run.
#[test]
fn a_disk_that_takes_nothing_leaves_no_row_and_the_same_call_works_later() {
    for_both(async |db| {
        let folder = tempfile::tempdir().unwrap();
        let assets = store_in(folder.path(), &db);
        let obstacle = folder.path().join("ba");
        std::fs::write(&obstacle, "").unwrap();
        let refusal = assets.put(&id("a"), USER, &picture(b"abc")).await;
        let refusal = refusal.unwrap_err();
        assert!(matches!(refusal, StoreError::Retryable(_)), "{refusal}");
        assert_eq!(assets.find(&id("a")).await.unwrap(), None);

        std::fs::remove_file(&obstacle).unwrap();
        assets.put(&id("a"), USER, &picture(b"abc")).await.unwrap();
        let read = assets.get(&id("a")).await.unwrap();
        assert_eq!(read, Some(picture(b"abc")));
    });
}
