//! Pages of a given size with everything that makes a page hard to read: nested frames of the same and of another site, and
//! open and closed shadow roots.

use std::fmt::Write;

use axum::Router;
use axum::extract::{Path, State};
use axum::response::Html;
use axum::routing::get;
use testkit::server::Server;
use tokio::net::TcpListener;
use url::Url;

/// Nodes of one card, text included.
const CARD: usize = 12;
/// Of a page's nodes, each of its four frames has this part.
const FRAME_SHARE: usize = 20;
/// One card in so many is in a shadow tree, every second of those in a closed one.
const SHADOW_EVERY: usize = 20;

/// A site that is open until it is dropped.
pub(crate) struct Generated {
    server: Server,
    _other_site: Server,
}

impl Generated {
    /// Opens it on a free port of two addresses of loopback, which are two sites to a browser.
    ///
    /// # Errors
    /// There is no such port.
    pub(crate) async fn open() -> anyhow::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let other = TcpListener::bind(("127.0.0.2", address.port())).await?;
        let router = Router::new()
            .route("/page/{nodes}", get(page))
            .route("/frame/{nodes}", get(frame))
            .route("/outer/{nodes}", get(outer))
            .with_state(address.port());
        let (server, other) = (Server::on(listener, router.clone())?, Server::on(other, router)?);
        Ok(Self { server, _other_site: other })
    }

    /// A page of about so many nodes in all its documents.
    ///
    /// # Errors
    /// Never: the URL is well formed.
    pub(crate) fn url(&self, nodes: usize) -> anyhow::Result<Url> {
        Ok(Url::parse(&self.server.url(&format!("/page/{nodes}")))?)
    }
}

async fn page(State(port): State<u16>, Path(nodes): Path<usize>) -> Html<String> {
    let share = nodes / FRAME_SHARE;
    let own = cards(nodes - 4 * share);
    // The nested one holds its share and the outer's.
    let frames = format!(
        "<iframe src='/outer/{share}'></iframe><iframe src='http://127.0.0.2:{port}/frame/{share}'></iframe>\
         <iframe src='http://127.0.0.2:{port}/frame/{share}'></iframe>"
    );
    Html(document(&format!("<h1>{nodes} nodes</h1>{frames}<main>{own}</main>")))
}

async fn outer(Path(nodes): Path<usize>) -> Html<String> {
    Html(document(&format!("<iframe src='/frame/{nodes}'></iframe>{}", cards(nodes))))
}

async fn frame(Path(nodes): Path<usize>) -> Html<String> {
    Html(document(&cards(nodes)))
}

fn document(body: &str) -> String {
    format!(
        "<!doctype html><html lang=en><meta charset=utf-8><title>Generated</title><style>{}</style><body>{body}",
        "body { font: 14px sans-serif } iframe { width: 380px; height: 220px }
         main { display: grid; grid-template-columns: repeat(3, 1fr); gap: 8px } section { border: 1px solid #ccc }"
    )
}

fn cards(nodes: usize) -> String {
    let mut html = String::new();
    for card in 0..nodes.div_ceil(CARD) {
        let content = format!(
            "<h3>Item {card}</h3><p>Some words about it and <a href='/item/{card}'>its details</a></p>\
             <label>Amount <input value={card}></label><button>Add {card}</button>"
        );
        let _ = match card % (2 * SHADOW_EVERY) {
            5 => write!(html, "<shop-card><template shadowrootmode=open>{content}</template></shop-card>"),
            25 => write!(html, "<shop-card><template shadowrootmode=closed>{content}</template></shop-card>"),
            _ => write!(html, "<section>{content}</section>"),
        };
    }
    html
}
