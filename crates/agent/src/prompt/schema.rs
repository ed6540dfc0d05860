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

/// The usual actions with their usual arguments: these have a schema each, those with the same arguments share one. All
/// others, and these with their other arguments, share the entry of [`RARER`].
const USUAL: [(&[&str], &[&str]); 11] = [
    (&["navigate"], &["url", "newTab"]),
    (&["click", "hover", "dropdownOptions"], &["index"]),
    (&["input"], &["index", "text", "clear", "submit"]),
    (&["select"], &["index", "options"]),
    (&["sendKeys"], &["keys"]),
    (&["scroll"], &["direction", "pages", "index"]),
    (&["wait"], &["seconds", "text", "gone"]),
    (&["extract"], &["query", "index"]),
    (&["goBack", "screenshot"], &[]),
    (&["switchTab", "closeTab"], &["tab"]),
    (&["done"], &["text", "success", "data"]),
];

/// The rarer actions in a line each, after a line about their arguments. A schema each would be half of a prompt.
const RARER: &str = include_str!("rarer.md");

/// What models call the rarer forms of usual actions.
const OTHER_NAMES: [(&str, &str); 4] =
    [("clickAt", "click"), ("hoverAt", "hover"), ("extractAs", "extract"), ("extractAgain", "extract")];

/// The action of a name in the schema.
pub(crate) fn meant(name: &str) -> &str {
    OTHER_NAMES.iter().find(|(other, _)| *other == name).map_or(name, |(_, action)| action)
}

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
    let mut offered: Vec<Value> = USUAL.iter().map(|(names, arguments)| usual(actions, names, arguments)).collect();
    offered.insert(offered.len() - 1, rarer(vocabulary));
    *actions = offered;
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

/// What a model reads about an action that it asked about or used wrongly; nothing if there is no such action.
pub(crate) fn usage(name: &str) -> Option<String> {
    let action = meant(name);
    let mut schema = generated();
    let generated = actions(&mut schema).iter().find(|action_schema| name_of(action_schema) == Some(action))?;
    let arguments = &generated["properties"][action]["properties"];
    let mut text = format!("the arguments of {name} are {arguments}");
    if let Some(description) = generated["description"].as_str() {
        text.push_str(". ");
        text.push_str(description);
    }
    if action == "script" {
        text.push_str(". ");
        text.push_str(include_str!("script.md").trim_end());
    }
    Some(text)
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

/// Usual actions as models see them: the name next to the arguments, which halves the frame.
fn usual(generated: &[Value], names: &[&str], arguments: &[&str]) -> Value {
    let action = generated.iter().find(|action| name_of(action) == Some(names[0])).expect("usual actions exist");
    let all = &action["properties"][names[0]]["properties"];
    let mut properties = Map::new();
    for &argument in arguments {
        let mut schema = all[argument].clone();
        if names.len() > 1 {
            // Optional for one of the actions at most.
            if let Some(kind) = schema["type"].as_array().map(|kinds| kinds[0].clone()) {
                schema["type"] = kind;
            }
        }
        properties.insert(argument.into(), schema);
    }
    let description = if names.len() == 1 { action["description"].as_str() } else { None };
    object(names, properties, description)
}

/// The entry of all rarer actions. Their arguments are a text, since strict answers would spell out every argument of
/// all of them.
fn rarer(vocabulary: Vocabulary) -> Value {
    let (about, lines) = RARER.trim_end().split_once('\n').expect("one line about all");
    let lines: Vec<&str> = lines.lines().filter(|line| vocabulary.has(rarer_name(line))).collect();
    let names: Vec<&str> = lines.iter().map(|line| rarer_name(line)).collect();
    let arguments = Map::from_iter([("arguments".to_owned(), json!({"type": "string"}))]);
    object(&names, arguments, Some(&format!("{about}\n{}", lines.join("\n"))))
}

/// `drag` of `drag(from, to?): to an element`.
fn rarer_name(line: &str) -> &str {
    line.split('(').next().unwrap_or_default()
}

fn object(names: &[&str], arguments: Map<String, Value>, description: Option<&str>) -> Value {
    let mut properties = Map::from_iter([("action".to_owned(), json!({"type": "string", "enum": names}))]);
    properties.extend(arguments);
    let mut object = json!({"type": "object", "properties": properties, "additionalProperties": false});
    object["required"] = properties.keys().cloned().collect();
    if let Some(description) = description {
        object["description"] = description.into();
    }
    object
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

    const NONE: Vocabulary = Vocabulary { evaluate: false, script: false, ask: false, data: false };

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
    fn the_schema_names_every_action_once() {
        let mut schema = decision(Vocabulary::ALL);
        let offered = actions(&mut schema).iter().map(|action| &action["properties"]["action"]["enum"]);
        let names: Vec<&str> = offered.flat_map(|names| names.as_array().unwrap()).filter_map(Value::as_str).collect();
        let mut missing = Action::VARIANTS.to_vec();
        missing.retain(|name| !names.contains(name));
        assert!(missing.is_empty(), "{missing:?}");
        for (at, name) in names.iter().enumerate() {
            assert!(Action::VARIANTS.contains(&meant(name)) && !names[..at].contains(name), "{name}");
        }
        let mut allowed = decision(NONE);
        let rarer = actions(&mut allowed).iter().find(|action| action["properties"]["arguments"].is_object()).unwrap();
        let text = rarer.to_string();
        assert!(!["evaluate", "script(", "\"script\""].iter().any(|word| text.contains(word)), "{text}");
    }

    #[test]
    fn the_lines_of_rarer_actions_have_their_arguments() {
        let mut schema = generated();
        let actions = actions(&mut schema);
        for line in RARER.trim_end().lines().skip(1) {
            let name = rarer_name(line);
            let (arguments, _) = line[name.len() + 1..].split_once(')').unwrap();
            let action = actions.iter().find(|action| name_of(action) == Some(meant(name))).unwrap();
            let known = action["properties"][meant(name)]["properties"].as_object().unwrap();
            let mut named = Vec::new();
            for argument in arguments.split(", ").filter(|argument| !argument.is_empty()) {
                let schema = &known[argument.trim_end_matches('?')];
                assert!(!argument.ends_with('?') || schema["type"].is_array(), "{line}");
                named.push(argument.trim_end_matches('?'));
            }
            // All that cannot be left out.
            let needed = known.iter().filter(|(_, schema)| !schema["type"].is_array());
            assert!(needed.clone().all(|(argument, _)| named.contains(&argument.as_str())), "{line}");
        }
    }

    #[test]
    fn optional_arguments_are_nullable() {
        let schema = decision(Vocabulary::ALL);
        let actions = schema["properties"]["actions"]["items"]["anyOf"].as_array().unwrap();
        let arguments = |name: &str| {
            let names = |action: &Value| action["properties"]["action"]["enum"].as_array().cloned().unwrap_or_default();
            let action = actions.iter().find(|action| names(action).contains(&json!(name)));
            &action.unwrap()["properties"]
        };
        assert_eq!(arguments("navigate")["newTab"]["type"], json!(["boolean", "null"]));
        assert_eq!(arguments("scroll")["index"]["type"], json!(["integer", "null"]));
        assert_eq!(arguments("hover")["index"]["type"], json!("integer"));
        assert_eq!(arguments("goBack").as_object().unwrap().len(), 1);
        assert_eq!(arguments("click")["index"]["type"], json!("integer"));
        assert_eq!(arguments("closeTab")["tab"]["type"], json!("integer"));
        assert_eq!(arguments("clickAt")["arguments"], json!({"type": "string"}));
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
        assert!(tokens <= 1_150, "{tokens}");
    }
}
