//! What the programs that drive the real service have in common: its process, its stream and the task for the shop.

mod leftovers;
mod median;
pub(crate) mod order;
mod service;
pub(crate) mod shop;
pub(crate) mod stream;
mod watched;

pub(crate) use median::median;
pub(crate) use service::{Executable, Service};
pub(crate) use shop::Shop;
pub(crate) use watched::Watched;
