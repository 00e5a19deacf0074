//! A thousand forged notices, each by a name: none of them changes anything.

use super::*;

/// The notification that every forgery wants to be taken for.
fn paid(n: usize) -> String {
    body("payment.succeeded", &format!("forged-{n}"))
}

fn forged(n: usize) -> Delivery {
    Delivery::signed(KEY, &format!("forged_{n}"), paid(n))
}

/// Rightly signed and sent, with a body that is none.
fn proven(n: usize, body: impl Into<Vec<u8>>) -> Delivery {
    Delivery::signed(KEY, &format!("forged_{n}"), body)
}

fn number(n: usize) -> i64 {
    i64::try_from(n).unwrap()
}

/// The signature with one character of it changed.
fn bent(n: usize) -> Vec<u8> {
    let mut signature = sign(KEY, &format!("forged_{n}"), NOW, paid(n).as_bytes()).into_bytes();
    let place = 3 + n % 42;
    signature[place] = if signature[place] == b'A' { b'B' } else { b'A' };
    signature
}

/// Its name, the answer, how it is counted, and how it is made.
struct Way {
    name: &'static str,
    status: u16,
    counted: &'static str,
    forge: fn(usize) -> Delivery,
}

const fn way(
    name: &'static str,
    status: u16,
    counted: &'static str,
    forge: fn(usize) -> Delivery,
) -> Way {
    Way {
        name,
        status,
        counted,
        forge,
    }
}

