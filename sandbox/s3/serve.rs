//! The API over HTTP.

use std::ops::Bound;
use std::time::{SystemTime, UNIX_EPOCH};

use actix_web::http::{Method, StatusCode, header};
use actix_web::web::{self, Bytes, Data, PayloadConfig, Query, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::{FaultKind, Handle, Object, State, signature};
use crate::broken;
use crate::hex::hex;
use crate::yookassa::html::escaped;

/// The largest object that is taken; the bot's are smaller.
const OBJECT_BYTES_MAX: usize = 512 * 1024 * 1024;

/// The most keys in one page of a list.
const KEYS_MAX: usize = 1_000;

pub(super) fn configure(service: &mut ServiceConfig) {
    let api = |path: &str| {
        web::resource(path)
            .app_data(PayloadConfig::new(OBJECT_BYTES_MAX))
            .to(api)
    };
    service
        .service(api("/s3/{bucket}"))
        .service(api("/s3/{bucket}/{key:.*}"));
}

/// How a call ends.
enum Answer {
    Response(HttpResponse),
    /// The connection closes without a word.
    Nothing,
}

async fn api(handle: Data<Handle>, request: HttpRequest, body: Bytes) -> HttpResponse {
    let part = |name: &str| request.match_info().get(name).unwrap_or_default();
    match answer(&handle, &request, part("bucket"), part("key"), body) {
        Answer::Response(response) => response,
        Answer::Nothing => broken::dropped(),
    }
}

fn answer(handle: &Handle, request: &HttpRequest, bucket: &str, key: &str, body: Bytes) -> Answer {
    let mut state = handle.state();
    let Some(region) = state.buckets.get(bucket).map(|it| it.region.clone()) else {
        return refused("NoSuchBucket", "The specified bucket does not exist");
    };
    if state.down.contains(&region) {
        return Answer::Nothing;
    }
    let now = SystemTime::now();
    let secs = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let secs = i64::try_from(secs).unwrap_or(i64::MAX);
    if let Err((code, what)) = signature::check(request, &body, &region, secs) {
        return refused(code, what);
    }
    let operation = match (request.method(), key) {
        (&Method::GET, "") => "list",
        (_, "") => return refused("NotImplemented", "The sandbox does not do this to buckets."),
        (&Method::PUT, _) => "put",
        (&Method::GET, _) => "get",
        (&Method::HEAD, _) => "head",
        (&Method::DELETE, _) => "delete",
        _ => return refused("MethodNotAllowed", "The method is not allowed here."),
    };
    let fault = state.faults.take(operation);
    match fault {
        Some(FaultKind::SlowDown) => {
            return refused("SlowDown", "Please reduce your request rate.");
        }
        Some(FaultKind::Fails) => return refused("InternalError", "Please try again."),
        Some(FaultKind::Denied) => return refused("AccessDenied", "Access Denied"),
        Some(FaultKind::FailsAfter) | None => {}
    }
    let done = match operation {
        "list" => list(&state, bucket, request),
        "put" => put(&mut state, bucket, key, request, body, now),
        "delete" => delete(&mut state, bucket, key),
        _ => get(&state, bucket, key, request),
    };
    if fault == Some(FaultKind::FailsAfter) {
        return refused("InternalError", "Please try again.");
    }
    done
}

fn put(
    state: &mut State,
    bucket: &str,
    key: &str,
    request: &HttpRequest,
    bytes: Bytes,
    modified: SystemTime,
) -> Answer {
    if let Some(promised) = request.headers().get("x-amz-checksum-sha256")
        && promised.as_bytes() != STANDARD.encode(Sha256::digest(&bytes)).as_bytes()
    {
        return refused("BadDigest", "The checksum is not the one of the body.");
    }
    let object = Object { bytes, modified };
    let tag = tag(&object);
    if let Some(bucket) = state.buckets.get_mut(bucket) {
        bucket.objects.insert(key.to_owned(), object);
    }
    let mut response = HttpResponse::Ok();
    Answer::Response(response.insert_header((header::ETAG, tag)).finish())
}

fn get(state: &State, bucket: &str, key: &str, request: &HttpRequest) -> Answer {
    if request.headers().contains_key(header::RANGE) {
        return refused("NotImplemented", "The sandbox has no ranges.");
    }
    let found = state.buckets.get(bucket).and_then(|it| it.objects.get(key));
    let Some(object) = found else {
        return refused("NoSuchKey", "The specified key does not exist.");
    };
    let mut response = HttpResponse::Ok();
    response
        .insert_header((header::ETAG, tag(object)))
        .insert_header((
            header::LAST_MODIFIED,
            header::HttpDate::from(object.modified),
        ));
    // The server leaves the body of an answer to HEAD away and keeps its length.
    Answer::Response(response.body(object.bytes.clone()))
}

fn delete(state: &mut State, bucket: &str, key: &str) -> Answer {
    if let Some(bucket) = state.buckets.get_mut(bucket) {
        bucket.objects.remove(key);
    }
    // What is not there is as good as deleted, says the API.
    Answer::Response(HttpResponse::NoContent().finish())
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Listing {
    list_type: Option<u8>,
    #[serde(default)]
    prefix: String,
    start_after: Option<String>,
    continuation_token: Option<String>,
    max_keys: Option<usize>,
}

fn list(state: &State, bucket: &str, request: &HttpRequest) -> Answer {
    let Ok(wanted) = Query::<Listing>::from_query(request.query_string()) else {
        return refused("InvalidArgument", "The list cannot be understood.");
    };
    if wanted.list_type != Some(2) {
        return refused("NotImplemented", "The sandbox lists by version 2 only.");
    }
    let Some(bucket) = state.buckets.get(bucket) else {
        return refused("NoSuchBucket", "The specified bucket does not exist");
    };
    let after = wanted
        .continuation_token
        .as_ref()
        .or(wanted.start_after.as_ref());
    let from = after.map_or(Bound::Unbounded, |key| Bound::Excluded(key.clone()));
    let limit = wanted.max_keys.unwrap_or(KEYS_MAX).min(KEYS_MAX);
    let mut found = bucket
        .objects
        .range((from, Bound::Unbounded))
        .filter(|(key, _)| key.starts_with(&wanted.prefix));
    let page: Vec<_> = found.by_ref().take(limit).collect();
    let is_cut = found.next().is_some();
    let mut xml = String::from("<ListBucketResult>");
    for (key, object) in &page {
        let modified = DateTime::<Utc>::from(object.modified);
        xml.push_str(&format!(
            "<Contents><Key>{}</Key><LastModified>{}</LastModified><ETag>{}</ETag>\
             <Size>{}</Size></Contents>",
            escaped(key),
            modified.format("%Y-%m-%dT%H:%M:%S%.3fZ"),
            escaped(&tag(object)),
            object.bytes.len()
        ));
    }
    xml.push_str(&format!("<KeyCount>{}</KeyCount>", page.len()));
    xml.push_str(&format!("<IsTruncated>{is_cut}</IsTruncated>"));
    if let (true, Some((key, _))) = (is_cut, page.last()) {
        let token = escaped(key);
        xml.push_str(&format!(
            "<NextContinuationToken>{token}</NextContinuationToken>"
        ));
    }
    xml.push_str("</ListBucketResult>");
    let mut response = HttpResponse::Ok();
    Answer::Response(response.content_type("application/xml").body(xml))
}

/// Opaque to callers, who may not take it for an MD5.
fn tag(object: &Object) -> String {
    let hash = hex(&Sha256::digest(&object.bytes));
    format!("\"{}\"", &hash[..32])
}

fn refused(code: &str, message: &str) -> Answer {
    let status = match code {
        "NoSuchBucket" | "NoSuchKey" => StatusCode::NOT_FOUND,
        "AccessDenied"
        | "InvalidAccessKeyId"
        | "SignatureDoesNotMatch"
        | "RequestTimeTooSkewed" => StatusCode::FORBIDDEN,
        "SlowDown" => StatusCode::SERVICE_UNAVAILABLE,
        "InternalError" => StatusCode::INTERNAL_SERVER_ERROR,
        "NotImplemented" => StatusCode::NOT_IMPLEMENTED,
        "MethodNotAllowed" => StatusCode::METHOD_NOT_ALLOWED,
        _ => StatusCode::BAD_REQUEST,
    };
    let (code, message) = (escaped(code), escaped(message));
    let xml = format!("<Error><Code>{code}</Code><Message>{message}</Message></Error>");
    let mut response = HttpResponse::build(status);
    Answer::Response(response.content_type("application/xml").body(xml))
}
