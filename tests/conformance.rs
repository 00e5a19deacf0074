//! What the adapter of every provider keeps to, whatever its API is like: the sandbox misbehaves
//! in each way there is, and the class of the error must be true.

use std::sync::Arc;

use rei_actors::ports::provider::{
    Lookup, Provider, ProviderError, ProviderProgress, RenderRequest, RenderResult, Submission,
};
use rei_bot::config::{Addresses, Config, Environment};
use rei_bot::media::Headers;
use rei_bot::providers::download::Downloads;
use rei_bot::providers::{Fal, Kling, NanoBanana};
use rei_domain::ids::{JobId, ModelId};
use rei_domain::spec::{Aspect, ClipUse, ImageLook, Kind, Mode, Output, Quality, Sound, VideoLook};
use rei_sandbox::kling::Status;
use rei_sandbox::{Sandbox, fal, gemini, kling};
use secrecy::SecretString;

use crate::support::house::{GEMINI_KEY, sandbox};

/// A provider and what it is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Backend {
    NanoBanana,
    Kling,
    FalPictures,
    FalVideos,
}

const BACKENDS: [Backend; 4] = [
    Backend::NanoBanana,
    Backend::Kling,
    Backend::FalPictures,
    Backend::FalVideos,
];

/// What goes wrong with the submit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trouble {
    Slow,
    Refusal,
    TooManyRequests,
    ServerError,
    NoMoney,
    Malformed,
    Endless,
    DropBefore,
    DropAfter,
    Hang,
}

const TROUBLES: [Trouble; 10] = [
    Trouble::Slow,
    Trouble::Refusal,
    Trouble::TooManyRequests,
    Trouble::ServerError,
    Trouble::NoMoney,
    Trouble::Malformed,
    Trouble::Endless,
    Trouble::DropBefore,
    Trouble::DropAfter,
    Trouble::Hang,
];

/// Longer than any work of the sandbox takes.
const HOUR: std::time::Duration = std::time::Duration::from_secs(3_600);

struct Stage {
    backend: Backend,
    sandbox: Sandbox,
    provider: Arc<dyn Provider>,
    fal_balance: u64,
}

impl Stage {
    async fn set(backend: Backend) -> Stage {
        let sandbox = sandbox().await;
        let keys = [
            ("REI__PROVIDERS__NANO_BANANA__TIMEOUT_SECS", "1"),
            ("REI__PROVIDERS__KLING__TIMEOUT_SECS", "1"),
            ("REI__PROVIDERS__FAL__TIMEOUT_SECS", "1"),
        ];
        let config = Config::demo(&Environment::of(keys), &std::env::temp_dir());
        let config = config.expect("the keys are right").config;
        let provider = provider(backend, &sandbox, &config);
        let fal_balance = sandbox.fal.account().balance_micros;
        Stage {
            backend,
            sandbox,
            provider,
            fal_balance,
        }
    }

    /// Lets the next submit go wrong; `false` where a provider cannot fail so.
    fn trouble(&self, trouble: Trouble) -> bool {
        match self.backend {
            Backend::NanoBanana => {
                let kind = of_gemini(trouble);
                self.sandbox
                    .gemini
                    .push_fault(gemini::Fault { times: 1, kind });
            }
            Backend::Kling => match of_kling(trouble) {
                Some(kind) => self
                    .sandbox
                    .kling
                    .push_fault(kling::Fault::once(kling::Step::Create, kind)),
                None => return false,
            },
            Backend::FalPictures | Backend::FalVideos => self
                .sandbox
                .fal
                .push_fault(fal::Fault::once("submit", of_fal(trouble))),
        }
        true
    }

    /// Asks, and asks after it until it ends.
    async fn ask(&self) -> Result<RenderResult, ProviderError> {
        match self.provider.submit(&request(self.backend)).await? {
            Submission::Done(result) => Ok(result),
            Submission::Accepted { provider_job, .. } => self.follow(&provider_job).await,
        }
    }

