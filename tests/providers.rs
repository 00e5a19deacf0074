//! What the provider's adapter makes of everything the provider can do, row by row.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use rei_actors::ports::assets::{MediaCheck, MediaKind};
use rei_actors::ports::provider::{
    Provider, ProviderError, RenderRequest, RenderResult, Submission,
};
use rei_bot::config::{Config, Environment};
use rei_bot::media::Headers;
use rei_bot::providers::NanoBanana;
use rei_domain::ids::JobId;
use rei_domain::spec::{Aspect, ImageLook, Mode, Output};
use rei_sandbox::Sandbox;
use rei_sandbox::gemini::{Fault, FaultKind};
use secrecy::SecretString;

use crate::support::house::{GEMINI_KEY, sandbox};
use crate::support::pictures::png;

/// Gemini on loopback and the adapter in front of it.
struct Bench {
    sandbox: Sandbox,
    provider: NanoBanana,
}

impl Bench {
    async fn set_up(keys: &[(&str, &str)], api_key: &str) -> Bench {
        let sandbox = sandbox().await;
        let folder = std::env::temp_dir();
        let environment = Environment::of(keys.iter().copied());
        let config = Config::demo(&environment, &folder)
            .expect("the keys are right")
            .config;
        let mut settings = config.providers.nano_banana;
        settings.api_url = sandbox.url("gemini");
        settings.api_key = Some(SecretString::from(api_key.to_owned()));
        let provider = NanoBanana::try_new(
            &settings,
            &config.billing.usd_rub,
            Arc::new(Headers),
            tokio::runtime::Handle::current(),
        )
        .expect("the settings are right");
        Bench { sandbox, provider }
    }

    async fn asks(&self) -> Result<RenderResult, ProviderError> {
        self.asks_for(Aspect::Landscape16x9).await
    }

    async fn asks_for(&self, aspect: Aspect) -> Result<RenderResult, ProviderError> {
        self.submits(&words(aspect)).await
    }

    async fn submits(&self, request: &RenderRequest) -> Result<RenderResult, ProviderError> {
        match self.provider.submit(request).await? {
            Submission::Done(result) => Ok(result),
            Submission::Accepted { .. } => panic!("this provider has no jobs"),
        }
    }
}

fn words(aspect: Aspect) -> RenderRequest {
    RenderRequest {
        job: JobId::new("job"),
        attempt: 1,
        mode: Mode::Generate,
        prompt: "a canary of a prompt".to_owned(),
        output: Output::Image(ImageLook {
            aspect,
            ..ImageLook::default()
        }),
        inputs: Vec::new(),
    }
}

/// What the caller does next, without the words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Class {
    Later,
    Refused,
    Broken,
    Lost,
}

fn class(error: &ProviderError) -> Class {
    match error {
        ProviderError::Retryable { .. } => Class::Later,
        ProviderError::Refused { .. } => Class::Refused,
        ProviderError::Broken { .. } => Class::Broken,
        ProviderError::Ambiguous { .. } => Class::Lost,
    }
}

#[tokio::test]
async fn words_become_a_checked_picture_of_the_shape_that_was_asked() {
    let bench = Bench::set_up(&[], GEMINI_KEY).await;
    let result = bench.asks().await.expect("nothing goes wrong");
    assert_eq!((result.media.width, result.media.height), (1376, 768));
    // By the usage: 6 tokens of prompt, 215 of thinking and 1120 of picture are 0.136992 dollars
    // at 85 roubles, rounded up to a kopeck.
    assert_eq!(result.cost.expect("the usage is told").kopecks(), 1_165);
    let call = &bench.sandbox.gemini.calls()[0];
    assert_eq!((call.aspect.as_str(), call.size.as_str()), ("16:9", "1K"));
    bench.sandbox.stop().await;
}

#[tokio::test]
async fn without_a_shape_the_provider_chooses_the_square() {
    let bench = Bench::set_up(&[], GEMINI_KEY).await;
    let result = bench
        .asks_for(Aspect::Auto)
        .await
        .expect("nothing goes wrong");
    assert_eq!((result.media.width, result.media.height), (1024, 1024));
    bench.sandbox.stop().await;
}

