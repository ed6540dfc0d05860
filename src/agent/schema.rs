//! The JSON schema of a decision, made from its types, in the strict subset that providers guarantee: every property
//! required, what may be left out nullable, nothing additional.

use std::sync::LazyLock;

use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use super::decision::Decision;

/// The schema's name towards providers.
pub(super) const NAME: &str = "decision";

/// The names of all actions.
pub(super) static ACTION_NAMES: LazyLock<Vec<String>> = LazyLock::new(|| {
    let mut schema = decision(Offer { evaluate: true, data: false });
    let names =
        actions(&mut schema).iter().filter_map(|action| action.pointer("/required/0")?.as_str().map(str::to_owned));
    names.collect()
});

/// What is not in every run's schema: what a run has no use for costs no tokens.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Offer {
    /// Scripts.
    pub(super) evaluate: bool,
    /// The output that `done` carries.
    pub(super) data: bool,
}

/// Schema of any decision.
pub(super) fn decision(offer: Offer) -> Value {
    let generator = SchemaSettings::draft2020_12().with(|settings| settings.inline_subschemas = true).into_generator();
    let mut schema = generator.into_root_schema_for::<Decision>().to_value();
    make_strict(&mut schema);
    // The frame is explained in the system prompt, or meant for readers of the code; the actions speak for themselves.
    for frame in [
        "",
        "/properties/evaluationPreviousGoal",
        "/properties/memory",
        "/properties/nextGoal",
        "/properties/actions",
        "/properties/actions/items",
    ] {
        let object = schema.pointer_mut(frame).and_then(Value::as_object_mut).expect("a decision has these parts");
        object.shift_remove("description");
    }
    if !offer.evaluate {
        actions(&mut schema).retain(|action| action.pointer("/properties/evaluate").is_none());
    }
    if !offer.data {
        leave_out_data(&mut schema);
    }
    schema
}

/// Schema of a decision that can only be `done`.
pub(super) fn done_only(offer: Offer) -> Value {
    let mut schema = decision(offer);
    actions(&mut schema).retain(|action| action.pointer("/properties/done").is_some());
    schema
}

fn leave_out_data(schema: &mut Value) {
    let done = actions(schema).iter_mut().find_map(|action| action.pointer_mut("/properties/done"));
    let done = done.and_then(Value::as_object_mut).expect("there is the action done");
    done["properties"].as_object_mut().expect("it has properties").shift_remove("data");
    done["required"].as_array_mut().expect("all are required").retain(|name| name != "data");
}

fn actions(schema: &mut Value) -> &mut Vec<Value> {
    schema
        .pointer_mut("/properties/actions/items/anyOf")
        .and_then(Value::as_array_mut)
        .expect("an action is one of several")
}

