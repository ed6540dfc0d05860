//! The shop's own record of what was ordered: what the demo and the tests compare a run's claims with.

use std::sync::{Mutex, MutexGuard};

use serde::Serialize;

/// One order, as `GET /admin/orders` shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Order {
    /// Given by [`Orders::place`].
    pub number: String,
    pub items: Vec<OrderedItem>,
    pub name: String,
    pub email: String,
    pub address: String,
    /// `Standard` or `Express`.
    pub shipping: String,
    pub newsletter: bool,
    /// Shipping included.
    pub total_cents: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderedItem {
    pub product: String,
    pub quantity: u32,
    pub price_cents: u32,
}

/// All orders since the shop opened.
#[derive(Debug, Default)]
pub struct Orders(Mutex<Vec<Order>>);

impl Orders {
    /// Oldest first.
    pub fn list(&self) -> Vec<Order> {
        self.lock().clone()
    }

    /// Stores the order and returns its number.
    pub fn place(&self, mut order: Order) -> String {
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
