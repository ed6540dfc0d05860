//! Conditions, dialogs, tabs, sorting, counting and checks, on small sites.

use super::super::TemplatePlanner;
use super::site::{Run, Site, observation, turn};
use agent::action::Action;
use agent::observation::{Dialog, Observation, Tab};
use agent::planner::{ActionResult, Decision, PastStep, Planner, Turn};
use agent::ports::ActionOutcome;

fn one_page(lines: &[&str]) -> Site {
    Site::new("page").page("page", "http://a.test/", "Page", lines)
}

fn assert_does(run: &Run, actions: &[&str]) {
    assert!(run.success, "{run:?}");
    assert_eq!(run.actions(), actions, "{run:?}");
}

/// The first decision on a page.
async fn decide(task: &str, observation: &Observation) -> Decision {
    TemplatePlanner::new().decide(turn(task, observation)).await.expect("it decides")
}

/// The answer to the dialog that a task's first click opens.
async fn answer_to(kind: &str, message: &str, task: &str) -> Action {
    let page = observation("http://a.test/", "Page", &["button: Delete"]);
    let dialog = Dialog { kind: kind.to_owned(), message: message.to_owned(), proposal: String::new() };
    let asking = Observation { dialog: Some(dialog), ..observation("http://a.test/", "Page", &[]) };
    let mut planner = TemplatePlanner::new();
    let decision = planner.decide(turn(task, &page)).await.expect("it decides");
    let results = vec![ActionResult { action: decision.actions[0].clone(), outcome: Ok(ActionOutcome::default()) }];
    let history = [PastStep { step: 1, decision, results, error: None, interrupted: false }];
    let turn = Turn { history: &history, step: 2, ..turn(task, &asking) };
    planner.decide(turn).await.expect("it decides").actions.remove(0)
}

#[tokio::test]
async fn a_dialog_is_answered_as_instructed_or_else_accepted() {
    let answer = |accept, text: Option<&str>| Action::AnswerDialog { accept, text: text.map(str::to_owned) };
    let cases = [
        ("click Delete and dismiss the dialog", answer(false, None)),
        ("click Delete and accept the alert", answer(true, None)),
        ("click Delete, answer the prompt with 'Ada'", answer(true, Some("Ada"))),
        ("click Delete, click 'Cancel'", answer(false, None)),
        ("click Delete, click 'OK'", answer(true, None)),
        ("click Delete. If a dialog appears, dismiss it", answer(false, None)),
        ("click Delete. If 'sure' is shown, dismiss it", answer(false, None)),
        ("click Delete. If there is no dialog, click 'Cancel'. Read the title", answer(true, None)),
        ("click Delete, read the title", answer(true, None)),
    ];
    for (task, expected) in cases {
        assert_eq!(answer_to("confirm", "Are you sure?", task).await, expected, "{task}");
    }
}

#[tokio::test]
async fn a_button_labelled_ok_is_not_a_dialog() {
    let run = one_page(&["button: OK", "button: Cancel"]).run("accept the dialog").await;
    assert!(!run.success && run.actions().is_empty(), "{run:?}");
    let run = one_page(&["<modal dialog> Sure?", "button: OK", "button: Cancel"]).run("dismiss the dialog").await;
    assert_does(&run, &["click Cancel"]);
}

#[tokio::test]
async fn cookies_are_accepted_only_if_the_page_asks() {
    let run = one_page(&["We use cookies", "button: Accept all", "button: Reject all"]).run("reject cookies").await;
    assert_does(&run, &["click Reject all"]);
    let run = one_page(&["button: Accept"]).run("accept all cookies").await;
    assert!(!run.success && run.actions().is_empty(), "{run:?}");
}

#[tokio::test]
async fn conditional_instructions_run_only_if_the_condition_holds() {
    let task = "If there is a cookie banner, accept it and click 'Later'. Click 'Buy'";
    let with = one_page(&["We use cookies", "button: Accept all", "button: Later", "button: Buy"]).run(task).await;
    assert_does(&with, &["click Accept all", "click Later", "click Buy"]);
    let without = one_page(&["button: Later", "button: Buy"]).run(task).await;
    assert_does(&without, &["click Buy"]);
    assert!(!without.text.contains("Later"), "what was left out is not reported: {}", without.text);
    let absent = one_page(&["button: Buy"]).run("If there is no 'Sold out', click 'Buy'").await;
    assert_does(&absent, &["click Buy"]);
}

