//! `getFile`.

use serde_json::json;

use super::Success;
use crate::telegram::error::ApiError;
use crate::telegram::media::DOWNLOAD_BYTES_MAX;
use crate::telegram::params::Params;
use crate::telegram::state::State;

pub fn get_file(state: &mut State, params: &Params) -> Result<Success, ApiError> {
    let file_id = params.text("file_id").unwrap_or_default();
    let wrong = || ApiError::bad_request("wrong file_id or the file is temporarily unavailable");
    let file = state.files.find(&file_id).ok_or_else(wrong)?;
    let bytes = file.download_bytes();
    if bytes.is_some_and(|bytes| bytes > DOWNLOAD_BYTES_MAX) {
        return Err(ApiError::bad_request("file is too big"));
    }
    let mut result = json!({
        "file_id": file_id,
        "file_unique_id": file.media.file_unique_id,
        "file_path": file.path,
    });
    if let Some(bytes) = bytes {
        result["file_size"] = json!(bytes);
    }
    Ok(Success::of(result))
}
