//! Signed addresses of stored pictures and clips: `/assets/{user}/{expires}/{signature}/{file}`.
//!
//! Promises that an address opens one asset of one user until a moment, and that nobody can
//! change any of the three. Whoever has an address has the asset: providers fetch inputs by it,
//! and a user fetches what is too large for the messenger.

use std::sync::{Arc, OnceLock};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use rei_actors::ports::assets::Asset;
use rei_actors::ports::links::Links;
use rei_domain::ids::{AssetId, UserId};
use rei_domain::time::Moment;
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

/// The beginning of every such path.
pub const PATH: &str = "/assets";

/// What the key is made for, so that it is good for nothing else.
const PURPOSE: &[u8] = b"rei-bot asset links 1";

const MICROS: i64 = 1_000_000;

/// What an address says it opens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    pub user: UserId,
    /// Seconds since the Unix epoch.
    pub expires: i64,
    pub asset: AssetId,
}

impl Claim {
    fn text(&self) -> String {
        format!("{}/{}/{}", self.user, self.expires, self.asset)
    }
}

/// Signs addresses and checks them. Clones share the base.
#[derive(Clone)]
pub struct AssetLinks {
    key: Arc<[u8]>,
    /// Where the house is reached, without a closing slash.
    base: Arc<OnceLock<String>>,
}

impl AssetLinks {
    /// Signs with a key that is derived from the bot's token: every node has the same, and a
    /// new token makes old addresses void. Nothing is linked before [`AssetLinks::serve_at`].
    pub fn new(token: &SecretString) -> AssetLinks {
        let key = mac(token.expose_secret().as_bytes(), PURPOSE);
        AssetLinks {
            key: key.finalize().into_bytes().to_vec().into(),
            base: Arc::default(),
        }
    }

    /// Says where the house is reached; the first word counts.
    pub fn serve_at(&self, base: &str) {
        self.base
            .get_or_init(|| base.trim_end_matches('/').to_owned());
    }

    /// The address of a path of the house; `None` where nobody outside reaches it.
    pub fn address(&self, path: &str) -> Option<String> {
        self.base.get().map(|base| format!("{base}{path}"))
    }

    /// Whether a claim was signed here and still holds.
    pub fn holds(&self, claim: &Claim, signature: &str, now: Moment) -> bool {
        let Ok(signature) = URL_SAFE_NO_PAD.decode(signature) else {
            return false;
        };
        let is_signed = mac(&self.key, claim.text().as_bytes())
            .verify_slice(&signature)
            .is_ok();
        is_signed && now.0.div_euclid(MICROS) < claim.expires
    }

    fn sign(&self, claim: &Claim) -> String {
        let mac = mac(&self.key, claim.text().as_bytes());
        URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes())
    }
}

impl Links for AssetLinks {
    fn link(&self, asset: &Asset, until: Moment) -> Option<String> {
        let base = self.base.get()?;
        let claim = Claim {
            user: asset.user,
            expires: until.0.div_euclid(MICROS),
            asset: asset.id.clone(),
        };
        let Claim { user, expires, .. } = &claim;
        let (signature, id) = (self.sign(&claim), &asset.id);
        let extension = asset.kind.extension();
        Some(format!(
            "{base}{PATH}/{user}/{expires}/{signature}/{id}.{extension}"
        ))
    }
}

fn mac(key: &[u8], text: &[u8]) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(text);
    mac
}

#[cfg(test)]
mod tests {
    use super::*;
    use rei_actors::ports::assets::MediaKind;

    fn asset() -> Asset {
        Asset {
            id: AssetId::new("job1"),
            user: UserId(7),
            kind: MediaKind::Mp4,
            width: 1,
            height: 1,
            millis: 5_000,
            size: 1,
            sha256: String::new(),
        }
    }

    fn links(token: &str) -> AssetLinks {
        let links = AssetLinks::new(&SecretString::from(token));
        links.serve_at("https://bot.example/");
        links
    }

    /// The claim and the signature of an address.
    fn read(url: &str) -> (Claim, String) {
        let path = url.strip_prefix("https://bot.example/assets/").unwrap();
        let parts: Vec<&str> = path.split('/').collect();
        let claim = Claim {
            user: UserId(parts[0].parse().unwrap()),
            expires: parts[1].parse().unwrap(),
            asset: AssetId::new(parts[3].strip_suffix(".mp4").unwrap()),
        };
        (claim, parts[2].to_owned())
    }

    #[test]
    fn an_address_opens_what_it_was_made_for_until_its_moment_and_nothing_else() {
        let links = links("1:token");
        let until = Moment(2_000_000_000);
        let (claim, signature) = read(&links.link(&asset(), until).unwrap());
        assert!(links.holds(&claim, &signature, Moment(until.0 - MICROS)));
        assert!(!links.holds(&claim, &signature, until), "it is over");

        let later = Claim {
            expires: claim.expires + 1,
            ..claim.clone()
        };
        let anothers = Claim {
            user: UserId(8),
            ..claim.clone()
        };
        let other = Claim {
            asset: AssetId::new("job2"),
            ..claim.clone()
        };
        for forged in [later, anothers, other] {
            assert!(!links.holds(&forged, &signature, Moment(0)), "{forged:?}");
        }
        for signature in ["", "AAAA", "?", &signature[1..]] {
            assert!(!links.holds(&claim, signature, Moment(0)), "{signature}");
        }
    }

    #[test]
    fn another_token_signs_otherwise_and_a_house_without_an_address_links_nothing() {
        let (claim, signature) = read(&links("1:token").link(&asset(), Moment(9_000_000)).unwrap());
        assert!(!links("1:other").holds(&claim, &signature, Moment(0)));
        let unreachable = AssetLinks::new(&SecretString::from("1:token"));
        assert_eq!(unreachable.link(&asset(), Moment(9_000_000)), None);
    }
}