const WAYS: &[Way] = &[
    // Who sent it.
    way("from any address", 401, "address_elsewhere", |n| {
        forged(n).from("203.0.113.9")
    }),
    way(
        "from the address before a range",
        401,
        "address_elsewhere",
        |n| forged(n).with("x-forwarded-for", "185.71.75.255"),
    ),
    way(
        "from the address after a range",
        401,
        "address_elsewhere",
        |n| forged(n).with("x-forwarded-for", "185.71.76.32"),
    ),
    way(
        "from the neighbour of a single address",
        401,
        "address_elsewhere",
        |n| forged(n).with("x-forwarded-for", "77.75.156.12"),
    ),
    way(
        "from the address after an IPv6 range",
        401,
        "address_elsewhere",
        |n| forged(n).with("x-forwarded-for", "2a02:5181::1"),
    ),
    way(
        "from an IPv4 address outside, written as IPv6",
        401,
        "address_elsewhere",
        |n| forged(n).from("::ffff:203.0.113.9"),
    ),
    way("from loopback", 401, "address_elsewhere", |n| {
        forged(n).from("127.0.0.1")
    }),
    way(
        "spoofed X-Forwarded-For without a proxy",
        401,
        "address_elsewhere",
        |n| forged(n).from("198.51.100.7"),
    ),
    way(
        "spoofed X-Forwarded-For through the proxy",
        401,
        "address_elsewhere",
        |n| forged(n).with("x-forwarded-for", "185.71.76.5, 203.0.113.9"),
    ),
    way(
        "a second X-Forwarded-For before the proxy's",
        401,
        "address_elsewhere",
        |n| forged(n).and("x-forwarded-for", "203.0.113.9"),
    ),
    way(
        "the proxy's own address spoofed behind it",
        401,
        "address_elsewhere",
        |n| forged(n).with("x-forwarded-for", "185.71.76.5, 203.0.113.9, 10.0.0.1"),
    ),
    way(
        "the proxy itself, without a sender",
        401,
        "address_elsewhere",
        |n| forged(n).without("x-forwarded-for"),
    ),
    way(
        "other headers that name an address",
        401,
        "address_elsewhere",
        |n| {
            forged(n)
                .without("x-forwarded-for")
                .and("x-real-ip", LISTED)
                .and("forwarded", "for=185.71.76.5")
                .and("true-client-ip", LISTED)
        },
    ),
    way(
        "a sender that is no address",
        401,
        "address_unreadable",
        |n| forged(n).with("x-forwarded-for", "185.71.76.5, unknown"),
    ),
    way(
        "a sender with leading zeros",
        401,
        "address_unreadable",
        |n| forged(n).with("x-forwarded-for", "185.071.76.5"),
    ),
    way(
        "a sender with bytes that are no text",
        401,
        "address_unreadable",
        |n| forged(n).with("x-forwarded-for", &b"185.71.76.5\xff"[..]),
    ),
    // Who signed it.
    way("no signature at all", 401, "signature_missing", |n| {
        Delivery::listed(paid(n))
    }),
    way("no id", 401, "signature_missing", |n| {
        forged(n).without(ID_HEADER)
    }),
    way("no timestamp", 401, "signature_missing", |n| {
        forged(n).without(TIMESTAMP_HEADER)
    }),
    way("no signature header", 401, "signature_missing", |n| {
        forged(n).without(SIGNATURE_HEADER)
    }),
    way("headers of another scheme", 401, "signature_missing", |n| {
        Delivery::listed(paid(n))
            .and("x-yookassa-signature", "sha256=00")
            .and("signature", "v1 0a1b2c3d 1 MGUCMQ==")
    }),
    way("an empty signature", 401, "signature_wrong", |n| {
        forged(n).with(SIGNATURE_HEADER, "")
    }),
    way(
        "a signature with one character changed",
        401,
        "signature_wrong",
        |n| forged(n).with(SIGNATURE_HEADER, bent(n)),
    ),
    way("another secret", 401, "signature_wrong", |n| {
        Delivery::signed(FOREIGN_KEY, &format!("forged_{n}"), paid(n))
    }),
    way(
        "a right digest under another version",
        401,
        "signature_wrong",
        |n| {
            let right = sign(KEY, &format!("forged_{n}"), NOW, paid(n).as_bytes());
            forged(n).with(SIGNATURE_HEADER, right.replace("v1,", "v2,"))
        },
    ),
    way(
        "a right digest without a version",
        401,
        "signature_wrong",
        |n| {
            let right = sign(KEY, &format!("forged_{n}"), NOW, paid(n).as_bytes());
            forged(n).with(SIGNATURE_HEADER, right.replace("v1,", ""))
        },
    ),
    way("a right digest cut short", 401, "signature_wrong", |n| {
        let right = sign(KEY, &format!("forged_{n}"), NOW, paid(n).as_bytes());
        forged(n).with(SIGNATURE_HEADER, &right.as_bytes()[..3 + n % 40])
    }),
    way(
        "the signature of the body alone",
        401,
        "signature_wrong",
        |n| forged(n).with(SIGNATURE_HEADER, sign(KEY, "", NOW, paid(n).as_bytes())),
    ),
    way(
        "another body under a right signature",
        401,
        "signature_wrong",
        |n| {
            let mut delivery = forged(n);
            delivery.body = paid(n + 1_000_000).into_bytes();
            delivery
        },
    ),
    way("a body re-serialised", 401, "signature_wrong", |n| {
        let mut delivery = forged(n);
        let value: serde_json::Value = serde_json::from_slice(&delivery.body).unwrap();
        delivery.body = serde_json::to_vec_pretty(&value).unwrap();
        delivery
    }),
    way("a space after a signed body", 401, "signature_wrong", |n| {
        let mut delivery = forged(n);
        delivery.body.push(b' ');
        delivery
    }),
    way(
        "another id under a right signature",
        401,
        "signature_wrong",
        |n| forged(n).with(ID_HEADER, format!("forged_{}", n + 1_000_000)),
    ),
    way(
        "a newer timestamp under a right signature",
        401,
        "signature_wrong",
        |n| forged(n).with(TIMESTAMP_HEADER, (NOW + 1 + number(n % 200)).to_string()),
    ),
    way(
        "a timestamp with leading zeros",
        401,
        "signature_wrong",
        |n| forged(n).with(TIMESTAMP_HEADER, format!("00{NOW}")),
    ),
    way("stale by a second", 401, "signature_stale", |n| {
        Delivery::signed_at(KEY, &format!("forged_{n}"), NOW - 301, paid(n))
    }),
    way("years stale", 401, "signature_stale", |n| {
        let at = NOW - 31_536_000 * (1 + number(n % 5));
        Delivery::signed_at(KEY, &format!("forged_{n}"), at, paid(n))
    }),
    way("from the future", 401, "signature_future", |n| {
        let at = NOW + 301 + number(n);
        Delivery::signed_at(KEY, &format!("forged_{n}"), at, paid(n))
    }),
    way(
        "a timestamp in milliseconds",
        401,
        "signature_malformed",
        |n| Delivery::signed_at(KEY, &format!("forged_{n}"), NOW * 1_000, paid(n)),
    ),
    way("a negative timestamp", 401, "signature_malformed", |n| {
        Delivery::signed_at(KEY, &format!("forged_{n}"), -NOW, paid(n))
    }),
    way("a timestamp in words", 401, "signature_malformed", |n| {
        forged(n).with(TIMESTAMP_HEADER, "2023-11-14T22:13:20Z")
    }),
    way("an id with a dot", 401, "signature_malformed", |n| {
        Delivery::signed(KEY, &format!("forged.{n}"), paid(n))
    }),
    way("an empty id", 401, "signature_malformed", |n| {
        Delivery::signed(KEY, "", paid(n))
    }),
    way(
        "an id that is far too long",
        401,
        "signature_malformed",
        |n| Delivery::signed(KEY, &"x".repeat(129 + n % 50), paid(n)),
    ),
    way("two ids", 401, "signature_malformed", |n| {
        forged(n).and(ID_HEADER, "another")
    }),
    way("two timestamps", 401, "signature_malformed", |n| {
        forged(n).and(TIMESTAMP_HEADER, NOW.to_string())
    }),
    way("two signature headers", 401, "signature_malformed", |n| {
        forged(n).and(SIGNATURE_HEADER, "v1,AAAA")
    }),
    way(
        "an id with bytes that are no text",
        401,
        "signature_malformed",
        |n| forged(n).with(ID_HEADER, &b"forged\xff"[..]),
    ),
    // What it says, once it is proven: a relay or a shop gone mad.
    way("larger than the limit", 413, "too_large", |n| {
        proven(n, vec![b' '; 64 * 1024 + 1 + n])
    }),
    way("empty", 400, "not_json", |n| proven(n, "")),
    way("no JSON", 400, "not_json", |n| {
        proven(n, format!("payment={n}"))
    }),
    way("JSON cut short", 400, "not_json", |n| {
        let text = paid(n);
        proven(n, &text[..text.len() - 1 - n % 20])
    }),
    way("two JSON texts", 400, "not_json", |n| {
        proven(n, format!("{}{}", paid(n), paid(n)))
    }),
    way("JSON nested without end", 400, "not_json", |n| {
        proven(
            n,
            format!("{{\"object\":{{\"deep\":{}", "[".repeat(2_000 + n)),
        )
    }),
    way("invalid UTF-8 where nobody looks", 400, "not_utf8", |n| {
        let mut text = paid(n).into_bytes();
        let at = text.windows(6).position(|word| word == b"canary").unwrap();
        text[at + n % 6] = 0xff;
        proven(n, text)
    }),
    way("UTF-16", 400, "not_utf8", |n| {
        let units = paid(n);
        let units = units.encode_utf16().flat_map(u16::to_le_bytes);
        proven(
            n,
            [0xff, 0xfe].into_iter().chain(units).collect::<Vec<u8>>(),
        )
    }),
    way("a byte order mark", 400, "not_json", |n| {
        proven(n, format!("\u{feff}{}", paid(n)))
    }),
    way("a duplicate event", 400, "not_a_notification", |n| {
        proven(
            n,
            paid(n).replacen('{', "{\"event\":\"payment.canceled\",", 1),
        )
    }),
    way("a duplicate object", 400, "not_a_notification", |n| {
        proven(n, paid(n).replacen('{', "{\"object\":{\"id\":\"p\"},", 1))
    }),
    way("a duplicate id", 400, "not_a_notification", |n| {
        proven(n, paid(n).replacen("\"id\"", "\"id\":\"p\",\"id\"", 1))
    }),
    way("an escaped duplicate key", 400, "not_a_notification", |n| {
        proven(
            n,
            paid(n).replacen('{', "{\"ev\\u0065nt\":\"payment.canceled\",", 1),
        )
    }),
    way("another type", 400, "not_a_notification", |n| {
        proven(
            n,
            paid(n).replacen("\"notification\"", "\"Notification\"", 1),
        )
    }),
    way("no type", 400, "not_a_notification", |n| {
        proven(n, paid(n).replacen("\"type\"", "\"kind\"", 1))
    }),
    way(
        "an event that is a number",
        400,
        "not_a_notification",
        |n| {
            proven(
                n,
                paid(n).replacen("\"payment.succeeded\"", &n.to_string(), 1),
            )
        },
    ),
    way("an id that is a number", 400, "not_a_notification", |n| {
        proven(
            n,
            paid(n).replacen(&format!("\"forged-{n}\""), &n.to_string(), 1),
        )
    }),
    way("an object that is a text", 400, "not_a_notification", |n| {
        proven(
            n,
            format!("{{\"type\":\"notification\",\"event\":\"a.b\",\"object\":\"{n}\"}}"),
        )
    }),
    way("an object that is null", 400, "not_a_notification", |n| {
        proven(
            n,
            format!("{{\"n\":{n},\"type\":\"notification\",\"event\":\"a.b\",\"object\":null}}"),
        )
    }),
    way("a list of notifications", 400, "not_a_notification", |n| {
        proven(n, format!("[{},{}]", paid(n), paid(n)))
    }),
    way(
        "a list in a notification's place",
        400,
        "not_a_notification",
        |n| {
            proven(
                n,
                format!("[\"notification\",\"payment.succeeded\",{{\"id\":\"p{n}\"}}]"),
            )
        },
    ),
    way(
        "a list in an object's place",
        400,
        "not_a_notification",
        |n| {
            proven(
                n,
                format!("{{\"type\":\"notification\",\"event\":\"a.b\",\"object\":[\"p{n}\"]}}"),
            )
        },
    ),
    way("a bare text", 400, "not_a_notification", |n| {
        proven(n, format!("\"payment.succeeded {n}\""))
    }),
    way("an event in capitals", 400, "event_malformed", |n| {
        proven(n, body("PAYMENT.SUCCEEDED", &format!("forged-{n}")))
    }),
    way("an event with a space", 400, "event_malformed", |n| {
        proven(n, body("payment.succeeded ", &format!("forged-{n}")))
    }),
    way(
        "an event without an object's kind",
        400,
        "event_malformed",
        |n| proven(n, body(".succeeded", &format!("forged-{n}"))),
    ),
    way(
        "an event that is far too long",
        400,
        "event_malformed",
        |n| proven(n, body(&format!("payment.{}", "s".repeat(60 + n)), "p")),
    ),
    way(
        "an event with look-alike letters",
        400,
        "event_malformed",
        |n| proven(n, body("рayment.succeeded", &format!("forged-{n}"))),
    ),
    way("an empty object id", 400, "object_malformed", |n| {
        proven(n, body("payment.succeeded", &" ".repeat(n % 3)))
    }),
    way(
        "an object id that climbs out of its path",
        400,
        "object_malformed",
        |n| proven(n, body("payment.succeeded", &format!("../refunds/{n}"))),
    ),
    way("an object id with a query", 400, "object_malformed", |n| {
        proven(n, body("payment.succeeded", &format!("p{n}?test=true")))
    }),
    way("an object id that is SQL", 400, "object_malformed", |n| {
        proven(
            n,
            body(
                "payment.succeeded",
                &format!("p{n}'; DROP TABLE notices; --"),
            ),
        )
    }),
    way("an object id with U+0000", 400, "object_malformed", |n| {
        proven(n, body("payment.succeeded", &format!("p{n}\\u0000")))
    }),
    way(
        "an object id that is far too long",
        400,
        "object_malformed",
        |n| proven(n, body("payment.succeeded", &"p".repeat(65 + n))),
    ),
    // What was said before.
    way("a whole delivery replayed", 200, "duplicate", |_| genuine()),
    way("a replayed id, signed anew", 200, "duplicate", |n| {
        let at = NOW - 1 - number(n % 300);
        Delivery::signed_at(KEY, "genuine", at, genuine().body)
    }),
    way("a replayed id for another payment", 409, "id_reused", |n| {
        Delivery::signed(KEY, "genuine", paid(n))
    }),
    way("a replayed id for another event", 409, "id_reused", |_| {
        Delivery::signed(KEY, "genuine", body("payment.canceled", "real"))
    }),
];

