//! Results that a provider names by an address of its own.
//!
//! An address in an answer is input from outside, however well the provider is known. Promises
//! that only public addresses over https are connected to, whatever a name resolves to and
//! after every redirect; and that size and time are limited. Judges no content: that is
//! [`MediaCheck`](rei_actors::ports::assets::MediaCheck)'s. A sandbox on this machine is
//! reachable only when the configuration says so.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use ipnet::IpNet;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::LOCATION;
use reqwest::redirect::Policy;
use reqwest::{Client, Response, Url};
use tokio::runtime::Handle;
use url::Host;

use crate::config::{self, Addresses};
use crate::tls::install_crypto;

/// Redirects followed; a store behind a gateway needs one.
const REDIRECTS_MAX: usize = 3;

/// Why a file was not fetched. Texts hold no address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DownloadError {
    /// The address is none that may be connected to: asking again will not help.
    #[error("the address is not a public one over https")]
    Forbidden,
    /// There is no such file (any more).
    #[error("the file is gone")]
    Gone,
    #[error("the file is larger than the limit")]
    TooLarge,
    /// The connection, the server or the time failed: the same call may work later.
    #[error("the file could not be fetched")]
    Failed,
}

/// Fetches files. Its input and output happen on the runtime it is given.
#[derive(Clone)]
pub struct Downloads {
    client: Client,
    addresses: Addresses,
    runtime: Handle,
}

impl Downloads {
    /// A fetcher by the settings. The text of the error names no address.
    pub fn try_new(settings: &config::Downloads, runtime: Handle) -> Result<Downloads, String> {
        install_crypto();
        let mut builder = Client::builder()
            .timeout(settings.timeout)
            .connect_timeout(Duration::from_secs(10).min(settings.timeout))
            .redirect(Policy::none())
            .no_proxy();
        match settings.addresses {
            Addresses::Public => {
                builder = builder.https_only(true).dns_resolver(Arc::new(PublicOnly));
            }
            Addresses::Any => {}
        }
        let client = builder.build();
        Ok(Downloads {
            client: client.map_err(|error| error.without_url().to_string())?,
            addresses: settings.addresses,
            runtime,
        })
    }

    /// Fetches a file of at most `bytes_max` bytes.
    pub async fn fetch(&self, address: &str, bytes_max: usize) -> Result<Bytes, DownloadError> {
        let (this, address) = (self.clone(), address.to_owned());
        let work = async move { this.follow(&address, bytes_max).await };
        let fetched = self.runtime.spawn(work).await;
        fetched.unwrap_or(Err(DownloadError::Failed))
    }

    async fn follow(&self, address: &str, bytes_max: usize) -> Result<Bytes, DownloadError> {
        let mut url = Url::parse(address).map_err(|_| DownloadError::Forbidden)?;
        for _ in 0..=REDIRECTS_MAX {
            self.check(&url)?;
            let response = self.client.get(url.clone()).send().await;
            let response = response.map_err(|error| classify(&error))?;
            match response.status().as_u16() {
                200 => return read(response, bytes_max).await,
                301 | 302 | 303 | 307 | 308 => url = next(&url, &response)?,
                401 | 403 | 404 | 410 => return Err(DownloadError::Gone),
                _ => return Err(DownloadError::Failed),
            }
        }
        Err(DownloadError::Forbidden)
    }

    /// A literal address is never resolved, so it is looked at here.
    fn check(&self, url: &Url) -> Result<(), DownloadError> {
        let literal = match url.host() {
            None => return Err(DownloadError::Forbidden),
            Some(Host::Domain(_)) => None,
            Some(Host::Ipv4(ip)) => Some(IpAddr::V4(ip)),
            Some(Host::Ipv6(ip)) => Some(IpAddr::V6(ip)),
        };
        let allowed = match self.addresses {
            Addresses::Any => matches!(url.scheme(), "http" | "https"),
            Addresses::Public => url.scheme() == "https" && literal.is_none_or(is_public),
        };
        allowed.then_some(()).ok_or(DownloadError::Forbidden)
    }
}

fn next(from: &Url, response: &Response) -> Result<Url, DownloadError> {
    let location = response.headers().get(LOCATION);
    let location = location.and_then(|value| value.to_str().ok());
    let location = location.ok_or(DownloadError::Failed)?;
    from.join(location).map_err(|_| DownloadError::Forbidden)
}

async fn read(mut response: Response, bytes_max: usize) -> Result<Bytes, DownloadError> {
    let announced = response.content_length().unwrap_or(0);
    if usize::try_from(announced).unwrap_or(usize::MAX) > bytes_max {
        return Err(DownloadError::TooLarge);
    }
    let mut body = BytesMut::new();
    while let Some(chunk) = response.chunk().await.map_err(|_| DownloadError::Failed)? {
        if body.len() + chunk.len() > bytes_max {
            return Err(DownloadError::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

fn classify(error: &reqwest::Error) -> DownloadError {
    if error.is_builder() || names_nothing_public(error) {
        DownloadError::Forbidden
    } else {
        DownloadError::Failed
    }
}

fn names_nothing_public(error: &(dyn std::error::Error + 'static)) -> bool {
    let mut cause = error.source();
    while let Some(error) = cause {
        if error.is::<NothingPublic>() {
            return true;
        }
        cause = error.source();
    }
    false
}

/// A name that resolves to no public address.
#[derive(Debug, thiserror::Error)]
#[error("the name resolves to no public address")]
struct NothingPublic;

/// Resolves names and keeps public addresses: the connection is made to what was checked, so a
/// name that answers differently the next time gains nothing.
struct PublicOnly;

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let public: Vec<SocketAddr> = found.filter(|addr| is_public(addr.ip())).collect();
            if public.is_empty() {
                return Err(NothingPublic.into());
            }
            Ok(Box::new(public.into_iter()) as Addrs)
        })
    }
}

/// Networks that are nobody's on the internet: the special-purpose registries of IANA
/// (RFC 6890 and later), multicast, and reserved space.
static NOT_PUBLIC: LazyLock<Vec<IpNet>> = LazyLock::new(|| {
    let networks = [
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/3",
        "::/96",
        "64:ff9b:1::/48",
        "100::/64",
        "2001::/23",
        "2001:db8::/32",
        "3fff::/20",
        "5f00::/16",
        "fc00::/7",
        "fe80::/9",
        "ff00::/8",
    ];
    let parse = |network: &&str| network.parse().expect("the networks above are well formed");
    networks.iter().map(parse).collect()
});

/// Whether an address is one of the public internet. Addresses that carry another one inside
/// (mapped, translated, 6to4) are judged by it.
pub fn is_public(ip: IpAddr) -> bool {
    if let IpAddr::V6(v6) = ip {
        let segments = v6.segments();
        let inner = |high: u16, low: u16| {
            let bytes = [high.to_be_bytes(), low.to_be_bytes()].concat();
            IpAddr::V4(Ipv4Addr::new(bytes[0], bytes[1], bytes[2], bytes[3]))
        };
        match segments {
            [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => {
                return is_public(inner(high, low));
            }
            [0x2002, high, low, ..] => return is_public(inner(high, low)),
            _ => {}
        }
    }
    !NOT_PUBLIC.iter().any(|network| network.contains(&ip))
}

#[cfg(test)]
mod tests;
