//! Files that come with an order: fetched from where they are said to be, and looked into.
//!
//! The real services reach public addresses alone; here any address goes, loopback above all.

use std::fmt;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::{Bytes, BytesMut};
use image::ImageFormat;

/// How long a file may take to come.
const FETCH_WITHIN: Duration = Duration::from_secs(15);

/// The longer side of what is kept of a picture, in pixels.
const THUMBNAIL_SIDE: u32 = 320;

/// Why a file did not come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotFetched {
    /// No address of HTTP, nobody there, or an answer other than 2xx.
    Unreachable,
    /// More bytes than may be.
    TooLarge,
}

impl fmt::Display for NotFetched {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            NotFetched::Unreachable => "cannot be downloaded",
            NotFetched::TooLarge => "is too large",
        })
    }
}

/// The bytes at an address, `bytes_max` of them at most.
pub async fn fetch(url: &str, bytes_max: usize) -> Result<Bytes, NotFetched> {
    thread_local! {
        // A client keeps connections on the runtime of its thread.
        static CLIENT: Option<reqwest::Client> = client();
    }
    let client = CLIENT.with(Clone::clone).ok_or(NotFetched::Unreachable)?;
    let unreachable = |_| NotFetched::Unreachable;
    let mut response = client.get(url).send().await.map_err(unreachable)?;
    if !response.status().is_success() {
        return Err(NotFetched::Unreachable);
    }
    let announced = response.content_length().unwrap_or_default();
    if usize::try_from(announced).is_ok_and(|announced| announced > bytes_max) {
        return Err(NotFetched::TooLarge);
    }
    let mut bytes = BytesMut::new();
    while let Some(chunk) = response.chunk().await.map_err(unreachable)? {
        if bytes.len() + chunk.len() > bytes_max {
            return Err(NotFetched::TooLarge);
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes.freeze())
}

fn client() -> Option<reqwest::Client> {
    // An error says that the process has a provider already, which serves as well.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let built = reqwest::Client::builder()
        .timeout(FETCH_WITHIN)
        .no_proxy()
        .build();
    match built {
        Ok(client) => Some(client),
        Err(error) => {
            tracing::error!(%error, "inputs cannot be fetched");
            None
        }
    }
}

/// Base64 in the standard alphabet.
pub fn decoded(text: &str) -> Option<Bytes> {
    STANDARD.decode(text).ok().map(Bytes::from)
}

/// The bytes of a `data:` address in base64.
pub fn of_data_address(address: &str) -> Option<Bytes> {
    let (head, data) = address.strip_prefix("data:")?.split_once(',')?;
    head.ends_with(";base64").then(|| decoded(data)).flatten()
}

/// What a picture is, told by its head; the rest must decode for [`thumbnail`] alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Picture {
    pub format: ImageFormat,
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
}

/// Looks into a picture.
pub fn picture(bytes: &[u8]) -> Option<Picture> {
    let reader = image::ImageReader::new(std::io::Cursor::new(bytes))
        .with_guessed_format()
        .ok()?;
    let format = reader.format()?;
    let (width, height) = reader.into_dimensions().ok()?;
    Some(Picture {
        format,
        width,
        height,
    })
}

/// A small PNG of a picture, for what is made from it.
pub fn thumbnail(bytes: &[u8]) -> Option<Bytes> {
    let small = image::load_from_memory(bytes)
        .ok()?
        .thumbnail(THUMBNAIL_SIDE, THUMBNAIL_SIDE)
        .to_rgb8();
    let mut png = std::io::Cursor::new(Vec::new());
    small.write_to(&mut png, ImageFormat::Png).ok()?;
    Some(png.into_inner().into())
}
