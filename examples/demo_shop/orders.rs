//! The shop's own record of what was ordered: what the demo and the tests compare a run's claims with.

use std::sync::{Mutex, MutexGuard};

use serde::Serialize;

/// One order, as `GET /admin/orders` shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Order {
    /// Given by [`Orders::place`].
    pub(crate) number: String,
    pub(crate) items: Vec<OrderedItem>,
    pub(crate) name: String,
    pub(crate) email: String,
    pub(crate) address: String,
    /// `Standard` or `Express`.
    pub(crate) shipping: String,
    pub(crate) newsletter: bool,
    /// Shipping included.
    pub(crate) total_cents: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OrderedItem {
    pub(crate) product: String,
    pub(crate) quantity: u32,
    pub(crate) price_cents: u32,
}

/// All orders since the shop opened.
#[derive(Debug, Default)]
pub(crate) struct Orders(Mutex<Vec<Order>>);

impl Orders {
    /// Oldest first.
    pub(crate) fn list(&self) -> Vec<Order> {
        self.lock().clone()
    }

    /// Numbers the order, keeps it and says its number.
    pub(crate) fn place(&self, mut order: Order) -> String {
        let mut orders = self.lock();
        order.number = format!("KC-{}", 1001 + orders.len());
        let number = order.number.clone();
        orders.push(order);
        number
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Order>> {
        self.0.lock().expect("nothing panics while it holds the orders")
    }
}
