//! Small sites of different kinds to send an agent to. Each records what reached its server.

use std::io;
use std::sync::{Arc, Mutex};

use axum::response::Html;

use crate::server::Server;
use crate::shop::{self, Orders};

mod board;
mod desk;
mod onboarding;
mod rooms;
mod wiki;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
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

/// What visitors made a site's server do, in order, a line each.
#[derive(Debug, Default)]
struct Record(Mutex<Vec<String>>);

impl Record {
    fn note(&self, line: impl Into<String>) {
        self.0.lock().expect("nothing panics while it holds the record").push(line.into());
    }

    fn lines(&self) -> Vec<String> {
        self.0.lock().expect("nothing panics while it holds the record").clone()
    }
}

/// A site with an empty record. It is open until it is dropped.
pub struct Site {
    /// Ends with a slash.
    pub url: String,
    record: Arc<Record>,
    orders: Option<Arc<Orders>>,
    _server: Server,
}

impl Site {
    /// Opens a site on a free port of loopback.
    ///
    /// # Errors
    ///
    /// No port is free.
    pub async fn open(kind: Kind) -> io::Result<Self> {
        let record = Arc::new(Record::default());
        let mut orders = None;
        let router = match kind {
            Kind::Shop => {
                let (router, list) = shop::router();
                orders = Some(list);
                router
            }
            Kind::Rooms => rooms::router(Arc::clone(&record)),
            Kind::Desk => desk::router(Arc::clone(&record)),
            Kind::Wiki => wiki::router(Arc::clone(&record)),
            Kind::Onboarding => onboarding::router(Arc::clone(&record)),
            Kind::Board => board::router(Arc::clone(&record)),
        };
        let server = Server::start(router).await?;
        Ok(Self { url: server.url("/"), record, orders, _server: server })
    }

    /// What reached the server, in order: "booked Blue room ...".
    pub fn reached(&self) -> Vec<String> {
        let orders = self.orders.iter().flat_map(|orders| orders.list()).map(|order| {
            let items: Vec<String> =
                order.items.iter().map(|item| format!("{} x {}", item.quantity, item.product)).collect();
            format!("ordered {} for {} <{}>, {}", items.join(" + "), order.name, order.email, order.shipping)
        });
        orders.chain(self.record.lines()).collect()
    }
}

/// A whole document around a trusted body.
fn page(title: &str, body: &str) -> Html<String> {
    Html(format!(
        "<!doctype html><html lang=en><meta charset=utf-8><title>{title}</title>\
         <style>body{{font:16px sans-serif;max-width:60rem;margin:1rem auto;padding:0 1rem}} td,th{{padding:.2rem .6rem;\
         text-align:left}} label{{display:block;margin:.4rem 0}}</style>{body}</html>"
    ))
}

/// Escapes a visitor's text for HTML.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
