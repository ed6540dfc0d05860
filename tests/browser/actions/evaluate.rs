//! The action `evaluate`.

use agent::action::Action;
use agent::ports::{ActionError, ActionOutcome};

use crate::support::{Site, Tab, open, run};

async fn evaluate(tab: &Tab, js: &str) -> Result<ActionOutcome, ActionError> {
    tab.act(Action::Evaluate { js: js.into() }).await
}

async fn with_page() -> (Site, Tab) {
    let site =
        Site::of(&[("/", "<h1>Tea</h1><script>var shop = { items: [1, 2], total: 3n }; shop.self = shop</script>")])
            .await;
    let tab = open(&site, "/").await;
    (site, tab)
}

#[test]
fn a_scripts_result_is_returned_as_json() {
    run(async {
        let (_site, tab) = with_page().await;
        for (js, result) in [
            ("1 + 1", "2"),
            ("'tea'", "\"tea\""),
            ("shop", "{\"items\":[1,2],\"total\":\"3\",\"self\":\"(seen above)\"}"),
            ("await new Promise((done) => setTimeout(done, 50, { ok: true }))", "{\"ok\":true}"),
            ("document.querySelectorAll('h1')", "[\"<h1>Tea</h1>\"]"),
            ("undefined", "undefined"),
            ("NaN", "NaN"),
            ("const x = 2; x * 21", "42"),
        ] {
            let outcome = evaluate(&tab, js).await.unwrap();
            assert_eq!(outcome.extracted.as_deref(), Some(result), "{js}");
        }
        let long = evaluate(&tab, "'x'.repeat(50000)").await.unwrap();
        assert_eq!(long.extracted.unwrap().len(), 10_000);
        assert!(long.effect.contains("first 10000"), "{}", long.effect);
        tab.close().await;
    });
}

#[test]
fn effects_of_a_script_are_reported() {
    run(async {
        let (_site, tab) = with_page().await;
        let outcome =
            evaluate(&tab, "document.querySelector('h1').textContent = 'Coffee'; location.hash = 'x'").await.unwrap();
        assert!(outcome.effect.contains("'Coffee'") && outcome.effect.contains("#x"), "{outcome:?}");
        tab.close().await;
    });
}

#[test]
fn a_script_that_fails_or_never_ends_is_reported_and_the_page_survives() {
    run(async {
        let (_site, tab) = with_page().await;
        let failed = evaluate(&tab, "nothing.here").await.unwrap_err();
        assert!(
            matches!(&failed, ActionError::NotPossible(why) if why.contains("nothing is not defined")),
            "{failed:?}"
        );
        for js in ["for (;;) {}", "await new Promise(() => {})", "await null; for (;;) {}"] {
            let endless = evaluate(&tab, js).await.unwrap_err();
            assert!(matches!(&endless, ActionError::TimedOut { .. }), "{js}: {endless:?}");
            assert_eq!(evaluate(&tab, "1 + 1").await.unwrap().extracted.as_deref(), Some("2"), "after {js}");
        }
        tab.close().await;
    });
}