#[tokio::test]
async fn checks_pass_fail_or_answer() {
    let page = || one_page(&["Order placed", "Total", "24,00 EUR"]);
    let passed = page().run("check that 'Order placed' is shown and read the total").await;
    assert_eq!((passed.success, passed.text.as_str()), (true, "Total: 24,00 EUR"), "{passed:?}");
    assert!(page().run("verify that the total is 24,00 EUR").await.success);
    assert!(page().run("make sure there is no error").await.success);
    let failed = page().run("check that 'Refused' is shown").await;
    assert!(!failed.success && failed.text.contains("'Refused' is not on the page 'Page'"), "{}", failed.text);
    let answered = page().run("does the page say Refused?").await;
    assert!(answered.success && answered.text.starts_with("No: "), "{}", answered.text);
}

#[tokio::test]
async fn a_value_that_was_read_is_typed_without_its_label() {
    let run = one_page(&["Invite code: QX-42", "text: Code"]).run("read the invite code and type it into Code").await;
    assert_does(&run, &["input Code=QX-42"]);
}

#[tokio::test]
async fn a_sort_list_is_preferred_to_a_heading() {
    let page = || one_page(&["select: Sort by = Name|Price, low to high|Price, high to low", "button: Price"]);
    assert_does(&page().run("sort by price descending").await, &["select Sort by=Price, high to low"]);
    assert_does(&page().run("sort by name").await, &["select Sort by=Name"]);
    assert!(!page().run("sort by name descending").await.success);
    assert_does(&one_page(&["button: Price"]).run("sort by price").await, &["click Price"]);
}

#[tokio::test]
async fn an_unconfirmed_order_is_not_a_success() {
    let run = one_page(&["button: Price"]).run("sort by price descending").await;
    assert_eq!((run.success, run.actions()), (false, vec!["click Price", "click Price"]), "{run:?}");
}

#[tokio::test]
async fn links_and_rows_are_counted_and_listed_only_if_all_are_visible() {
    let lines = ["link: Home", "link: Cart", "Name\tPrice", "Kettle\t39", "Mug\t14"];
    assert_eq!(one_page(&lines).run("how many links are there?").await.text, "2");
    assert_eq!(one_page(&lines).run("list all links").await.text, "Home\nCart");
    assert_eq!(one_page(&lines).run("how many rows are in the table?").await.text, "2");
    let folded = one_page(&["link: Home", "... 85 more like these, scroll to see"]).run("count the links").await;
    assert!(!folded.success && folded.text.contains("too long"), "{}", folded.text);
}

#[tokio::test]
async fn tabs_are_found_by_number_age_and_title() {
    let tab = |id, title: &str, active| Tab { id, url: format!("http://{id}.test/"), title: title.to_owned(), active };
    let page = Observation {
        tabs: vec![tab(1, "Shop", false), tab(4, "Help centre", true), tab(7, "Terms", false)],
        ..observation("http://4.test/", "Help centre", &["link: Home"])
    };
    let cases = [
        ("switch to the first tab", 1),
        ("switch to the newest tab", 7),
        ("go back to the previous tab", 1),
        ("switch to the 'Terms' tab", 7),
    ];
    for (task, id) in cases {
        assert_eq!(decide(task, &page).await.actions, [Action::SwitchTab { tab: id }], "{task}");
    }
    for task in ["switch to the other tab", "switch to the fifth tab"] {
        assert!(matches!(decide(task, &page).await.actions[..], [Action::Done { success: false, .. }]), "{task}");
    }
    assert_eq!(decide("close the tab", &page).await.actions, [Action::CloseTab { tab: None }]);
}

#[tokio::test]
async fn a_form_is_submitted_by_its_own_button_whatever_its_label() {
    let lines = ["button: Search", "text: Name", "button: Cancel", "button: Book now"];
    let run = one_page(&lines).run("type Ada into Name and submit the form").await;
    assert_does(&run, &["input Name=Ada", "click Book now"]);
}
