//! Files of messages, as the people see them.

use actix_web::http::header::{
    CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, ContentDisposition, DispositionParam,
    DispositionType, X_CONTENT_TYPE_OPTIONS,
};
use actix_web::web::{self, Data, Path, ServiceConfig};
use actix_web::{Error, HttpResponse};

use super::ControlError;
use crate::telegram::{Handle, Media, MediaKind};

pub fn configure(service: &mut ServiceConfig) {
    service.route("/file/{file_id}", web::get().to(file));
}

/// `GET /control/file/{file_id}`: pictures and videos to be shown, all else to be saved.
async fn file(telegram: Data<Handle>, file_id: Path<String>) -> Result<HttpResponse, Error> {
    let file = telegram.file(&file_id);
    let file = file.ok_or_else(|| ControlError::not_found("there is no such file"))?;
    let media = file.media.clone();
    let content = web::block(move || file.content()).await?;
    Ok(HttpResponse::Ok()
        .content_type(media.mime_type.clone())
        .insert_header((CONTENT_DISPOSITION, disposition(&media)))
        // A document is whatever somebody sent: it must not run as a page of this site.
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox"))
        .body(content))
}

fn disposition(media: &Media) -> ContentDisposition {
    let disposition = match media.kind {
        MediaKind::Photo | MediaKind::Video | MediaKind::Animation | MediaKind::Sticker => {
            DispositionType::Inline
        }
        MediaKind::Document | MediaKind::Voice => DispositionType::Attachment,
    };
    let name = media
        .file_name
        .clone()
        .unwrap_or_else(|| media.kind.field().to_owned());
    ContentDisposition {
        disposition,
        parameters: vec![DispositionParam::Filename(name)],
    }
}
