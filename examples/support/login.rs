//! A site with a login, served in this process.

use axum::Router;
use axum::extract::Form;
use axum::response::{Html, Redirect};
use axum::routing::get;
use serde::Deserialize;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

pub(crate) const USER: &str = "ada";
pub(crate) const PASSWORD: &str = "kettle-42";
/// What somebody who is in is told, and nobody else.
pub(crate) const GREETING: &str = "Welcome back, Ada. You have 3 open orders.";

/// A site that is up for as long as this lives.
pub(crate) struct Site {
    /// Of the login.
    pub(crate) url: String,
    _server: JoinSet<std::io::Result<()>>,
}

impl Site {
    /// Opens one on a free port of loopback.
    ///
    /// # Errors
    /// There is no such port.
    pub(crate) async fn open() -> anyhow::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let url = format!("http://{}/login", listener.local_addr()?);
        let router = Router::new()
            .route("/login", get(async || login("")).post(enter))
            .route("/account", get(async || layout("Your account", &format!("<p role=status>{GREETING}</p>"))));
        let mut server = JoinSet::new();
        server.spawn(async move { axum::serve(listener, router).await });
        Ok(Self { url, _server: server })
    }
}

#[derive(Deserialize)]
struct Credentials {
    user: String,
    password: String,
}

async fn enter(Form(credentials): Form<Credentials>) -> Result<Redirect, Html<String>> {
    if credentials.user == USER && credentials.password == PASSWORD {
        return Ok(Redirect::to("/account"));
    }
    Err(login("<p role=alert>User name or password is wrong.</p>"))
}

fn login(complaint: &str) -> Html<String> {
    layout(
        "Log in",
        &format!(
            "{complaint}<form method=post><label>User name <input name=user autocomplete=username></label>\
             <label>Password <input name=password type=password></label>\
             <label><input type=checkbox name=stay> Stay logged in</label><button>Log in</button></form>\
             <p><a href=/forgotten>Forgotten your password?</a> <a href=/new>Open an account</a></p>"
        ),
    )
}

fn layout(title: &str, main: &str) -> Html<String> {
    let links =
        |names: &[&str]| -> String { names.iter().map(|name| format!("<a href='/{name}'>{name}</a> ")).collect() };
    Html(format!(
        "<!doctype html><html lang=en><title>{title} - Kettles and more</title>\
         <header><a href=/>Kettles and more</a><nav>{}</nav>\
         <form role=search action=/search><input name=q placeholder='Search the shop'><button>Search</button></form>\
         <a href=/cart>Cart (0)</a></header><main><h1>{title}</h1>{main}</main><footer>{}<p>© Kettles and more</footer>",
        links(&["Kettles", "Teapots", "Coffee", "Cups", "Filters", "Spare parts", "Offers"]),
        links(&["Delivery", "Returns", "Contact", "Imprint", "Privacy", "Terms"]),
    ))
}