fn genuine() -> Delivery {
    Delivery::signed(KEY, "genuine", body("payment.succeeded", "real"))
}

#[test]
fn a_thousand_forged_notices_change_nothing_and_are_counted_by_reason() {
    const FORGERIES: usize = 1_000;
    for_both(async |db| {
        let notices = moody(&db);
        let house = house(proofs(), notices.clone());
        assert_eq!(house.receives(&genuine()).await.status, StatusCode::OK);
        let before = rows(notices.as_ref()).await;
        assert_eq!(before.len(), 1);

        let log = Log::default();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(tracing::Level::TRACE)
            .with_ansi(false)
            .with_writer(log.clone())
            .finish();
        let guard = tracing::subscriber::set_default(subscriber);
        let mut expected = BTreeMap::from([("stored none".to_owned(), 1)]);
        let mut rejected = 0;
        for n in 0..FORGERIES {
            let way = &WAYS[n % WAYS.len()];
            let answer = house.receives(&(way.forge)(n)).await;
            assert_eq!(answer.status.as_u16(), way.status, "{} ({n})", way.name);
            assert!(!answer.body.contains("canary"), "{}", way.name);
            let counted = if way.status == 200 {
                format!("{} none", way.counted)
            } else {
                answer.assert_problem(way.status);
                rejected += 1;
                format!("rejected {}", way.counted)
            };
            *expected.entry(counted).or_default() += 1;
        }
        drop(guard);
        assert_eq!(rows(notices.as_ref()).await, before);
        assert_eq!(house.counted().await, expected);

        let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
        let lines = text.matches("a payment notice was rejected").count();
        assert_eq!(lines, rejected);
        assert!(!text.contains("canary"), "a body is in the log");
    });
}

