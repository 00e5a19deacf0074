//! Where a request really comes from, and whether that is one of the listed networks.
//!
//! Promises: `X-Forwarded-For` is read only from proxies that are named, from the right, and
//! only as far as they vouch for it: what a client wrote into the header itself stands left of
//! the address that the last trusted proxy saw. IPv4 inside IPv6 (`::ffff:1.2.3.4`) is IPv4.

use std::net::{IpAddr, SocketAddr};

use ipnet::IpNet;

/// Networks that may send, and proxies that may say who sent.
#[derive(Clone, Debug)]
pub struct AddressProof {
    senders: Vec<IpNet>,
    proxies: Vec<IpNet>,
}

/// Why an address does not vouch for a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressRefusal {
    /// The sender is in none of the networks.
    Elsewhere,
    /// A trusted proxy named a sender that is no address.
    Unreadable,
    /// The connection has no address.
    Unknown,
}

impl AddressProof {
    /// No senders: nobody passes. No proxies: the connection's own address is the sender.
    pub fn new(senders: Vec<IpNet>, proxies: Vec<IpNet>) -> Self {
        Self { senders, proxies }
    }

    /// Whether the sender is one of the networks. `forwarded` are the values of
    /// `X-Forwarded-For` in the order they stand.
    pub fn check<'a>(
        &self,
        peer: IpAddr,
        forwarded: impl Iterator<Item = &'a [u8]>,
    ) -> Result<(), AddressRefusal> {
        let sender = self.sender(peer, forwarded)?;
        if contains(&self.senders, sender) {
            Ok(())
        } else {
            Err(AddressRefusal::Elsewhere)
        }
    }

    /// The rightmost address that is no trusted proxy; the leftmost one if all are.
    fn sender<'a>(
        &self,
        peer: IpAddr,
        forwarded: impl Iterator<Item = &'a [u8]>,
    ) -> Result<IpAddr, AddressRefusal> {
        let mut sender = peer.to_canonical();
        if !contains(&self.proxies, sender) {
            return Ok(sender);
        }
        let values: Vec<&[u8]> = forwarded.collect();
        for value in values.into_iter().rev() {
            for part in value.rsplit(|byte| *byte == b',') {
                sender = parse(part).ok_or(AddressRefusal::Unreadable)?;
                if !contains(&self.proxies, sender) {
                    return Ok(sender);
                }
            }
        }
        Ok(sender)
    }
}

fn contains(networks: &[IpNet], address: IpAddr) -> bool {
    networks.iter().any(|network| network.contains(&address))
}