    async fn follow(&self, provider_job: &str) -> Result<RenderResult, ProviderError> {
        self.pass_time();
        for _ in 0..5 {
            if let ProviderProgress::Done(result) = self.provider.poll(provider_job).await? {
                return Ok(result);
            }
            self.pass_time();
        }
        panic!("{:?} never ends", self.backend);
    }

    fn pass_time(&self) {
        self.sandbox.kling.advance_clock(HOUR);
        self.sandbox.fal.advance_clock(HOUR);
    }

    /// How many results were made, and so are billed.
    fn billed(&self) -> usize {
        self.pass_time();
        match self.backend {
            Backend::NanoBanana => {
                let calls = self.sandbox.gemini.calls();
                calls.iter().filter(|call| call.billed).count()
            }
            Backend::Kling => {
                let tasks = self.sandbox.kling.tasks();
                let made = tasks.iter().filter(|task| task.status == Status::Succeeded);
                made.count()
            }
            Backend::FalPictures | Backend::FalVideos => {
                usize::from(self.sandbox.fal.account().balance_micros < self.fal_balance)
            }
        }
    }
}

fn provider(backend: Backend, sandbox: &Sandbox, config: &Config) -> Arc<dyn Provider> {
    let runtime = tokio::runtime::Handle::current();
    let usd_rub = &config.billing.usd_rub;
    let media = Arc::new(Headers);
    let mut downloads = config.downloads.clone();
    downloads.addresses = Addresses::Any;
    let downloads = Downloads::try_new(&downloads, runtime.clone()).expect("a client");
    let catalogue = Arc::new(config.catalogue.clone());
    match backend {
        Backend::NanoBanana => {
            let mut settings = config.providers.nano_banana.clone();
            settings.api_url = sandbox.url("gemini");
            settings.api_key = Some(SecretString::from(GEMINI_KEY));
            let made = NanoBanana::try_new(&settings, usd_rub, media, runtime);
            Arc::new(made.expect("the settings are right"))
        }
        Backend::Kling => {
            let mut settings = config.providers.kling.clone();
            settings.api_url = sandbox.url("kling");
            settings.api_key = Some(SecretString::from(kling::API_KEY));
            let nowhere = Arc::new(|| None);
            let made = Kling::try_new(
                &settings, usd_rub, catalogue, nowhere, media, downloads, runtime,
            );
            Arc::new(made.expect("the settings are right"))
        }
        Backend::FalPictures | Backend::FalVideos => {
            let mut settings = config.providers.fal.clone();
            settings.api_url = sandbox.url("fal");
            settings.api_key = Some(SecretString::from(fal::API_KEY));
            let made = Fal::try_new(
                &settings,
                usd_rub,
                catalogue,
                Arc::new(|| None),
                media,
                downloads,
                runtime,
            );
            Arc::new(made.expect("the settings are right"))
        }
    }
}

fn request(backend: Backend) -> RenderRequest {
    let (mode, output) = match backend {
        Backend::NanoBanana | Backend::FalPictures => {
            (Mode::Generate, Output::Image(ImageLook::default()))
        }
        Backend::Kling | Backend::FalVideos => {
            let look = VideoLook {
                model: ModelId::new("kling-3.0"),
                seconds: 5,
                quality: Quality::Standard,
                sound: Sound::Off,
                aspect: Aspect::Landscape16x9,
                clip_use: ClipUse::default(),
            };
            (Mode::TextToVideo, Output::Video(look))
        }
    };
    RenderRequest {
        job: JobId::new("job"),
        attempt: 1,
        mode,
        prompt: "a canary of a prompt".to_owned(),
        output,
        inputs: Vec::new(),
    }
}

fn of_gemini(trouble: Trouble) -> gemini::FaultKind {
    use gemini::FaultKind as K;
    match trouble {
        Trouble::Slow => K::Latency { ms: 50 },
        Trouble::Refusal => K::Blocked {
            reason: "PROHIBITED_CONTENT".to_owned(),
        },
        Trouble::TooManyRequests => K::TooManyRequests {
            retry_after: Some(5),
        },
        Trouble::ServerError => K::ServerError { status: 503 },
        Trouble::NoMoney => K::FailedPrecondition,
        Trouble::Malformed => K::Malformed,
        Trouble::Endless => K::Endless,
        Trouble::DropBefore => K::DropBefore,
        Trouble::DropAfter => K::DropAfter,
        Trouble::Hang => K::Hang,
    }
}

