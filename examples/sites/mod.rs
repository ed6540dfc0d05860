//! Small sites of different kinds to send an agent to. Each keeps a record of what reached its server.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::response::Html;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::support::shop::site as shop;

mod board;
mod desk;
mod onboarding;
mod rooms;
mod wiki;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The demo shop.
    Shop,
    /// Rooms to book: dates, a slider, a cookie banner, a confirmation.
    Rooms,
    /// Invoices behind a login: a table with filters, sorting and pages.
    Desk,
    /// An encyclopaedia: search, long articles, tables, links to new tabs.
    Wiki,
    /// A wizard of three forms with validation, a frame and a closed shadow root.
    Onboarding,
    /// A task board that is all script: dragging, dialogs, menus, a panel of tabs.
    Board,
}

/// What a visitor made a site's server do, in order, a line each.
#[derive(Debug, Default)]
pub(crate) struct Record(Mutex<Vec<String>>);

impl Record {
    fn note(&self, line: impl Into<String>) {
        self.0.lock().expect("nothing panics while it holds the record").push(line.into());
    }

    fn lines(&self) -> Vec<String> {
        self.0.lock().expect("nothing panics while it holds the record").clone()
    }
}

/// A site with a fresh record, open for as long as this lives.
pub(crate) struct Site {
    /// Ends with a slash.
    pub(crate) url: String,
    record: Arc<Record>,
    orders: Option<Arc<shop::Orders>>,
    _server: JoinSet<std::io::Result<()>>,
}

impl Site {
    /// Opens one on a free port of loopback.
    ///
    /// # Errors
    /// There is no such port.
    pub(crate) async fn open(kind: Kind) -> anyhow::Result<Self> {
        let record = Arc::new(Record::default());
        let (router, orders) = match kind {
            Kind::Shop => {
                let (router, orders) = shop::router();
                (router, Some(orders))
            }
            Kind::Rooms => (rooms::router(Arc::clone(&record)), None),
            Kind::Desk => (desk::router(Arc::clone(&record)), None),
            Kind::Wiki => (wiki::router(Arc::clone(&record)), None),
            Kind::Onboarding => (onboarding::router(Arc::clone(&record)), None),
            Kind::Board => (board::router(Arc::clone(&record)), None),
        };
        Self::serve(router, record, orders).await
    }

    async fn serve(router: Router, record: Arc<Record>, orders: Option<Arc<shop::Orders>>) -> anyhow::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let url = format!("http://{}/", listener.local_addr()?);
        let mut server = JoinSet::new();
        server.spawn(async move { axum::serve(listener, router).await });
        Ok(Self { url, record, orders, _server: server })
    }

    /// What reached the server, in order: "booked Blue room ...".
    pub(crate) fn reached(&self) -> Vec<String> {
        let orders = self.orders.iter().flat_map(|orders| orders.list()).map(|order| {
            let items: Vec<String> =
                order.items.iter().map(|item| format!("{} x {}", item.quantity, item.product)).collect();
            format!("ordered {} for {} <{}>, {}", items.join(" + "), order.name, order.email, order.shipping)
        });
        orders.chain(self.record.lines()).collect()
    }
}

/// A whole page around a body of our own.
fn page(title: &str, body: &str) -> Html<String> {
    Html(format!(
        "<!doctype html><html lang=en><meta charset=utf-8><title>{title}</title>\
         <style>body{{font:16px sans-serif;max-width:60rem;margin:1rem auto;padding:0 1rem}} td,th{{padding:.2rem .6rem;\
         text-align:left}} label{{display:block;margin:.4rem 0}}</style>{body}</html>"
    ))
}

/// A visitor's text as text of a page.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