fn make_strict(schema: &mut Value) {
    let Value::Object(object) = schema else { return };
    // What the strict subset does not know, and what costs tokens and says nothing.
    for key in ["$schema", "title", "default", "minimum", "maximum", "minItems", "maxItems"] {
        object.shift_remove(key);
    }
    // An index is explained once, in the system prompt.
    if object.shift_remove("format").is_some_and(|format| format == "uint32") {
        object.shift_remove("description");
    }
    // A pair is a list of what its halves are.
    if let Some(Value::Array(mut halves)) = object.shift_remove("prefixItems") {
        object.insert("items".into(), halves.swap_remove(0));
    }
    if let Some(variants) = object.shift_remove("oneOf") {
        object.insert("anyOf".into(), variants);
    }
    if object.get("type").is_some_and(|kind| kind == "object") {
        let properties = object.entry("properties").or_insert_with(|| Value::Object(Map::new()));
        let names: Vec<String> = properties.as_object().into_iter().flat_map(Map::keys).cloned().collect();
        object.insert("required".into(), json!(names));
        object.insert("additionalProperties".into(), json!(false));
    }
    for key in ["properties", "items", "anyOf"] {
        match object.get_mut(key) {
            Some(Value::Object(inner)) if key == "properties" => inner.values_mut().for_each(make_strict),
            Some(Value::Array(inner)) => inner.iter_mut().for_each(make_strict),
            Some(inner) => make_strict(inner),
            None => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::text::estimate_tokens;

    const ALL: Offer = Offer { evaluate: true, data: true };

    /// Calls `check` with every object schema inside.
    fn each_object(schema: &Value, check: &mut impl FnMut(&Map<String, Value>)) {
        match schema {
            Value::Object(object) => {
                if object.get("type").is_some_and(Value::is_string) && object["type"] == "object" {
                    check(object);
                }
                object.values().for_each(|inner| each_object(inner, check));
            }
            Value::Array(items) => items.iter().for_each(|inner| each_object(inner, check)),
            _ => {}
        }
    }

    #[test]
    fn every_object_is_closed_and_requires_all_its_properties() {
        for schema in [decision(Offer::default()), done_only(Offer::default()), decision(ALL), done_only(ALL)] {
            let mut seen = 0;
            each_object(&schema, &mut |object| {
                seen += 1;
                assert_eq!(object["additionalProperties"], json!(false));
                let properties: Vec<_> = object["properties"].as_object().unwrap().keys().cloned().collect();
                assert_eq!(object["required"], json!(properties));
            });
            assert!(seen >= 3);
        }
    }

    #[test]
    fn nothing_is_used_that_the_strict_subset_lacks() {
        let text = decision(Offer::default()).to_string();
        for word in [
            "oneOf",
            "$ref",
            "$defs",
            "\"default\"",
            "\"format\"",
            "\"minimum\"",
            "\"title\"",
            "prefixItems",
            "minItems",
        ] {
            assert!(!text.contains(word), "{word} in {text}");
        }
    }

    #[test]
    fn the_thoughts_stand_before_the_actions_so_that_a_model_thinks_first() {
        let schema = decision(Offer::default());
        let names: Vec<_> = schema["properties"].as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(names, ["evaluationPreviousGoal", "memory", "nextGoal", "actions"]);
    }

    #[test]
    fn the_schema_names_every_action() {
        assert!(ACTION_NAMES.len() >= 12);
        assert!(ACTION_NAMES.iter().any(|name| name == "sendKeys"));
    }

    #[test]
    fn optional_arguments_are_nullable() {
        let schema = decision(Offer::default());
        let actions = schema["properties"]["actions"]["items"]["anyOf"].as_array().unwrap();
        let arguments = |name: &str| {
            actions
                .iter()
                .find_map(|action| action["properties"].get(name))
                .map(|action| &action["properties"])
                .unwrap()
        };
        assert_eq!(arguments("navigate")["newTab"]["type"], json!(["boolean", "null"]));
        assert_eq!(arguments("scroll")["index"]["type"], json!(["integer", "null"]));
        assert_eq!(arguments("hover")["index"]["type"], json!("integer"));
        assert_eq!(arguments("goBack"), &json!({}));
    }

    #[test]
    fn done_carries_data_where_an_output_is_asked_for() {
        let done = |schema: Value| schema["properties"]["actions"]["items"]["anyOf"][0]["properties"]["done"].clone();
        assert_eq!(done(done_only(Offer::default()))["required"], json!(["text", "success"]));
        assert_eq!(done(done_only(ALL))["required"], json!(["text", "success", "data"]));
        assert_eq!(done(done_only(ALL))["properties"]["data"]["type"], json!(["string", "null"]));
    }

    #[test]
    fn the_last_call_can_only_say_done() {
        let schema = done_only(ALL);
        let actions = schema["properties"]["actions"]["items"]["anyOf"].as_array().unwrap();
        assert_eq!(actions.len(), 1);
        assert_eq!(actions[0]["required"], json!(["done"]));
    }

    #[test]
    fn the_schema_is_small() {
        let tokens = estimate_tokens(&decision(Offer::default()).to_string());
        println!("schema: {tokens} tokens; done only: {}", estimate_tokens(&done_only(Offer::default()).to_string()));
        assert!(tokens <= 2_100, "{tokens}");
    }
}
