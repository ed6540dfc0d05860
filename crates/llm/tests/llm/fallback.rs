//! The fallback model.

use std::sync::Arc;

use agent::ports::{ChatModel, ModelError, Models, Provider};
use llm::settings::FallbackSettings;
use llm::{BuildError, Providers};

use super::apis::{Api, Case};
use super::fixture::{CollectedNotices, limits, request, settings, text, without};
use testkit::scripted_server::{Reply, ScriptedServer};

/// OpenAI's model with Anthropic's behind it, at one server.
struct WithFallback {
    server: ScriptedServer,
    providers: Providers,
    notices: CollectedNotices,
}

fn fallback(provider: Provider, model: Option<&str>) -> Option<FallbackSettings> {
    Some(FallbackSettings { provider, model: model.map(str::to_owned) })
}

impl WithFallback {
    async fn start(script: impl IntoIterator<Item = Reply>) -> Self {
        let server = ScriptedServer::start(script).await;
        let mut settings = settings(&server, limits());
        settings.fallback = fallback(Provider::Anthropic, None);
        Self {
            server,
            providers: Providers::new(settings).expect("usable settings"),
            notices: CollectedNotices::default(),
        }
    }

    fn run(&self) -> Arc<dyn ChatModel> {
        self.providers.open(Provider::Openai, None).expect("a configured provider")
    }

    async fn ask(&self, model: &Arc<dyn ChatModel>) -> Result<String, ModelError> {
        model.complete(request(&[text("the page")], &self.notices)).await.map(|reply| reply.text)
    }

    /// The provider of each request.
    fn asked(&self) -> Vec<&'static str> {
        let requests = self.server.requests().into_iter();
        requests.map(|request| if request.path.ends_with("completions") { "openai" } else { "anthropic" }).collect()
    }
}

fn openai(case: Case) -> Reply {
    (Api::of(Provider::Openai).plays)(case).expect("OpenAI has all cases")
}

fn anthropic(text: &str) -> Reply {
    Api::of(Provider::Anthropic).said(text)
}

#[tokio::test]
async fn it_takes_over_for_the_rest_of_the_run_with_a_notice() {
    let run = WithFallback::start([openai(Case::WrongKey), anthropic("1"), anthropic("2")]).await;
    let model = run.run();
    assert_eq!(model.name().provider, "openai");
    assert_eq!(run.ask(&model).await, Ok("1".to_owned()));
    assert_eq!(run.ask(&model).await, Ok("2".to_owned()));
    assert_eq!(run.asked(), ["openai", "anthropic", "anthropic"]);
    assert_eq!(model.name().provider, "anthropic");
    assert_eq!(
        run.notices.all(),
        [
            "openai rejected the key for the model gpt-test, continuing with anthropic's model claude-sonnet-4-test for the rest of the run"
        ]
    );
}

#[tokio::test]
async fn the_next_run_starts_with_its_own_model() {
    let script = [openai(Case::WrongKey), anthropic("1"), Api::of(Provider::Openai).said("2")];
    let runs = WithFallback::start(script).await;
    assert_eq!(runs.ask(&runs.run()).await, Ok("1".to_owned()));
    assert_eq!(runs.ask(&runs.run()).await, Ok("2".to_owned()));
    assert_eq!(runs.asked(), ["openai", "anthropic", "openai"]);
}

#[tokio::test]
async fn it_takes_over_for_failures_of_the_provider() {
    for (case, tries) in [
        (Case::RateLimited, 3),
        (Case::RateLimitedForLong, 1),
        (Case::ServerError, 3),
        (Case::Overloaded, 3),
        (Case::ErrorInStream, 3),
        (Case::Empty, 3),
        (Case::ContentFilter, 1),
        (Case::PromptBlocked, 1),
        (Case::LengthLimit, 1),
        (Case::UnknownModel, 1),
        (Case::NothingLeft, 1),
    ] {
        let script = (0..tries).map(|_| openai(case)).chain([anthropic("1")]);
        let run = WithFallback::start(script).await;
        assert_eq!(run.ask(&run.run()).await, Ok("1".to_owned()), "{case:?}");
        assert_eq!(run.notices.all().len(), tries, "{case:?}");
    }
    let html = || Reply::text(200, "<html>Sign in</html>");
    let cut = || Reply::Break { begin: "data: {".to_owned() };
    for script in [vec![html(), anthropic("1")], vec![cut(), cut(), cut(), anthropic("1")]] {
        let run = WithFallback::start(script).await;
        assert_eq!(run.ask(&run.run()).await, Ok("1".to_owned()));
    }
}

#[tokio::test]
async fn it_does_not_take_over_for_failures_of_the_request() {
    let run = WithFallback::start([openai(Case::Refusal), Api::of(Provider::Openai).said("2")]).await;
    let model = run.run();
    assert!(matches!(run.ask(&model).await, Err(ModelError::Refused { .. })));
    assert_eq!(run.ask(&model).await, Ok("2".to_owned()));

    let run = WithFallback::start([openai(Case::ContextTooLong), Api::of(Provider::Openai).said("2")]).await;
    let model = run.run();
    assert!(matches!(run.ask(&model).await, Err(ModelError::ContextTooLong { .. })));
    assert_eq!(run.ask(&model).await, Ok("2".to_owned()));
    assert!(run.notices.all().is_empty());
}

#[tokio::test]
async fn if_it_fails_too_its_error_ends_the_run() {
    let failed = (Api::of(Provider::Anthropic).plays)(Case::UnknownModel).unwrap();
    let run = WithFallback::start([openai(Case::WrongKey), failed, anthropic("2")]).await;
    let model = run.run();
    let (provider, name) = ("anthropic".to_owned(), "claude-sonnet-4-test".to_owned());
    assert_eq!(run.ask(&model).await, Err(ModelError::UnknownModel { provider, model: name }));
    assert_eq!(run.ask(&model).await, Ok("2".to_owned()));
    assert_eq!(run.asked(), ["openai", "anthropic", "anthropic"]);
}

#[tokio::test]
async fn a_model_does_not_fall_back_to_itself() {
    let server = ScriptedServer::start([openai(Case::WrongKey)]).await;
    let mut settings = settings(&server, limits());
    settings.fallback = fallback(Provider::Openai, Some("gpt-test"));
    let providers = Providers::new(settings).unwrap();
    let (model, notices) = (providers.open(Provider::Openai, None).unwrap(), CollectedNotices::default());
    assert!(model.complete(request(&[text("the page")], &notices)).await.is_err());
    assert_eq!((server.count(), notices.all().len()), (1, 0));
}

#[tokio::test]
async fn an_unconfigured_fallback_is_an_error() {
    let server = ScriptedServer::start([]).await;
    for provider in [Provider::Gemini, Provider::Template] {
        let mut settings = settings(&server, limits());
        without(&mut settings, Provider::Gemini);
        settings.fallback = fallback(provider, None);
        assert!(matches!(Providers::new(settings).err(), Some(BuildError::Fallback(refused)) if refused == provider));
    }
}
