use super::*;
use crate::loopback::{Loopback, Reply};

fn downloads(addresses: Addresses) -> Downloads {
    let settings = config::Downloads {
        addresses,
        timeout: Duration::from_secs(10),
    };
    Downloads::try_new(&settings, Handle::current()).unwrap()
}

async fn refused(address: &str) {
    let fetched = downloads(Addresses::Public).fetch(address, 1_000).await;
    assert_eq!(fetched, Err(DownloadError::Forbidden), "{address}");
}

#[tokio::test]
async fn only_public_addresses_over_https_are_connected_to() {
    for address in [
        "",
        "not an address",
        "file:///etc/passwd",
        "ftp://example.org/a",
        "http://example.org/a",
        "https://127.0.0.1/a",
        "https://127.1/a",
        "https://2130706433/a",
        "https://0x7f000001/a",
        "https://0.0.0.0/a",
        "https://10.1.2.3/a",
        "https://172.16.0.1/a",
        "https://192.168.1.1/a",
        "https://100.64.0.1/a",
        "https://169.254.169.254/latest/meta-data",
        "https://198.18.0.1/a",
        "https://224.0.0.1/a",
        "https://255.255.255.255/a",
        "https://[::1]/a",
        "https://[::]/a",
        "https://[::ffff:127.0.0.1]/a",
        "https://[64:ff9b::7f00:1]/a",
        "https://[2002:7f00:1::1]/a",
        "https://[fd00:ec2::254]/a",
        "https://[fe80::1]/a",
        "https://localhost/a",
    ] {
        refused(address).await;
    }
}

#[test]
fn the_public_internet_is_public() {
    for ip in ["1.1.1.1", "8.8.8.8", "2606:4700:4700::1111", "2a00:1450::1"] {
        assert!(is_public(ip.parse().unwrap()), "{ip}");
    }
}

#[tokio::test]
async fn a_file_is_fetched_through_a_redirect() {
    let target = Loopback::start([Reply::raw(200, b"clip".to_vec())]).await;
    let moved = Reply::Http {
        status: 302,
        headers: format!("location: {}/clip.mp4\r\n", target.address()),
        body: Vec::new(),
    };
    let gateway = Loopback::start([moved]).await;
    let fetched = downloads(Addresses::Any)
        .fetch(&format!("{}/a", gateway.address()), 1_000)
        .await;
    assert_eq!(fetched.unwrap(), Bytes::from_static(b"clip"));
}

#[tokio::test]
async fn redirects_without_an_end_are_given_up() {
    let circle = Reply::Http {
        status: 302,
        headers: "location: /again\r\n".to_owned(),
        body: Vec::new(),
    };
    let server = Loopback::start(vec![circle; REDIRECTS_MAX + 2]).await;
    let fetched = downloads(Addresses::Any)
        .fetch(&format!("{}/a", server.address()), 1_000)
        .await;
    assert_eq!(fetched, Err(DownloadError::Forbidden));
}

#[tokio::test]
async fn size_is_limited_whether_it_is_announced_or_not() {
    let announced = Reply::raw(200, vec![0; 2_000]);
    let unmeasured = Reply::Unmeasured {
        body: vec![0; 2_000],
    };
    for reply in [announced, unmeasured] {
        let server = Loopback::start([reply]).await;
        let fetched = downloads(Addresses::Any)
            .fetch(&format!("{}/a", server.address()), 1_000)
            .await;
        assert_eq!(fetched, Err(DownloadError::TooLarge));
    }
}

#[tokio::test]
async fn what_is_gone_is_told_from_what_may_come_back() {
    for (reply, error) in [
        (Reply::raw(404, ""), DownloadError::Gone),
        (Reply::raw(403, ""), DownloadError::Gone),
        (Reply::raw(503, ""), DownloadError::Failed),
        (Reply::HangUp, DownloadError::Failed),
        (
            Reply::CutOff {
                status: 200,
                body: b"cl".to_vec(),
            },
            DownloadError::Failed,
        ),
    ] {
        let server = Loopback::start([reply]).await;
        let fetched = downloads(Addresses::Any)
            .fetch(&format!("{}/a", server.address()), 1_000)
            .await;
        assert_eq!(fetched, Err(error));
    }
}
