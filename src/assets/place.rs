//! Where pictures are kept, as the configuration names it.
//!
//! Promises one clear sentence for each address that cannot be used. Deliberately knows folders
//! only so far.

use std::path::PathBuf;
use std::sync::Arc;

use object_store::ObjectStore;
use object_store::local::LocalFileSystem;
use url::Url;

/// Why pictures cannot be kept at an address. The text is for the operator.
#[derive(Debug, thiserror::Error)]
pub enum PlaceError {
    #[error("the address of the asset store is no URL ({0}); write it as file:///path/to/folder")]
    NotAUrl(url::ParseError),
    #[error(
        "the asset store cannot be a {scheme}: address; only folders are supported, as \
         file:///path/to/folder"
    )]
    UnknownScheme { scheme: String },
    #[error(
        "the asset store's folder must be an absolute path without a host, as \
         file:///path/to/folder"
    )]
    NotAPath,
    #[error("the asset store's folder {} cannot be used: {source}", folder.display())]
    Folder {
        folder: PathBuf,
        source: std::io::Error,
    },
    #[error("the asset store's folder {} cannot be opened: {source}", folder.display())]
    Store {
        folder: PathBuf,
        source: object_store::Error,
    },
}

/// Opens the object store at `file:///…`, making the folder if it is missing. Blocks on the
/// file system, so it belongs to the start of the process.
pub fn open(address: &str) -> Result<Arc<dyn ObjectStore>, PlaceError> {
    let folder = parse(address)?;
    std::fs::create_dir_all(&folder).map_err(|source| PlaceError::Folder {
        folder: folder.clone(),
        source,
    })?;
    let store = LocalFileSystem::new_with_prefix(&folder)
        .map_err(|source| PlaceError::Store { folder, source })?;
    // A job is charged once its picture is stored, so stored must survive a power cut.
    Ok(Arc::new(store.with_fsync(true)))
}

fn parse(address: &str) -> Result<PathBuf, PlaceError> {
    let url = Url::parse(address).map_err(PlaceError::NotAUrl)?;
    if url.scheme() != "file" {
        return Err(PlaceError::UnknownScheme {
            scheme: url.scheme().to_owned(),
        });
    }
    // `file:folder` and `file://folder` read as URLs too, but not as the folder that was meant.
    let is_plain = address
        .get(..8)
        .is_some_and(|start| start.eq_ignore_ascii_case("file:///"));
    if !is_plain || url.query().is_some() || url.fragment().is_some() {
        return Err(PlaceError::NotAPath);
    }
    url.to_file_path().map_err(|()| PlaceError::NotAPath)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn refusal(address: &str) -> String {
        open(address).expect_err(address).to_string()
    }

    #[test]
    fn a_folder_is_named_by_its_absolute_path() {
        assert_eq!(
            parse("file:///var/lib/rei/assets").unwrap(),
            PathBuf::from("/var/lib/rei/assets")
        );
        assert_eq!(
            parse("file:///srv/%D1%80%D0%B5%D0%B9%20bot").unwrap(),
            PathBuf::from("/srv/рей bot")
        );
    }

    #[test]
    fn a_missing_folder_is_made() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("deep/er");
        open(&format!("file://{}", folder.display())).unwrap();
        assert!(folder.is_dir());
    }

    #[test]
    fn every_useless_address_is_told_in_one_sentence() {
        for address in ["", "/var/lib/rei", "assets"] {
            assert!(refusal(address).contains("file:///"), "{address}");
        }
        assert!(refusal("s3://bucket/prefix").contains("s3:"));
        for address in [
            "file://assets",
            "file:assets",
            "file://host/assets",
            "file:///a?b",
            "file:///a#b",
        ] {
            assert!(refusal(address).contains("absolute path"), "{address}");
        }
    }

    #[test]
    fn a_file_in_the_place_of_the_folder_is_named() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let address = format!("file://{}", file.path().display());
        let text = refusal(&address);
        assert!(text.contains(&file.path().display().to_string()), "{text}");
    }
}
