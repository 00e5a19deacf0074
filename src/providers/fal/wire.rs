//! What the queue answers (contract, *Submit*, *Status*, *Result*).

use rei_domain::spec::Kind;
use reqwest::Url;
use serde::Deserialize;

/// The answer to a submit.
#[derive(Debug, Deserialize)]
pub(super) struct Queued {
    request_id: String,
    status_url: String,
    response_url: String,
}

impl Queued {
    /// Where the request is asked after; `None` when that is not at the queue's own host.
    pub fn places(&self, base: &Url) -> Option<Places> {
        Some(Places {
            status: own(&self.status_url, base)?,
            response: own(&self.response_url, base)?,
            request: self.request_id.clone(),
        })
    }
}

/// Where a request is asked after. The addresses cannot be made from the model's name.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Places {
    pub status: Url,
    pub response: Url,
    /// Its name in callbacks; empty in rows older than these.
    pub request: String,
}

impl Places {
    /// What rows keep.
    pub fn render(&self) -> String {
        format!("{} {} {}", self.status, self.response, self.request)
    }

    /// Reads [`Places::render`] back. An address of another host is none: the key goes with
    /// every call.
    pub fn parse(text: &str, base: &Url) -> Option<Places> {
        let mut words = text.splitn(3, ' ');
        Some(Places {
            status: own(words.next()?, base)?,
            response: own(words.next()?, base)?,
            request: words.next().unwrap_or_default().to_owned(),
        })
    }

    /// What callbacks call the request of [`Places::render`].
    pub fn request(text: &str) -> &str {
        text.splitn(3, ' ').nth(2).unwrap_or_default()
    }
}

fn own(address: &str, base: &Url) -> Option<Url> {
    let url = Url::parse(address).ok()?;
    (url.origin() == base.origin()).then_some(url)
}

/// Where a request stands.
#[derive(Debug, Deserialize)]
pub(super) struct Standing {
    status: String,
}

impl Standing {
    /// Well or badly: the result says which.
    pub fn is_over(&self) -> bool {
        self.status == "COMPLETED"
    }
}

/// What came out.
#[derive(Debug, Deserialize)]
pub(super) struct Made {
    #[serde(default)]
    images: Vec<File>,
    video: Option<File>,
}

#[derive(Debug, Deserialize)]
struct File {
    url: String,
}

impl Made {
    /// The one file, and what it is.
    pub fn file(self) -> Option<(String, Kind)> {
        if let Some(video) = self.video {
            return Some((video.url, Kind::Video));
        }
        let first = self.images.into_iter().next()?;
        Some((first.url, Kind::Image))
    }
}
