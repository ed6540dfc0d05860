//! The JSON Schema of a decision, generated from its type, in the strict subset of providers: every property required,
//! optional ones nullable, no additional ones.

use schemars::Schema;
use schemars::generate::SchemaSettings;
use schemars::transform::RecursiveTransform;
use serde_json::{Map, Value, json};

use crate::planner::Decision;
use crate::vocabulary::Vocabulary;

/// The name of the schema in requests.
pub(crate) const NAME: &str = "decision";

/// A click with all arguments. `click` itself has an index only: strict answers spell out every argument, and five nulls
/// per click cost time.
pub(crate) const CLICK_AT: &str = "clickAt";

/// The schema of a decision with the actions of a vocabulary.
pub(crate) fn decision(vocabulary: Vocabulary) -> Value {
    let mut schema = generated();
    // The system prompt explains the frame.
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
    let actions = actions(&mut schema);
    actions.retain(|action| name_of(action).is_some_and(|name| vocabulary.has(name)));
    *actions = actions.iter().flat_map(offered).collect();
    if !vocabulary.data {
        leave_out_data(actions);
    }
    schema
}

/// The schema of a decision that can only be `done`.
pub(crate) fn done_only(vocabulary: Vocabulary) -> Value {
    let mut schema = decision(vocabulary);
    actions(&mut schema).retain(is_done);
    schema
}

/// The schema of the types: an action is an object with its name as the key.
fn generated() -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| settings.inline_subschemas = true);
    let generator = settings.with_transform(RecursiveTransform(make_strict)).into_generator();
    generator.into_root_schema_for::<Decision>().to_value()
}

fn name_of(generated: &Value) -> Option<&str> {
    generated.pointer("/required/0")?.as_str()
}

/// An action as models see it: the name next to the arguments, which halves the frame.
fn offered(generated: &Value) -> Vec<Value> {
    let name = name_of(generated).expect("an action has a name");
    let arguments = generated["properties"][name]["properties"].as_object().expect("its arguments are an object");
    let description = &generated["description"];
    let object = |name: &str, description: &Value, arguments: &Map<String, Value>| {
        let mut properties = Map::from_iter([("action".to_owned(), json!({"type": "string", "enum": [name]}))]);
        properties.extend(arguments.clone());
        let mut object = json!({"type": "object", "properties": properties, "additionalProperties": false});
        object["required"] = properties.keys().cloned().collect();
        if description.is_string() {
            object["description"] = description.clone();
        }
        object
    };
    if name != "click" {
        return vec![object(name, description, arguments)];
    }
    let index = Map::from_iter([("index".to_owned(), json!({"type": "integer"}))]);
    vec![object(name, &Value::Null, &index), object(CLICK_AT, description, arguments)]
}

fn is_done(offered: &Value) -> bool {
    offered["properties"]["action"]["enum"][0] == "done"
}

fn leave_out_data(actions: &mut [Value]) {
    let done = actions.iter_mut().find(|action| is_done(action)).expect("there is the action done");
    done["properties"].as_object_mut().expect("it has properties").shift_remove("data");
    done["required"].as_array_mut().expect("all are required").retain(|name| name != "data");
}

fn actions(schema: &mut Value) -> &mut Vec<Value> {
    schema
        .pointer_mut("/properties/actions/items/anyOf")
        .and_then(Value::as_array_mut)
        .expect("an action is one of several")
}

fn make_strict(schema: &mut Schema) {
    let Some(object) = schema.as_object_mut() else { return };
    // Unknown to the strict subset, or tokens without meaning.
    for key in ["$schema", "title", "default", "minimum", "maximum", "minItems", "maxItems"] {
        object.shift_remove(key);
    }
    // The system prompt explains indices.
    if object.shift_remove("format").is_some_and(|format| format == "uint32") {
        object.shift_remove("description");
    }
    // A pair becomes a list.
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
}

#[cfg(test)]
mod tests {
    use strum::VariantNames as _;

    use super::*;
    use crate::action::Action;
    use crate::text::estimate_tokens;

    const NONE: Vocabulary = Vocabulary { evaluate: false, script: false, data: false };

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
        for schema in [decision(NONE), done_only(NONE), decision(Vocabulary::ALL), done_only(Vocabulary::ALL)] {
            let mut seen = 0;
            each_object(&schema, &mut |object| {
                seen += 1;
                assert_eq!(object["additionalProperties"], json!(false));
                let properties: Vec<_> = object["properties"].as_object().unwrap().keys().cloned().collect();
                assert_eq!(object["required"], json!(properties));
            });
            assert!(seen >= 2);
        }
    }

    #[test]
    fn only_the_strict_subset_is_used() {
        let text = decision(Vocabulary::ALL).to_string();
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
    fn thoughts_come_before_actions() {
        let schema = decision(Vocabulary::ALL);
        let names: Vec<_> = schema["properties"].as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(names, ["evaluationPreviousGoal", "memory", "nextGoal", "actions"]);
    }

    #[test]
    fn the_schema_names_every_action() {
        let mut schema = generated();
        let names: Vec<_> = actions(&mut schema).iter().filter_map(name_of).collect();
        assert!(names.len() >= 12 && names.contains(&"sendKeys"));
        assert_eq!(names, Action::VARIANTS);
    }

    #[test]
    fn optional_arguments_are_nullable() {
        let schema = decision(Vocabulary::ALL);
        let actions = schema["properties"]["actions"]["items"]["anyOf"].as_array().unwrap();
        let arguments = |name: &str| {
            let action = actions.iter().find(|action| action["properties"]["action"]["enum"][0] == name);
            &action.unwrap()["properties"]
        };
        assert_eq!(arguments("navigate")["newTab"]["type"], json!(["boolean", "null"]));
        assert_eq!(arguments("scroll")["index"]["type"], json!(["integer", "null"]));
        assert_eq!(arguments("hover")["index"]["type"], json!("integer"));
        assert_eq!(arguments("goBack").as_object().unwrap().len(), 1);
        assert_eq!(arguments("click")["index"]["type"], json!("integer"));
        assert_eq!(arguments("clickAt")["index"]["type"], json!(["integer", "null"]));
    }

    #[test]
    fn done_carries_data_if_an_output_is_requested() {
        let done = |schema: Value| schema["properties"]["actions"]["items"]["anyOf"][0].clone();
        assert_eq!(done(done_only(NONE))["required"], json!(["action", "text", "success"]));
        let with_data = done(done_only(Vocabulary::ALL));
        assert_eq!(with_data["required"], json!(["action", "text", "success", "data"]));
        assert_eq!(with_data["properties"]["data"]["type"], json!(["string", "null"]));
    }

    #[test]
    fn the_final_call_only_allows_done() {
        let schema = done_only(Vocabulary::ALL);
        let actions = schema["properties"]["actions"]["items"]["anyOf"].as_array().unwrap();
        assert_eq!(actions.len(), 1);
        assert_eq!(actions[0]["properties"]["action"]["enum"], json!(["done"]));
    }

    #[test]
    fn the_schema_is_small() {
        let usual = Vocabulary { script: true, ..NONE };
        let tokens = estimate_tokens(&decision(usual).to_string());
        println!("schema: {tokens} tokens; done only: {}", estimate_tokens(&done_only(usual).to_string()));
        assert!(tokens <= 2_100, "{tokens}");
    }
}