fn of_kling(trouble: Trouble) -> Option<kling::FaultKind> {
    use kling::FaultKind as K;
    Some(match trouble {
        Trouble::Slow => K::Slow { ms: 50 },
        Trouble::Refusal => K::Code { code: 1301 },
        Trouble::TooManyRequests => K::Code { code: 1302 },
        Trouble::ServerError => K::Html { status: 502 },
        Trouble::NoMoney => K::Code { code: 1102 },
        Trouble::Malformed => K::Malformed,
        Trouble::Endless => K::Endless,
        Trouble::DropBefore => K::DropBefore,
        Trouble::DropAfter => K::DropAfter,
        // Longer than anybody waits for an answer.
        Trouble::Hang => return None,
    })
}

fn of_fal(trouble: Trouble) -> fal::FaultKind {
    use fal::FaultKind as K;
    match trouble {
        Trouble::Slow => K::Latency { millis: 50 },
        Trouble::Refusal => K::Refused,
        Trouble::TooManyRequests => K::Error {
            failure: fal::Failure::plain(429, "Too many requests"),
        },
        Trouble::ServerError => K::Html { status: 502 },
        Trouble::NoMoney => K::Error {
            failure: fal::Failure::locked(),
        },
        Trouble::Malformed => K::Malformed,
        Trouble::Endless => K::Huge,
        Trouble::DropBefore => K::DropBefore,
        Trouble::DropAfter => K::DropAfter,
        Trouble::Hang => K::Hang,
    }
}

#[tokio::test]
async fn every_provider_delivers_what_was_asked_for_and_bills_it_once() {
    for backend in BACKENDS {
        let stage = Stage::set(backend).await;
        let spec_kind = request(backend).mode.kind();
        let result = stage.ask().await.expect("nothing goes wrong");
        assert_eq!(result.media.kind.moves(), spec_kind == Kind::Video);
        assert_eq!(stage.billed(), 1, "{backend:?}");
        stage.sandbox.stop().await;
    }
}

/// A class that says that nothing was made is believed: the money goes back, or somebody else is
/// asked. So it must be true; what is not known must be called so.
#[tokio::test]
async fn no_provider_calls_a_result_unmade_that_was_made() {
    for backend in BACKENDS {
        for trouble in TROUBLES {
            let stage = Stage::set(backend).await;
            if !stage.trouble(trouble) {
                continue;
            }
            let what = format!("{backend:?}, {trouble:?}");
            match stage.ask().await {
                Ok(_) => {
                    assert_eq!(trouble, Trouble::Slow, "{what}: it went wrong");
                    assert_eq!(stage.billed(), 1, "{what}");
                }
                Err(ProviderError::Ambiguous { .. }) => {
                    let found = stage.provider.look_up(&JobId::new("job"), 1).await;
                    match found.expect("the storm is over") {
                        Lookup::Found { provider_job } => {
                            let result = stage.follow(&provider_job).await;
                            assert!(result.is_ok(), "{what}: {result:?}");
                            assert_eq!(stage.billed(), 1, "{what}");
                        }
                        Lookup::NotFound => assert_eq!(stage.billed(), 0, "{what}"),
                        Lookup::Impossible => {}
                    }
                }
                Err(error) => {
                    assert_eq!(stage.billed(), 0, "{what}: {error}");
                    let is_refused = matches!(error, ProviderError::Refused { .. });
                    assert_eq!(is_refused, trouble == Trouble::Refusal, "{what}: {error}");
                    let is_broken = matches!(error, ProviderError::Broken { .. });
                    assert_eq!(is_broken, trouble == Trouble::NoMoney, "{what}: {error}");
                }
            }
            stage.sandbox.stop().await;
        }
    }
}
