//! Where pictures are kept. Deliberately knows folders only so far.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use object_store::ObjectStore;
use object_store::local::LocalFileSystem;

/// Why pictures cannot be kept in a folder. The text is for the operator.
#[derive(Debug, thiserror::Error)]
pub enum PlaceError {
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

/// Opens a folder as an object store, making it if it is missing. Blocks on the file system,
/// so it belongs to the start of the process.
pub fn open_folder(folder: &Path) -> Result<Arc<dyn ObjectStore>, PlaceError> {
    std::fs::create_dir_all(folder).map_err(|source| PlaceError::Folder {
        folder: folder.to_owned(),
        source,
    })?;
    let store = LocalFileSystem::new_with_prefix(folder).map_err(|source| PlaceError::Store {
        folder: folder.to_owned(),
        source,
    })?;
    // A job is charged once its picture is stored, so stored must survive a power cut.
    Ok(Arc::new(store.with_fsync(true)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_folder_is_made() {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("a").join("b");
        open_folder(&folder).unwrap();
        assert!(folder.is_dir());
    }

    #[test]
    fn a_file_in_the_way_is_named() {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("taken");
        std::fs::write(&folder, "x").unwrap();
        let error = open_folder(&folder).unwrap_err().to_string();
        assert!(error.contains("taken"), "{error}");
    }
}
