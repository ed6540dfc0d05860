//! An encyclopaedia of kettles.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Form, Path, Query, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};

use super::{Record, escape, page};

type Fields = BTreeMap<String, String>;

const ARTICLES: [(&str, &str, &str); 4] = [
    ("kettle", "Kettle", include_str!("wiki/kettle.html")),
    ("teapot", "Teapot", include_str!("wiki/teapot.html")),
    ("history", "History of boiling", include_str!("wiki/history.html")),
    ("glossary", "Glossary", include_str!("wiki/glossary.html")),
];
const HEAD: &str = "<nav aria-label=Main><a href=/>Home</a> <a href=/w/glossary target=_blank>Glossary</a></nav>\
                    <form action=/search role=search><input type=search name=q aria-label=\"Search the wiki\"></form>";

pub(super) fn router(record: Arc<Record>) -> Router {
    Router::new()
        .route("/", get(home))
        .route("/search", get(search))
        .route("/w/{slug}", get(article))
        .route("/feedback", post(feedback))
        .with_state(record)
}

async fn home() -> Html<String> {
    let links: String = ARTICLES.iter().map(|(slug, title, _)| format!("<li><a href=/w/{slug}>{title}</a>")).collect();
    page("Kettle wiki", &format!("{HEAD}<h1>Kettle wiki</h1><p>All there is to know.<ul>{links}</ul>"))
}

async fn search(Query(fields): Query<Fields>) -> Html<String> {
    let query = fields.get("q").map_or("", String::as_str);
    let wanted = query.to_lowercase();
    let found: Vec<String> = ARTICLES
        .iter()
        .filter(|(_, title, text)| title.to_lowercase().contains(&wanted) || text.to_lowercase().contains(&wanted))
        .map(|(slug, title, _)| format!("<li><a href=/w/{slug}>{title}</a>"))
        .collect();
    let body = format!("{HEAD}<h1>{} results for {}</h1><ul>{}</ul>", found.len(), escape(query), found.concat());
    page("Search results", &body)
}

async fn article(Path(slug): Path<String>) -> Response {
    let Some((slug, title, text)) = ARTICLES.iter().find(|(known, _, _)| *known == slug) else {
        return (StatusCode::NOT_FOUND, page("Not found", &format!("{HEAD}<h1>No such article</h1>"))).into_response();
    };
    let body = format!(
        "{HEAD}<h1>{title}</h1>{text}<form method=post action=/feedback><input type=hidden name=page value={slug}>\
         <p>Was this helpful? <button name=helpful value=yes>Yes</button> <button name=helpful value=no>No</button></form>"
    );
    page(title, &body).into_response()
}

async fn feedback(State(record): State<Arc<Record>>, Form(fields): Form<Fields>) -> Html<String> {
    let given = |name| fields.get(name).map_or("", String::as_str);
    record.note(format!("{} helpful: {}", given("page"), given("helpful")));
    page("Thanks", &format!("{HEAD}<h1>Thank you for your feedback</h1>"))
}