#[tokio::test]
async fn photos_go_along_in_their_order_and_the_edit_follows_the_first() {
    let bench = Bench::set_up(&[], GEMINI_KEY).await;
    let photo = |bytes| Headers.picture(Bytes::from(bytes)).expect("a photo");
    let request = RenderRequest {
        mode: Mode::Edit,
        inputs: vec![
            photo(png(200, 10, 10)).into(),
            photo(png(10, 10, 200)).into(),
        ],
        ..words(Aspect::Auto)
    };
    let result = bench.submits(&request).await.expect("nothing goes wrong");
    assert_eq!((result.media.width, result.media.height), (1200, 896));
    assert_eq!(bench.sandbox.gemini.calls()[0].images, 2);
    bench.sandbox.stop().await;
}

#[tokio::test]
async fn the_bytes_say_what_a_picture_is_and_not_the_media_type() {
    let bench = Bench::set_up(&[], GEMINI_KEY).await;
    bench.sandbox.gemini.push_fault(Fault {
        times: 1,
        kind: FaultKind::WrongMime,
    });
    let result = bench.asks().await.expect("the picture is one");
    assert_eq!(result.media.kind, MediaKind::Png);
    bench.sandbox.stop().await;
}

#[tokio::test]
async fn every_fault_says_what_to_do_next() {
    let finish = |reason: &str| FaultKind::Finish {
        reason: reason.to_owned(),
    };
    let blocked = |reason: &str| FaultKind::Blocked {
        reason: reason.to_owned(),
    };
    let status = |status| FaultKind::ServerError { status };
    let rows = [
        (blocked("SAFETY"), Class::Refused),
        (blocked("PROHIBITED_CONTENT"), Class::Refused),
        (blocked("SOMETHING_NEW"), Class::Refused),
        (finish("SAFETY"), Class::Refused),
        (finish("IMAGE_SAFETY"), Class::Refused),
        (finish("PROHIBITED_CONTENT"), Class::Refused),
        (finish("IMAGE_PROHIBITED_CONTENT"), Class::Refused),
        (finish("BLOCKLIST"), Class::Refused),
        (finish("SPII"), Class::Refused),
        (finish("RECITATION"), Class::Refused),
        (finish("IMAGE_RECITATION"), Class::Refused),
        (finish("LANGUAGE"), Class::Refused),
        (finish("ESCALATION"), Class::Refused),
        (finish("STOP"), Class::Later),
        (finish("NO_IMAGE"), Class::Later),
        (finish("IMAGE_OTHER"), Class::Later),
        (finish("OTHER"), Class::Later),
        (finish("MALFORMED_RESPONSE"), Class::Later),
        (finish("MAX_TOKENS"), Class::Later),
        (finish("SOMETHING_NEW"), Class::Later),
        (finish("PUP_LIMITED_DISABLED"), Class::Broken),
        (finish("MISSING_THOUGHT_SIGNATURE"), Class::Broken),
        (finish("CONTINUATION"), Class::Broken),
        (FaultKind::InvalidArgument, Class::Broken),
        (FaultKind::FailedPrecondition, Class::Broken),
        (FaultKind::PermissionDenied, Class::Broken),
        (FaultKind::NotFound, Class::Broken),
        (FaultKind::ApiKeyInvalid, Class::Broken),
        (status(500), Class::Later),
        (status(503), Class::Later),
        (FaultKind::Html { status: 502 }, Class::Later),
        (FaultKind::NoPicture, Class::Later),
        (FaultKind::Empty, Class::Later),
        (FaultKind::OnlyThoughts, Class::Later),
        (status(504), Class::Lost),
        (FaultKind::DropBefore, Class::Lost),
        (FaultKind::DropAfter, Class::Lost),
        (FaultKind::Malformed, Class::Lost),
        (FaultKind::Truncated, Class::Lost),
        (FaultKind::NotAPicture, Class::Lost),
        (FaultKind::OversizedPicture, Class::Lost),
    ];
    let bench = Bench::set_up(&[], GEMINI_KEY).await;
    for (kind, expected) in rows {
        bench.sandbox.gemini.push_fault(Fault {
            times: 1,
            kind: kind.clone(),
        });
        let error = bench.asks().await.expect_err("the fault is not overlooked");
        assert_eq!(class(&error), expected, "{kind:?} became {error:?}");
        let words = format!("{error} {error:?}");
        assert!(
            !words.contains("canary") && !words.contains(GEMINI_KEY),
            "{words}"
        );
    }
    bench.sandbox.stop().await;
}