#[test]
fn every_reason_is_forged_by_name_or_has_a_test_of_its_own() {
    use super::super::super::yookassa::Rejection;
    // These need a connection that breaks off, or none.
    let elsewhere = [Rejection::Unread, Rejection::AddressUnknown];
    for rejection in Rejection::ALL {
        let forged = WAYS.iter().any(|way| way.counted == rejection.label());
        assert!(
            forged || elsewhere.contains(&rejection),
            "{}",
            rejection.label()
        );
    }
    let mut names: Vec<&str> = WAYS.iter().map(|way| way.name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), WAYS.len(), "a way has no name of its own");
}

#[test]
fn a_connection_without_an_address_is_nobody() {
    for_both(async |db| {
        let notices = moody(&db);
        let house = house(proofs(), notices.clone());
        let delivery = forged(1);
        let mut request = TestRequest::post().uri(PATH);
        for (name, value) in &delivery.headers {
            let value = actix_web::http::header::HeaderValue::from_bytes(value).unwrap();
            request = request.append_header((*name, value));
        }
        let answer = house.call(request.set_payload(delivery.body)).await;
        answer.assert_problem(401);
        assert_eq!(house.counted().await["rejected address_unknown"], 1);
        assert_eq!(rows(notices.as_ref()).await, []);
    });
}
