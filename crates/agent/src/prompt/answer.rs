//! Parses a model's answer. Repairs what is unambiguous; any other error tells the model what to change.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use strum::VariantNames as _;

use super::schema;
use crate::action::Action;
use crate::planner::Decision;
use crate::text::{one_line, shorten};

/// Longest answer parsed, in bytes.
const MAX_ANSWER: usize = 64 * 1024;
/// More are taken for a mistake.
const MAX_ACTIONS: usize = 32;
/// Longest evaluation, memory or goal kept, in characters.
const MAX_THOUGHT: usize = 1_000;
/// Positions tried as the start of a decision.
const MAX_STARTS: usize = 32;
/// How deep JSON may be wrapped in JSON strings.
const MAX_WRAPPING: usize = 3;

/// The keys of a decision except its actions.
const THOUGHTS: [&str; 3] = ["evaluationPreviousGoal", "memory", "nextGoal"];

/// Why an answer is unusable, as the model reads it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum AnswerError {
    #[error("it is longer than {MAX_ANSWER} bytes")]
    TooLong,
    #[error("it is not JSON ({detail})")]
    NotJson { detail: String },
    #[error("it is not an object with \"actions\"")]
    NotADecision,
    #[error("it has {count} actions, more than {MAX_ACTIONS}")]
    TooManyActions { count: usize },
    #[error("\"actions\" is empty")]
    NoActions,
    #[error("action {number} is wrong: {detail}")]
    BadAction { number: usize, detail: String },
    #[error("only the action \"done\" is allowed now")]
    NotDone,
}

/// Parses a decision. With `only_done`, other actions are dropped and an answer without `done` is an error.
pub(crate) fn parse(text: &str, only_done: bool) -> Result<Decision, AnswerError> {
    if text.len() > MAX_ANSWER {
        return Err(AnswerError::TooLong);
    }
    let mut decision = decision_from(json_in(text, MAX_WRAPPING)?)?;
    if decision.actions.is_empty() {
        return Err(AnswerError::NoActions);
    }
    if only_done {
        decision.actions.retain(|action| matches!(action, Action::Done { .. }));
        if decision.actions.is_empty() {
            return Err(AnswerError::NotDone);
        }
    }
    Ok(decision)
}

/// Parses the first JSON object of any other answer.
pub(crate) fn json<T: DeserializeOwned>(text: &str) -> Result<T, AnswerError> {
    let text = after_thinking(text);
    let from = text.find('{').map_or(text, |at| &text[at..]);
    first_value(from).map_err(|error| not_json(Some(error)))?.ok_or_else(|| not_json(None))
}

fn not_json(error: Option<serde_json::Error>) -> AnswerError {
    let detail = error.map_or("no object in it".to_owned(), |error| one_line(&error.to_string(), 200));
    AnswerError::NotJson { detail }
}

/// The first JSON value that may be a decision, ignoring code fences, prefaces and remarks. Unwraps JSON in JSON strings.
fn json_in(text: &str, wrapping: usize) -> Result<Value, AnswerError> {
    let text = after_thinking(text).trim_start();
    if wrapping > 0
        && text.starts_with('"')
        && let Some(Value::String(inner)) = first_value(text).ok().flatten()
    {
        return json_in(&inner, wrapping - 1);
    }
    let mut broken = None;
    for (at, _) in text.match_indices(['{', '[']).take(MAX_STARTS) {
        match first_value(&text[at..]) {
            // After broken JSON only a whole decision counts: a lone action may be part of what broke.
            Ok(Some(value)) if is_decision(&value) || (broken.is_none() && is_bare_actions(&value)) => {
                return Ok(value);
            }
            Ok(Some(_)) if broken.is_none() => return Err(AnswerError::NotADecision),
            Ok(_) => {}
            Err(error) => {
                broken.get_or_insert(error);
            }
        }
    }
    Err(not_json(broken))
}

/// Parses one value and ignores what follows.
fn first_value<T: DeserializeOwned>(text: &str) -> Result<Option<T>, serde_json::Error> {
    serde_json::Deserializer::from_str(text).into_iter().next().transpose()
}