/// An address, with or without the port that some proxies add.
fn parse(part: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(part).ok()?.trim_matches([' ', '\t']);
    let address = match text.parse::<IpAddr>() {
        Ok(address) => address,
        Err(_) => text.parse::<SocketAddr>().ok()?.ip(),
    };
    Some(address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn networks(texts: &[&str]) -> Vec<IpNet> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    fn check(peer: &str, forwarded: &[&str]) -> Result<(), AddressRefusal> {
        let senders = [
            "185.71.76.0/27",
            "77.75.153.0/25",
            "77.75.156.11/32",
            "2a02:5180::/32",
        ];
        let proxies = ["10.0.0.0/24", "192.0.2.7/32", "fd00::/64"];
        let proof = AddressProof::new(networks(&senders), networks(&proxies));
        let forwarded = forwarded.iter().map(|value| value.as_bytes());
        proof.check(peer.parse().unwrap(), forwarded)
    }

    const ELSEWHERE: Result<(), AddressRefusal> = Err(AddressRefusal::Elsewhere);
    const UNREADABLE: Result<(), AddressRefusal> = Err(AddressRefusal::Unreadable);

    #[test]
    fn a_network_ends_where_it_ends() {
        for (peer, checked) in [
            ("185.71.75.255", ELSEWHERE),
            ("185.71.76.0", Ok(())),
            ("185.71.76.31", Ok(())),
            ("185.71.76.32", ELSEWHERE),
            ("77.75.153.127", Ok(())),
            ("77.75.153.128", ELSEWHERE),
            ("77.75.156.10", ELSEWHERE),
            ("77.75.156.11", Ok(())),
            ("77.75.156.12", ELSEWHERE),
            ("2a02:5180::1", Ok(())),
            ("2a02:5180:ffff:ffff:ffff:ffff:ffff:ffff", Ok(())),
            ("2a02:5181::", ELSEWHERE),
            ("2a02:517f:ffff:ffff:ffff:ffff:ffff:ffff", ELSEWHERE),
        ] {
            assert_eq!(check(peer, &[]), checked, "{peer}");
        }
    }

    #[test]
    fn ipv4_inside_ipv6_is_ipv4_wherever_it_stands() {
        assert_eq!(check("::ffff:185.71.76.1", &[]), Ok(()));
        assert_eq!(check("::ffff:185.71.76.32", &[]), ELSEWHERE);
        assert_eq!(check("::ffff:10.0.0.1", &["::ffff:185.71.76.1"]), Ok(()));
        // The deprecated form without ffff is another address.
        assert_eq!(check("::185.71.76.1", &[]), ELSEWHERE);
    }

    #[test]
    fn the_header_is_ignored_from_everybody_else() {
        assert_eq!(check("203.0.113.9", &["185.71.76.1"]), ELSEWHERE);
        assert_eq!(check("10.0.1.1", &["185.71.76.1"]), ELSEWHERE);
        assert_eq!(check("185.71.76.1", &["203.0.113.9"]), Ok(()));
        assert_eq!(check("185.71.76.1", &["garbage"]), Ok(()));
    }

    #[test]
    fn what_stands_left_of_the_rightmost_untrusted_address_is_the_clients_invention() {
        for (forwarded, checked) in [
            (&["185.71.76.1"][..], Ok(())),
            (&["185.71.76.1, 203.0.113.9"], ELSEWHERE),
            (&["203.0.113.9, 185.71.76.1"], Ok(())),
            (&["203.0.113.9, 185.71.76.1, 192.0.2.7"], Ok(())),
            (&["185.71.76.1", "203.0.113.9"], ELSEWHERE),
            (&["203.0.113.9", "185.71.76.1"], Ok(())),
            (&["185.71.76.1, 203.0.113.9, 10.0.0.2"], ELSEWHERE),
            (&["185.71.76.1:4711"], Ok(())),
            (&["[2a02:5180::1]:443"], Ok(())),
            (&["10.0.0.5"], ELSEWHERE),
            (&[], ELSEWHERE),
            (&["garbage, 185.71.76.1"], Ok(())),
        ] {
            assert_eq!(check("10.0.0.1", forwarded), checked, "{forwarded:?}");
        }
    }

    #[test]
    fn a_sender_that_is_no_address_does_not_pass() {
        for forwarded in [
            "garbage",
            "",
            "185.71.76.1, unknown",
            "185.71.76.1,",
            "185.71.076.1",
            "185.71.76.1 203.0.113.9",
            "_hidden",
            "185.71.76",
        ] {
            assert_eq!(check("10.0.0.1", &[forwarded]), UNREADABLE, "{forwarded:?}");
        }
        let proof = AddressProof::new(networks(&["185.71.76.0/27"]), networks(&["10.0.0.1/32"]));
        let forwarded = [&b"185.71.76.1\xff"[..]].into_iter();
        let checked = proof.check("10.0.0.1".parse().unwrap(), forwarded);
        assert_eq!(checked, UNREADABLE);
    }

    #[test]
    fn without_networks_nobody_passes() {
        let nobody = AddressProof::new(Vec::new(), Vec::new());
        let peer = "185.71.76.1".parse().unwrap();
        assert_eq!(nobody.check(peer, std::iter::empty()), ELSEWHERE);
    }
}
