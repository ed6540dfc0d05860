//! How an action names an element.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::{MapAccess, Visitor, value::MapAccessDeserializer};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::observation::ElementIndex;
use crate::text::one_line;

/// Longest selector in a sentence, in characters.
const MAX_SHOWN: usize = 80;

/// An element by its index in the page view, `41`, or by a CSS selector, `{"selector": "#go"}`. Models are offered
/// indices alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Locator {
    Index(ElementIndex),
    /// The first visible match in the page, its frames and shadow trees, once there is one.
    Selector(String),
}

impl Locator {
    /// How long an action waits for the element of a selector.
    pub const WAIT: Duration = Duration::from_secs(10);

    pub fn index(&self) -> Option<ElementIndex> {
        match self {
            Self::Index(index) => Some(*index),
            Self::Selector(_) => None,
        }
    }

    pub fn selector(&self) -> Option<&str> {
        match self {
            Self::Index(_) => None,
            Self::Selector(selector) => Some(selector),
        }
    }
}

impl From<ElementIndex> for Locator {
    fn from(index: ElementIndex) -> Self {
        Self::Index(index)
    }
}

impl fmt::Display for Locator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Index(index) => index.fmt(f),
            Self::Selector(selector) => write!(f, "'{}'", one_line(selector, MAX_SHOWN)),
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct BySelector<S> {
    selector: S,
}

impl Serialize for Locator {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Index(index) => index.serialize(serializer),
            Self::Selector(selector) => BySelector { selector }.serialize(serializer),
        }
    }
}

/// Not derived as an untagged enum: models read the errors, and its errors would not say what is wrong.
impl<'de> Deserialize<'de> for Locator {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(LocatorVisitor)
    }
}

struct LocatorVisitor;

impl<'de> Visitor<'de> for LocatorVisitor {
    type Value = Locator;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("u32")
    }

    fn visit_u64<E: serde::de::Error>(self, index: u64) -> Result<Locator, E> {
        let index =
            u32::try_from(index).map_err(|_| E::invalid_value(serde::de::Unexpected::Unsigned(index), &self))?;
        Ok(ElementIndex(index).into())
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Locator, A::Error> {
        let BySelector { selector } = BySelector::deserialize(MapAccessDeserializer::new(map))?;
        Ok(Locator::Selector(selector))
    }
}

impl JsonSchema for Locator {
    fn schema_name() -> Cow<'static, str> {
        ElementIndex::schema_name()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        ElementIndex::json_schema(generator)
    }
}