/// The text after a `<think>` block, which may contain braces.
fn after_thinking(text: &str) -> &str {
    text.trim_start()
        .strip_prefix("<think>")
        .and_then(|rest| rest.split_once("</think>"))
        .map_or(text, |(_, rest)| rest)
}

fn is_decision(value: &Value) -> bool {
    match value {
        Value::Object(object) => object.keys().any(|key| matches!(camel_case(key).as_str(), "actions" | "action")),
        // Some models wrap the decision in a list.
        Value::Array(items) => matches!(items.as_slice(), [only] if only.is_object() && is_decision(only)),
        _ => false,
    }
}

/// Whether it is an action, or a list of actions, without a decision around it.
fn is_bare_actions(value: &Value) -> bool {
    match value {
        Value::Object(object) => is_action(object) || object.keys().any(|key| is_action_name(&camel_case(key))),
        Value::Array(items) => items.first().is_some_and(|item| item.is_object() && is_bare_actions(item)),
        _ => false,
    }
}

fn decision_from(value: Value) -> Result<Decision, AnswerError> {
    let value = match value {
        Value::Array(mut items) if items.len() == 1 && is_decision(&items[0]) => items.remove(0),
        value => value,
    };
    let mut object = match value {
        Value::Object(object) => camel_case_keys(object),
        actions => Map::from_iter([("actions".to_owned(), actions)]),
    };
    let actions = match object.remove("actions") {
        Some(actions) => actions,
        // A lone action, with thoughts next to its arguments.
        None if is_action(&object) => {
            let mut action = object.clone();
            action.retain(|key, _| !THOUGHTS.contains(&key.as_str()));
            Value::Object(action)
        }
        None if object.contains_key("action") => object.remove("action").unwrap_or_default(),
        None => {
            let bare = object.iter().filter(|(key, _)| is_action_name(key));
            Value::Object(bare.map(|(key, arguments)| (key.clone(), arguments.clone())).collect())
        }
    };
    let [evaluation_previous_goal, memory, next_goal] =
        THOUGHTS.map(|key| thought_from(object.remove(key).unwrap_or_default()));
    Ok(Decision { evaluation_previous_goal, memory, next_goal, actions: actions_from(actions)? })
}

fn thought_from(value: Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => shorten(text.trim(), MAX_THOUGHT),
        other => shorten(&other.to_string(), MAX_THOUGHT),
    }
}

fn actions_from(value: Value) -> Result<Vec<Action>, AnswerError> {
    let items = match value {
        Value::Null => Vec::new(),
        Value::Array(items) => items,
        Value::String(text) if !is_action_name(&camel_case(text.trim())) => match json_in(&text, 0)? {
            Value::Array(items) => items,
            item => vec![item],
        },
        item => vec![item],
    };
    if items.len() > MAX_ACTIONS {
        return Err(AnswerError::TooManyActions { count: items.len() });
    }
    (1..)
        .zip(items)
        .map(|(number, item)| action_from(item).map_err(|detail| AnswerError::BadAction { number, detail }))
        .collect()
}

fn action_from(value: Value) -> Result<Action, String> {
    let (name, arguments) = match value {
        // An action without arguments, as its name.
        Value::String(name) => (camel_case(name.trim()), Value::Null),
        Value::Object(object) if named(&object).is_some() => {
            let name = named(&object).expect("just asked");
            let mut arguments = object;
            arguments.retain(|key, value| camel_case(key) != "action" && !value.is_null());
            let arguments = match arguments.shift_remove("arguments") {
                Some(written) => written_out(&name, written, arguments)?,
                None => arguments,
            };
            (name, Value::Object(arguments))
        }
        // As events and our own types write it: the name is the key.
        Value::Object(object) => {
            // Some models list every action and set the others to null.
            let mut meant: Vec<_> = camel_case_keys(object).into_iter().collect();
            if meant.len() > 1 {
                meant.retain(|(_, arguments)| !arguments.is_null());
            }
            match <[_; 1]>::try_from(meant) {
                Ok([single]) => single,
                Err(several) => return Err(format!("an action is an object with one key, this has {}", several.len())),
            }
        }
        _ => return Err("an action is an object with one key".into()),
    };
    let arguments = match arguments {
        Value::Null => Map::new(),
        Value::Object(arguments) => arguments_from(arguments),
        _ => return Err(format!("\"{}\" needs an object", one_line(&name, 40))),
    };
    let action = Map::from_iter([(schema::meant(&name).to_owned(), Value::Object(arguments))]);
    serde_json::from_value(Value::Object(action)).map_err(|error| {
        let problem = one_line(&error.to_string(), 300);
        schema::usage(&name).map_or(problem.clone(), |usage| format!("{problem}; {usage}"))
    })
}