#[tokio::test]
async fn a_quota_is_waited_for_as_long_as_it_asks() {
    let bench = Bench::set_up(&[], GEMINI_KEY).await;
    for (asked, waited) in [(30, 30), (86_400, 600)] {
        bench.sandbox.gemini.push_fault(Fault {
            times: 1,
            kind: FaultKind::TooManyRequests {
                retry_after: Some(asked),
            },
        });
        match bench.asks().await {
            Err(ProviderError::Retryable { after, .. }) => {
                assert_eq!(after, Some(Duration::from_secs(waited)));
            }
            other => panic!("a quota is no {other:?}"),
        }
    }
    bench.sandbox.stop().await;
}

#[tokio::test]
async fn a_wrong_key_or_a_retired_model_needs_an_operator() {
    let bench = Bench::set_up(&[], "another key").await;
    let error = bench.asks().await.expect_err("the key is wrong");
    assert_eq!(class(&error), Class::Broken);
    bench.sandbox.stop().await;

    let keys = [(
        "REI__PROVIDERS__NANO_BANANA__PRO__MODEL",
        "gemini-3-pro-image-preview",
    )];
    let bench = Bench::set_up(&keys, GEMINI_KEY).await;
    let retired = bench.asks().await.expect_err("the model is retired");
    assert_eq!(class(&retired), Class::Broken);
    bench.sandbox.stop().await;
}

#[tokio::test]
async fn a_provider_that_cannot_be_reached_was_not_asked() {
    let bench = Bench::set_up(&[], GEMINI_KEY).await;
    let Bench { sandbox, provider } = bench;
    sandbox.stop().await;
    let error = provider
        .submit(&words(Aspect::Auto))
        .await
        .expect_err("nobody listens");
    assert_eq!(class(&error), Class::Later);
}

#[tokio::test]
async fn an_answer_above_the_limit_is_cut_off() {
    let keys = [("REI__PROVIDERS__NANO_BANANA__RESPONSE_BYTES_MAX", "1024")];
    let bench = Bench::set_up(&keys, GEMINI_KEY).await;
    let error = bench.asks().await.expect_err("the picture is larger");
    assert_eq!(class(&error), Class::Lost);
    bench.sandbox.stop().await;
}

#[tokio::test]
async fn an_answer_without_an_end_is_cut_off() {
    let keys = [("REI__PROVIDERS__NANO_BANANA__RESPONSE_BYTES_MAX", "1000000")];
    let bench = Bench::set_up(&keys, GEMINI_KEY).await;
    bench.sandbox.gemini.push_fault(Fault {
        times: 1,
        kind: FaultKind::Endless,
    });
    let error = bench.asks().await.expect_err("it never ends");
    assert_eq!(class(&error), Class::Lost);
    bench.sandbox.stop().await;
}

#[tokio::test]
async fn a_call_without_an_answer_is_given_up_and_counts_as_lost() {
    let keys = [("REI__PROVIDERS__NANO_BANANA__TIMEOUT_SECS", "1")];
    let bench = Bench::set_up(&keys, GEMINI_KEY).await;
    bench.sandbox.gemini.push_fault(Fault {
        times: 1,
        kind: FaultKind::Hang,
    });
    let error = bench.asks().await.expect_err("nobody answers");
    assert_eq!(class(&error), Class::Lost);
    bench.sandbox.stop().await;
}
