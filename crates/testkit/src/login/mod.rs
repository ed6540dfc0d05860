//! A site with a login, and a model that logs in.

mod model;

use std::io;

use axum::Router;
use axum::extract::Form;
use axum::response::{Html, Redirect};
use axum::routing::get;
use serde::Deserialize;

pub use self::model::Model;
use crate::server::Server;

pub const USER: &str = "ada";
pub const PASSWORD: &str = "kettle-42";
/// Shown after the login, and only then.
pub const GREETING: &str = "Welcome back, Ada. You have 3 open orders.";

/// A site that is up until it is dropped.
pub struct Site {
    /// Of the login page.
    pub url: String,
    _server: Server,
}

impl Site {
    /// Opens a site on a free port of loopback.
    ///
    /// # Errors
    ///
    /// No port is free.
    pub async fn open() -> io::Result<Self> {
        let router = Router::new()
            .route("/login", get(async || login("")).post(enter))
            .route("/account", get(async || layout("Your account", &format!("<p role=status>{GREETING}</p>"))));
        let server = Server::start(router).await?;
        Ok(Self { url: server.url("/login"), _server: server })
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
