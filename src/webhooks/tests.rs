//! The published vectors, and every way to miss them.

use proptest::prelude::*;

use super::*;

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const OTHER: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
const ID: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
const AT: &str = "1614265330";
const BODY: &[u8] = br#"{"test": 2432232314}"#;
const SIGNATURE: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

fn secret(text: &str) -> Secret {
    Secret::parse(&text.into()).unwrap()
}

fn verifier(secrets: &[&str]) -> Verifier {
    let secrets = secrets.iter().map(|text| secret(text)).collect();
    Verifier::new(secrets, Span::from_secs(300))
}

fn claim<'a>(id: &'a str, at: &'a str, signatures: &'a str) -> Result<Claim<'a>, Forgery> {
    Claim::read(Header::Once(id), Header::Once(at), Header::Once(signatures))
}

/// The whole check, at the second of the timestamp of the first vector.
fn check(id: &str, at: &str, signatures: &str, body: &[u8]) -> Result<(), Forgery> {
    let verifier = verifier(&[SECRET]);
    let claim = claim(id, at, signatures)?;
    verifier.check_time(&claim, Moment(1_614_265_330_000_000))?;
    verifier.check_signature(&claim, body)
}

#[test]
fn the_published_vectors_are_signed_and_verified() {
    let cyrillic = r#"{"type":"notification","event":"payment.succeeded","object":{"id":"22d6d597-000f-5000-9000-145f6df21d6f","status":"succeeded","description":"Пополнение"}}"#;
    for (key, id, at, body, signature) in [
        (
            SECRET,
            ID,
            1_614_265_330,
            r#"{"test": 2432232314}"#,
            SIGNATURE,
        ),
        (
            OTHER,
            "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk",
            1_649_367_553,
            r#"{"email":"test@example.com","username":"test_user"}"#,
            "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=",
        ),
        (
            SECRET,
            "evt_1",
            1_700_000_000,
            cyrillic,
            "v1,TRcH6FeB/bqrlZbwqRHeMuB5Lmb8J3V2AFJGhuXldjM=",
        ),
    ] {
        assert_eq!(secret(key).sign(id, at, body.as_bytes()), signature);
        let at = at.to_string();
        let claim = claim(id, &at, signature).unwrap();
        let verifier = verifier(&[key]);
        assert_eq!(verifier.check_signature(&claim, body.as_bytes()), Ok(()));
    }
}

#[test]
fn unknown_versions_and_wrong_signatures_beside_a_right_one_are_skipped() {
    let header = format!("v1a,zzzz v1,AAAA {SIGNATURE}");
    assert_eq!(check(ID, AT, &header, BODY), Ok(()));
}

