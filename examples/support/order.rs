//! The order that is placed at the demo shop.

use serde_json::{Value, json};

/// The order the task below places, as the shop records it.
pub(crate) const BUYER: &str = "Ada Lovelace";

/// A request for the built-in planner to buy two kettles at the shop, from the home page to the order's number.
pub(crate) fn order_request(shop: &str) -> Value {
    let task = format!(
        "open {shop}, search for 'blue kettle', click 'Blue kettle', select '2' in 'Quantity', click 'Add to cart', \
         click 'Checkout', type '{BUYER}' into 'Name', type 'ada@example.com' into 'E-mail', \
         select 'Express' in 'Shipping', check 'I accept the terms', click 'Place order', then read the order number"
    );
    json!({ "task": task, "provider": "template", "maxSteps": 30 })
}
