//! Tests of views of arbitrary readings.

mod blocker;
mod properties;
mod view;

use super::frames::FrameReading;
use super::invariants::indices;
use super::reading::{ElementItem, Item, Reading, TextItem};
use crate::isolated_world::{NodeId, WorldId};

pub(super) fn text(y: i32, text: &str) -> Item {
    Item::Text(TextItem {
        x: 0,
        y,
        width: 100,
        height: 16,
        seen: u8::from((0..900).contains(&y)),
        text: text.to_owned(),
        level: 0,
    })
}

pub(super) fn button(id: u32, y: i32, name: &str) -> Item {
    Item::Element(Box::new(ElementItem {
        id: NodeId(id),
        place: [0, y, 80, 20],
        seen: u8::from((0..900).contains(&y)),
        tag: "button".to_owned(),
        kind: "button".to_owned(),
        name: name.to_owned(),
        ..ElementItem::default()
    }))
}

pub(super) fn page(items: Vec<Item>) -> FrameReading {
    let reading = Reading {
        url: "https://shop.example/tea".to_owned(),
        ready: "complete".to_owned(),
        viewport: [1280, 900],
        page: [1280, 900],
        range: [-900, 1800],
        items,
        ..Reading::default()
    };
    FrameReading::leaf(WorldId(1), reading)
}