/// The arguments of a rarer action, which the schema offers as a text. A script needs no object around it, and what
/// stands beside the text counts as well.
fn written_out(name: &str, written: Value, beside: Map<String, Value>) -> Result<Map<String, Value>, String> {
    let mut arguments = match written {
        Value::Object(object) => object,
        Value::String(text) => match first_value(text.trim_start()) {
            Ok(Some(Value::Object(object))) => object,
            Ok(None | Some(Value::Null)) => Map::new(),
            _ if name == "script" && text.trim() != "help" => Map::from_iter([("code".to_owned(), text.into())]),
            _ => return Err(schema::usage(name).unwrap_or_else(|| "\"arguments\" is not a JSON object".to_owned())),
        },
        _ => return Err("\"arguments\" is not a JSON object".into()),
    };
    arguments.retain(|_, value| !value.is_null());
    arguments.extend(beside);
    Ok(arguments)
}

/// The name of an action in the schema's form: `{"action": "click", "index": 41}`.
fn named(object: &Map<String, Value>) -> Option<String> {
    object.iter().find(|(key, _)| camel_case(key) == "action")?.1.as_str().map(|name| camel_case(name.trim()))
}

fn is_action(object: &Map<String, Value>) -> bool {
    named(object).is_some_and(|name| is_action_name(&name))
}

fn arguments_from(arguments: Map<String, Value>) -> Map<String, Value> {
    let mut arguments = camel_case_keys(arguments);
    for name in ["index", "from", "to"] {
        arguments.get_mut(name).into_iter().for_each(repair_index);
    }
    for name in ["button", "modifiers"] {
        arguments.get_mut(name).into_iter().for_each(lower_case);
    }
    if let Some(options) = arguments.get_mut("options")
        && options.is_string()
    {
        *options = Value::Array(vec![options.take()]);
    }
    arguments
}

/// Turns `"41"`, `"[41]"` and `41.0` into 41.
fn repair_index(index: &mut Value) {
    let number = match &*index {
        Value::String(text) => text.trim().trim_start_matches('[').trim_end_matches(']').parse::<u32>().ok(),
        Value::Number(number) => {
            number.as_f64().filter(|n| n.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(n)).map(|n| n as u32)
        }
        _ => None,
    };
    if let Some(number) = number {
        *index = Value::from(number);
    }
}

/// Turns `"Control"` into `"control"`.
fn lower_case(word: &mut Value) {
    match word {
        Value::String(text) => *text = text.to_lowercase(),
        Value::Array(words) => words.iter_mut().for_each(lower_case),
        _ => {}
    }
}

fn is_action_name(key: &str) -> bool {
    Action::VARIANTS.contains(&schema::meant(key))
}

fn camel_case_keys(object: Map<String, Value>) -> Map<String, Value> {
    object.into_iter().map(|(key, value)| (camel_case(&key), value)).collect()
}

