//! A wizard of three forms. What one form has taken travels on in hidden fields of the next.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Form, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};

use super::{Record, escape, page};

type Fields = BTreeMap<String, String>;

const PERSON: &str = include_str!("onboarding/person.html");
const PLAN: &str = include_str!("onboarding/plan.html");
const FINISH: &str = include_str!("onboarding/finish.html");

pub(super) fn router(record: Arc<Record>) -> Router {
    Router::new()
        .route("/", get(|| async { form("Step 1 of 3: you", PERSON, &Fields::new(), &[]) }))
        .route("/plan", post(person_given))
        .route("/finish", post(plan_given))
        .route("/terms", get(|| async { page("Terms", include_str!("onboarding/terms.html")) }))
        .route("/terms", post(terms))
        .route("/account", post(finish_given))
        .with_state(record)
}

fn form(title: &str, inside: &str, kept: &Fields, problems: &[&str]) -> Html<String> {
    let kept: String = kept
        .iter()
        .map(|(name, value)| format!("<input type=hidden name={} value=\"{}\">", escape(name), escape(value)))
        .collect();
    let problems: String = problems.iter().map(|problem| format!("<p role=alert>{problem}</p>")).collect();
    page(title, &format!("<h1>{title}</h1>{problems}{}", inside.replace("<!-- kept -->", &kept)))
}

fn given<'a>(fields: &'a Fields, name: &str) -> &'a str {
    fields.get(name).map_or("", |value| value.trim())
}

async fn person_given(State(record): State<Arc<Record>>, Form(fields): Form<Fields>) -> Response {
    let mut problems = Vec::new();
    if given(&fields, "name").is_empty() {
        problems.push("Name is required.");
    }
    if !given(&fields, "email").contains('@') {
        problems.push("The e-mail address is not valid.");
    }
    if !problems.is_empty() {
        record.note(format!("step 1 refused: {}", problems.join(" ")));
        let again = form("Step 1 of 3: you", PERSON, &Fields::new(), &problems);
        return (StatusCode::UNPROCESSABLE_ENTITY, again).into_response();
    }
    form("Step 2 of 3: plan", PLAN, &fields, &[]).into_response()
}

async fn plan_given(Form(fields): Form<Fields>) -> Response {
    if given(&fields, "plan").is_empty() {
        let kept =
            fields.into_iter().filter(|(name, _)| !matches!(name.as_str(), "seats" | "colour" | "team")).collect();
        let again = form("Step 2 of 3: plan", PLAN, &kept, &["Choose a plan."]);
        return (StatusCode::UNPROCESSABLE_ENTITY, again).into_response();
    }
    form("Step 3 of 3: finish", FINISH, &fields, &[]).into_response()
}

async fn terms(State(record): State<Arc<Record>>) {
    record.note("terms accepted");
}

async fn finish_given(State(record): State<Arc<Record>>, Form(fields): Form<Fields>) -> Html<String> {
    let of = |name| given(&fields, name);
    record.note(format!(
        "account {} <{}> born {}, {} with {} seats in {}, {}, news {}, about: {}",
        of("name"),
        of("email"),
        of("born"),
        of("plan"),
        of("seats"),
        of("colour"),
        of("team"),
        of("news"),
        of("about")
    ));
    page("Welcome", &format!("<h1>Welcome, {}</h1><p>Member code: M-77</p>", escape(of("name"))))
}
