//! The JSON Schema of an output, as the body has it.

use serde_json::Value;

use super::error::{Place, Problem};
use agent::output::{OutputSchema, OutputSchemaError, SchemaFault, Turn};

/// Keys are the caller's; longer ones are not repeated whole.
const MAX_KEY_CHARS: usize = 100;

pub(super) fn output_schema(value: &Value, at: Place) -> Result<OutputSchema, Vec<Problem>> {
    OutputSchema::parse(value.clone()).map_err(|OutputSchemaError { place, fault }| {
        let place = place.into_iter().fold(at, |at, turn| match turn {
            Turn::Key(key) => at.field(key.chars().take(MAX_KEY_CHARS).collect::<String>()),
            Turn::Index(index) => at.number(index),
        });
        let problem = match fault {
            SchemaFault::NotAnObject => Problem::at(place, "dict_type", "Input should be a valid dictionary"),
            fault => {
                Problem::at(place, "json_schema", format!("Input should be a JSON Schema that is taken here: {fault}"))
            }
        };
        vec![problem]
    })
}