/// `next_goal` as `nextGoal`.
fn camel_case(key: &str) -> String {
    let mut out = String::with_capacity(key.len());
    let mut upper = false;
    for c in key.chars() {
        match c {
            '_' | '-' if !out.is_empty() => upper = true,
            c if upper => {
                out.extend(c.to_uppercase());
                upper = false;
            }
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::action::{Modifier, MouseButton, ScrollDirection};
    use crate::observation::ElementIndex;

    const PLAIN: &str =
        r#"{"evaluationPreviousGoal":"ok","memory":"m","nextGoal":"g","actions":[{"click":{"index":41}}]}"#;

    fn click(index: u32) -> Action {
        Action::click(ElementIndex(index))
    }

    #[track_caller]
    fn actions(text: &str) -> Vec<Action> {
        parse(text, false).unwrap_or_else(|error| panic!("{error}: {text}")).actions
    }

    #[track_caller]
    fn error(text: &str) -> String {
        parse(text, false).unwrap_err().to_string()
    }

    #[test]
    fn an_answer_that_matches_the_schema_is_accepted_as_is() {
        let decision = parse(PLAIN, false).unwrap();
        assert_eq!(decision.evaluation_previous_goal, "ok");
        assert_eq!(decision.memory, "m");
        assert_eq!(decision.next_goal, "g");
        assert_eq!(decision.actions, [click(41)]);
    }

    #[test]
    fn both_the_schema_form_and_the_type_form_are_parsed() {
        let text = r#"{"actions":[{"action":"click","index":41},{"action":"clickAt","index":null,"x":3,"y":4,"count":2},
            {"action":"goBack"},{"action":"send_keys","keys":"Enter"},{"scroll":{"direction":"down"}}]}"#;
        let at =
            Action::Click { index: None, x: Some(3.0), y: Some(4.0), button: None, count: Some(2), modifiers: None };
        let keys = Action::keys("Enter");
        let scroll = Action::Scroll { direction: ScrollDirection::Down, pages: None, index: None };
        assert_eq!(actions(text), [click(41), at, Action::GoBack {}, keys, scroll]);
        for bare in [
            r#"{"action":"click","index":41}"#,
            r#"{"memory":"m","action":"click","index":"[41]"}"#,
            r#"[{"action":"click","index":41}]"#,
            r#"{"actions":{"action":"click","index":41}}"#,
        ] {
            assert_eq!(actions(bare), [click(41)], "{bare}");
        }
        let several = actions(r#"[{"action":"click","index":41},{"action":"goBack"}]"#);
        assert_eq!(several, [click(41), Action::GoBack {}]);
    }

    #[test]
    fn the_arguments_of_rarer_actions_are_a_text() {
        let drag = Action::Drag {
            from: ElementIndex(3).into(),
            x: None,
            y: None,
            to: Some(ElementIndex(5).into()),
            to_x: None,
            to_y: None,
            path: None,
        };
        for text in [
            r#"[{"action":"drag","arguments":"{\"from\":3,\"to\":5,\"path\":null}"}]"#,
            r#"[{"action":"drag","arguments":{"from":"[3]","to":5}}]"#,
            r#"[{"action":"drag","from":3,"to":5}]"#,
            r#"[{"action":"drag","arguments":"{\"from\":3}","to":5}]"#,
        ] {
            assert_eq!(actions(text), std::slice::from_ref(&drag), "{text}");
        }
        let text = r#"[{"action":"savePdf","arguments":""},{"action":"click","arguments":"{\"index\":41}"},
            {"action":"extractAgain","arguments":"{\"again\":2}"},{"action":"script","arguments":"return 'a'"},
            {"action":"script","arguments":"{\"code\":\"return 1\"}"},
            {"action":"clickAt","arguments":"{\"index\":4,\"button\":\"Right\",\"modifiers\":[\"Control\"]}"}]"#;
        let again = Action::Extract { query: None, schema: None, index: None, again: Some(2) };
        let script = |code: &str| Action::Script { code: code.into() };
        let right = Action::Click {
            index: Some(ElementIndex(4).into()),
            x: None,
            y: None,
            button: Some(MouseButton::Right),
            count: None,
            modifiers: Some(vec![Modifier::Control]),
        };
        let expected = [Action::SavePdf {}, click(41), again, script("return 'a'"), script("return 1"), right];
        assert_eq!(actions(text), expected);
    }

    #[test]
    fn an_action_that_is_asked_about_or_used_wrongly_is_explained() {
        let asked = error(r#"[{"action":"drag","arguments":"help"}]"#);
        assert!(asked.starts_with("action 1 is wrong: the arguments of drag are {\"from\":"), "{asked}");
        assert!(asked.contains("along a path"), "{asked}");
        assert!(error(r#"[{"action":"script","arguments":"help"}]"#).contains("find(words) the elements in view"));
        let wrong = error(r#"[{"action":"upload","arguments":"{\"index\":3,\"path\":\"a.pdf\"}"}]"#);
        assert!(wrong.contains("unknown field `path`") && wrong.contains("\"files\":{\"type\":\"array\""), "{wrong}");
    }

    #[test]
    fn nulls_of_a_strict_schema_are_omitted_arguments() {
        let text =
            r#"{"memory":null,"actions":[{"scroll":{"direction":"down","pages":null,"index":null}},{"goBack":{}}]}"#;
        assert_eq!(actions(text)[0].index(), None);
        assert_eq!(actions(text)[1], Action::GoBack {});
    }

    #[test]
    fn fences_prefaces_and_trailing_text_are_ignored() {
        for text in [
            format!("```json\n{PLAIN}\n```"),
            format!("Here is {{my}} answer: {PLAIN} Hope it helps {{}}"),
            format!("{PLAIN}\n{PLAIN}"),
            format!("<think>maybe {{\"actions\":[]}}</think>\n{PLAIN}"),
            format!("\u{feff}{PLAIN}"),
            format!("[{PLAIN}]"),
        ] {
            assert_eq!(actions(&text), [click(41)], "{text}");
        }
    }

    #[test]
    fn json_in_json_strings_is_unwrapped() {
        let once = serde_json::to_string(PLAIN).unwrap();
        let twice = serde_json::to_string(&once).unwrap();
        assert_eq!(actions(&once), [click(41)]);
        assert_eq!(actions(&twice), [click(41)]);
        assert_eq!(actions(r#"{"actions":"[{\"click\":{\"index\":41}}]"}"#), [click(41)]);
    }

    #[test]
    fn unambiguous_mistakes_are_repaired() {
        assert_eq!(actions(r#"{"actions":{"click":{"index":41}}}"#), [click(41)]);
        assert_eq!(actions(r#"{"action":[{"click":{"index":41}}]}"#), [click(41)]);
        assert_eq!(actions(r#"{"click":{"index":41}}"#), [click(41)]);
        assert_eq!(actions(r#"[{"click":{"index":41}},{"click":{"index":42}}]"#), [click(41), click(42)]);
        assert_eq!(actions(r#"{"actions":[{"click":{"index":"[41]"}}]}"#), [click(41)]);
        assert_eq!(actions(r#"{"actions":[{"click":{"index":41.0},"done":null}]}"#), [click(41)]);
        assert_eq!(actions(r#"{"actions":["go_back",{"go_back":null}]}"#), [Action::GoBack {}, Action::GoBack {}]);
        let options = vec!["Red".to_owned()];
        assert_eq!(
            actions(r#"{"actions":[{"select":{"index":1,"options":"Red"}}]}"#),
            [Action::Select { index: ElementIndex(1).into(), options }]
        );
        let decision = parse(
            r#"{"thinking":"..","next_goal":"g","memory":["a"],"actions":[{"send_keys":{"keys":"Enter"}}]}"#,
            false,
        );
        let decision = decision.unwrap();
        assert_eq!((decision.next_goal.as_str(), decision.memory.as_str()), ("g", "[\"a\"]"));
        assert_eq!(decision.actions, [Action::keys("Enter")]);
    }

    #[test]
    fn a_truncated_answer_is_not_partially_executed() {
        for cut in 1..PLAIN.len() {
            assert!(parse(&PLAIN[..cut], false).is_err(), "{}", &PLAIN[..cut]);
        }
        error(r#"{"actions":[{"click":{"index":1}},{"done":{"text":"all good","success":tr"#);
        error(r#"[{"click":{"index":1}},{"click":{"#);
    }

    #[test]
    fn errors_tell_the_model_what_is_wrong() {
        assert_eq!(error(""), "it is not JSON (no object in it)");
        assert_eq!(error("I clicked it."), "it is not JSON (no object in it)");
        assert_eq!(error("{\"a\":1}"), "it is not an object with \"actions\"");
        assert_eq!(error("{\"actions\":[]}"), "\"actions\" is empty");
        assert_eq!(error("{\"actions\":[{\"click\":7}]}"), "action 1 is wrong: \"click\" needs an object");
        let missing = error(r#"{"actions":[{"goBack":{}},{"hover":{}}]}"#);
        assert!(
            missing.starts_with("action 2 is wrong: missing field `index`; the arguments of hover are {"),
            "{missing}"
        );
        assert!(error(r#"{"actions":[{"fly":{}}]}"#).starts_with("action 1 is wrong: unknown variant `fly`, expected"));
        assert!(error(r#"{"actions":[{"click":{"index":1,"z":2}}]}"#).contains("unknown field `z`"));
        assert_eq!(
            error(r#"{"actions":[{"click":{"index":1},"goBack":{}}]}"#),
            "action 1 is wrong: an action is an object with one key, this has 2"
        );
    }

    #[test]
    fn a_final_call_keeps_only_done() {
        let mixed = r#"{"actions":[{"click":{"index":1}},{"done":{"text":"t","success":true}}]}"#;
        assert_eq!(parse(mixed, true).unwrap().actions, [Action::done("t", true)]);
        assert_eq!(parse(PLAIN, true), Err(AnswerError::NotDone));
    }

    #[test]
    fn size_and_counts_are_bounded() {
        assert_eq!(parse(&" ".repeat(MAX_ANSWER + 1), false), Err(AnswerError::TooLong));
        let many = format!(r#"{{"actions":[{}]}}"#, vec![r#"{"goBack":{}}"#; 33].join(","));
        assert_eq!(parse(&many, false), Err(AnswerError::TooManyActions { count: 33 }));
        let long = format!(r#"{{"memory":"{}","actions":[{{"goBack":{{}}}}]}}"#, "m".repeat(20_000));
        assert_eq!(parse(&long, false).unwrap().memory.chars().count(), MAX_THOUGHT);
        let deep = "[".repeat(60_000);
        assert!(parse(&deep, false).is_err());
        assert!(error(&format!(r#"{{"actions":[{{"{}":{{}}}}]}}"#, "x".repeat(9_000))).len() < 400);
    }

    #[test]
    fn every_action_survives_a_wire_round_trip() {
        for action in [
            Action::Navigate { url: "https://a.example".into(), new_tab: Some(true) },
            Action::Search { query: "q".into(), engine: None },
            Action::Wait { seconds: Some(1.5), text: None, gone: None, selector: None, url: None },
            Action::Extract { query: Some("price".into()), schema: None, index: None, again: None },
            Action::Screenshot {},
            Action::AnswerDialog { accept: true, text: Some("x".into()) },
            Action::Input { index: ElementIndex(3).into(), text: "x".into(), clear: Some(false), submit: None },
        ] {
            let decision = Decision { actions: vec![action], ..Decision::default() };
            assert_eq!(parse(&serde_json::to_string(&decision).unwrap(), false), Ok(decision));
        }
    }

    /// JSON-like text: what models break in practice is nearer to this than to noise.
    fn jsonish() -> impl Strategy<Value = String> {
        let token = prop::sample::select(vec![
            "{",
            "}",
            "[",
            "]",
            ":",
            ",",
            "\"",
            "\\",
            "\"actions\"",
            "\"click\"",
            "\"index\"",
            "\"done\"",
            "null",
            "41",
            "-1",
            "1e999",
            "true",
            "```",
            "<think>",
            "</think>",
            "\"next_goal\"",
            "é",
            "\u{0}",
            " ",
            "\"text\"",
        ]);
        prop::collection::vec(token, 0..60).prop_map(|tokens| tokens.concat())
    }

    proptest! {
        #[test]
        fn parsing_any_answer_does_not_panic(noise in any::<String>(), text in jsonish(), only_done: bool) {
            let _ = parse(&noise, only_done);
            let _ = parse(&text, only_done);
        }

        #[test]
        fn parsing_a_damaged_answer_does_not_panic(at in 0..PLAIN.len(), with in "[\\[{\"'}\\]:,0-9a-z]{0,3}") {
            let _ = parse(&format!("{}{with}{}", &PLAIN[..at], &PLAIN[at..]), false);
        }
    }
}