#[test]
fn a_change_of_one_byte_anywhere_is_refused() {
    let digest = SIGNATURE.strip_prefix("v1,").unwrap();
    let url_safe = SIGNATURE.replace('+', "-").replace('/', "_");
    let unpadded = SIGNATURE.trim_end_matches('=');
    for (what, id, at, signatures, body) in [
        ("body", ID, AT, SIGNATURE, &br#"{"test": 2432232315}"#[..]),
        ("body cut", ID, AT, SIGNATURE, &BODY[..BODY.len() - 1]),
        ("empty body", ID, AT, SIGNATURE, b""),
        ("id", "msg_p5jXN8AQM9LWM0D4loKWxJel", AT, SIGNATURE, BODY),
        ("timestamp", ID, "1614265331", SIGNATURE, BODY),
        ("other version", ID, AT, &format!("v2,{digest}"), BODY),
        ("no version", ID, AT, digest, BODY),
        ("url-safe alphabet", ID, AT, &url_safe, BODY),
        ("no padding", ID, AT, unpadded, BODY),
        ("empty digest", ID, AT, "v1,", BODY),
        ("empty header", ID, AT, "", BODY),
        ("short digest", ID, AT, "v1,g0hM9SsE", BODY),
        (
            "comma instead of space",
            ID,
            AT,
            &format!("v1,AAAA,{SIGNATURE}"),
            BODY,
        ),
    ] {
        let checked = check(id, at, signatures, body);
        assert_eq!(checked, Err(Forgery::SignatureWrong), "{what}");
    }
}

#[test]
fn a_header_that_has_not_its_form_is_refused_before_anything_is_computed() {
    let long = "x".repeat(129);
    for (id, at) in [
        ("", AT),
        ("msg.1", AT),
        ("msg 1", AT),
        ("сообщение", AT),
        (long.as_str(), AT),
        (ID, ""),
        (ID, "+1614265330"),
        (ID, "-1"),
        (ID, "1614265330.0"),
        (ID, "soon"),
        (ID, "1 "),
        (ID, "1614265330000"),
        (ID, "99999999999999999999"),
    ] {
        let read = claim(id, at, SIGNATURE);
        assert_eq!(read, Err(Forgery::HeaderMalformed), "{id:?} {at:?}");
    }
    let there = Header::Once(AT);
    for (header, forgery) in [
        (Header::Missing, Forgery::HeaderMissing),
        (Header::Malformed, Forgery::HeaderMalformed),
    ] {
        assert_eq!(Claim::read(header, there, there), Err(forgery));
        assert_eq!(Claim::read(there, header, there), Err(forgery));
        assert_eq!(Claim::read(there, there, header), Err(forgery));
    }
}

#[test]
fn a_timestamp_is_good_for_exactly_its_tolerance() {
    let verifier = verifier(&[SECRET]);
    let claim = claim(ID, AT, SIGNATURE).unwrap();
    for (seconds, checked) in [
        (0, Ok(())),
        (300, Ok(())),
        (301, Err(Forgery::Stale)),
        (-300, Ok(())),
        (-301, Err(Forgery::Future)),
    ] {
        let now = Moment(1_614_265_330_999_999 + seconds * 1_000_000);
        assert_eq!(verifier.check_time(&claim, now), checked, "{seconds}");
    }
    for now in [Moment(i64::MIN), Moment(i64::MAX)] {
        assert!(verifier.check_time(&claim, now).is_err());
    }
}

#[test]
fn both_secrets_are_valid_during_a_rotation_and_no_other() {
    let third = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    let sign = |text: &str| secret(text).sign(ID, 1_614_265_330, BODY);
    let both = verifier(&[OTHER, SECRET]);
    for (header, checked) in [
        (sign(SECRET), Ok(())),
        (sign(OTHER), Ok(())),
        (format!("{} {}", sign(third), sign(OTHER)), Ok(())),
        (sign(third), Err(Forgery::SignatureWrong)),
    ] {
        let claim = claim(ID, AT, &header).unwrap();
        assert_eq!(both.check_signature(&claim, BODY), checked);
    }
    let header = sign(SECRET);
    let claim = claim(ID, AT, &header).unwrap();
    let later = verifier(&[OTHER]);
    let refused = Err(Forgery::SignatureWrong);
    assert_eq!(later.check_signature(&claim, BODY), refused);
    assert_eq!(verifier(&[]).check_signature(&claim, BODY), refused);
}

#[test]
fn a_text_that_is_no_secret_is_refused() {
    for text in [
        "",
        "whsec_",
        "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "whsk_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "whsec_c2hvcnQ=",
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw!",
        "whsec_C2FVsBQIhrscChlQIMV-b5sSYspob7oD",
        &format!("whsec_{}", STANDARD.encode([7; 65])),
        &format!("whsec_{}", STANDARD.encode([7; 23])),
    ] {
        assert!(Secret::parse(&text.into()).is_err(), "{text}");
    }
    for bytes in [24, 64] {
        let text = format!("whsec_{}", STANDARD.encode(vec![7; bytes]));
        assert!(Secret::parse(&text.into()).is_ok());
    }
}

#[test]
fn a_signature_past_the_limit_is_not_looked_at() {
    let header = format!("{}{SIGNATURE}", "v1,AAAA ".repeat(SIGNATURES_MAX));
    let refused = Err(Forgery::SignatureWrong);
    assert_eq!(check(ID, AT, &header, BODY), refused);
}

proptest! {
    #[test]
    fn what_is_signed_is_verified_and_nothing_else(
        key in prop::collection::vec(any::<u8>(), 24..=64),
        id in "[!-\\-/-~]{1,128}",
        at in 0..=999_999_999_999_i64,
        body in prop::collection::vec(any::<u8>(), 0..200),
        at_byte in any::<prop::sample::Index>(),
    ) {
        let text = format!("whsec_{}", STANDARD.encode(&key));
        let header = secret(&text).sign(&id, at, &body);
        let at = at.to_string();
        let claim = claim(&id, &at, &header).unwrap();
        let verifier = verifier(&[&text]);
        prop_assert_eq!(verifier.check_signature(&claim, &body), Ok(()));
        let mut changed = body.clone();
        changed.push(0);
        let place = at_byte.index(changed.len());
        changed[place] ^= 1;
        prop_assert!(verifier.check_signature(&claim, &changed).is_err());
    }

    #[test]
    fn no_header_makes_it_panic(id in "\\PC{0,40}", at in "\\PC{0,20}", header in "\\PC{0,200}") {
        let _ = check(&id, &at, &header, BODY);
    }
}
