//! The demo shop: a small, plain web shop to send the agent to.

use std::io;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::server::Server;

mod catalogue;
mod orders;
mod pages;
mod site;

pub use orders::{Order, OrderedItem, Orders};
pub use site::router;

/// Who places the order of [`order_request`].
pub const BUYER: &str = "Ada Lovelace";

/// A shop that is open until it is dropped.
pub struct Shop {
    /// Ends with a slash.
    pub url: String,
    pub orders: Arc<Orders>,
    _server: Server,
}

impl Shop {
    /// Opens a shop on a free port of loopback.
    ///
    /// # Errors
    ///
    /// No port is free.
    pub async fn open() -> io::Result<Self> {
        let (router, orders) = router();
        let server = Server::start(router).await?;
        Ok(Self { url: server.url("/"), orders, _server: server })
    }
}

/// A request for the built-in planner to buy two kettles, from the home page to the order number.
pub fn order_request(shop: &str) -> Value {
    let task = format!(
        "open {shop}, search for 'blue kettle', click 'Blue kettle', select '2' in 'Quantity', click 'Add to cart', \
         click 'Checkout', type '{BUYER}' into 'Name', type 'ada@example.com' into 'E-mail', \
         select 'Express' in 'Shipping', check 'I accept the terms', click 'Place order', then read the order number"
    );
    json!({ "task": task, "provider": "template", "maxSteps": 30 })
}
