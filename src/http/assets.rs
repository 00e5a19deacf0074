//! `GET /assets/{user}/{expires}/{signature}/{file}`: a stored picture or clip, for whoever has a
//! signed address (`links`).
//!
//! Every address that opens nothing is answered alike, so that nobody learns what there is.

use std::time::Duration;

use actix_web::http::header::{self, ByteRangeSpec, Range};
use actix_web::{HttpResponse, web};
use bytes::Bytes;
use rei_actors::ports::assets::Media;
use rei_domain::ids::{AssetId, UserId};

use super::error::{HttpError, Refusal};
use super::{Files, State};
use crate::links::Claim;

const RETRY_AFTER: Duration = Duration::from_secs(5);

/// Sends the file, or the part of it that a player asks for.
pub async fn serve(
    state: State,
    path: web::Path<(String, String, String, String)>,
    range: Option<web::Header<Range>>,
) -> Result<HttpResponse, HttpError> {
    let files = state.files.as_ref().ok_or(Refusal::NotFound)?;
    let (user, expires, signature, file) = path.into_inner();
    let Some((claim, extension)) = claim(&user, &expires, &file) else {
        return Err(Refusal::NotFound.into());
    };
    if !files.links.holds(&claim, &signature, files.clock.now()) {
        return Err(Refusal::NotFound.into());
    }
    let media = match owned(files, &claim).await {
        Ok(media) => media,
        Err(error) => {
            let retry_after = RETRY_AFTER;
            let refused = HttpError::new(Refusal::Unavailable { retry_after });
            tracing::warn!(%error, error.id = %refused.id(), "an asset cannot be read");
            return Err(refused);
        }
    };
    match media.filter(|media| media.kind.extension() == extension) {
        Some(media) => Ok(answer(&media, range.as_deref())),
        None => Err(Refusal::NotFound.into()),
    }
}

/// What an address says, and the extension that its file must have.
fn claim<'a>(user: &str, expires: &str, file: &'a str) -> Option<(Claim, &'a str)> {
    let (id, extension) = file.rsplit_once('.')?;
    let claim = Claim {
        user: UserId(user.parse().ok()?),
        expires: expires.parse().ok()?,
        asset: AssetId::new(id),
    };
    Some((claim, extension))
}

async fn owned(
    files: &Files,
    claim: &Claim,
) -> Result<Option<Media>, rei_actors::ports::StoreError> {
    match files.assets.find(&claim.asset).await? {
        Some(asset) if asset.user == claim.user => files.assets.get(&claim.asset).await,
        Some(_) | None => Ok(None),
    }
}

fn answer(media: &Media, range: Option<&Range>) -> HttpResponse {
    let length = media.bytes.len() as u64;
    let mut answer = match part(range, length) {
        Part::Whole => {
            let mut answer = HttpResponse::Ok();
            answer.body(media.bytes.clone())
        }
        Part::Of { first, last } => HttpResponse::PartialContent()
            .insert_header((
                header::CONTENT_RANGE,
                format!("bytes {first}-{last}/{length}"),
            ))
            .body(slice(&media.bytes, first, last)),
        Part::Nothing => HttpResponse::RangeNotSatisfiable()
            .insert_header((header::CONTENT_RANGE, format!("bytes */{length}")))
            .finish(),
    };
    let headers = answer.headers_mut();
    let kind = header::HeaderValue::from_static(media.kind.mime());
    headers.insert(header::CONTENT_TYPE, kind);
    for (name, value) in [
        (header::ACCEPT_RANGES, "bytes"),
        (header::CACHE_CONTROL, "private, max-age=3600"),
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; sandbox",
        ),
        (header::REFERRER_POLICY, "no-referrer"),
    ] {
        headers.insert(name, header::HeaderValue::from_static(value));
    }
    answer
}

/// What of a file is asked for.
#[derive(Debug, PartialEq, Eq)]
enum Part {
    Whole,
    /// Both are within the file.
    Of {
        first: u64,
        last: u64,
    },
    Nothing,
}

/// Several ranges at once, and units that are no bytes, get the whole file, as RFC 9110 allows.
fn part(range: Option<&Range>, length: u64) -> Part {
    let Some(Range::Bytes(specs)) = range else {
        return Part::Whole;
    };
    match specs.as_slice() {
        [spec] => match ByteRangeSpec::to_satisfiable_range(spec, length) {
            Some((first, last)) => Part::Of { first, last },
            None => Part::Nothing,
        },
        _ => Part::Whole,
    }
}

fn slice(bytes: &Bytes, first: u64, last: u64) -> Bytes {
    let index = |at: u64| usize::try_from(at).unwrap_or(usize::MAX).min(bytes.len());
    bytes.slice(index(first)..index(last.saturating_add(1)))
}
