//! A strict JSON Schema in the two subsets that the API supports.

use serde_json::{Map, Value, json};

/// For `responseJsonSchema`, which takes most of JSON Schema. The order of the properties is explicit: older models
/// would generate them alphabetically, and thus act before they think.
pub(super) fn json_schema(schema: &Value) -> Value {
    convert(schema, &|object| object)
}

/// For `responseSchema`, which takes a subset of OpenAPI 3.0: a single type with `nullable`, no `additionalProperties`,
/// and no object without properties. What could only be `{}` becomes null.
pub(super) fn open_api(schema: &Value) -> Value {
    convert(schema, &|mut object| {
        object.shift_remove("additionalProperties");
        if let Some(Value::Array(mut variants)) = object.shift_remove("anyOf") {
            variants.retain(|variant| {
                let is_null = is_null(variant);
                if is_null {
                    object.insert("nullable".into(), json!(true));
                }
                !is_null
            });
            match (variants.len(), variants.pop()) {
                (1, Some(Value::Object(only))) => object.extend(only),
                (_, Some(last)) => {
                    variants.push(last);
                    object.insert("anyOf".into(), variants.into());
                }
                (_, None) => {}
            }
        }
        if let Some(Value::Array(types)) = object.get("type") {
            let (nulls, others): (Vec<_>, Vec<_>) = types.iter().cloned().partition(|kind| kind == "null");
            if !nulls.is_empty() {
                object.insert("nullable".into(), json!(true));
            }
            // Several types other than null can only be written as alternatives.
            match <[Value; 1]>::try_from(others) {
                Ok([kind]) => object.insert("type".into(), kind),
                Err(kinds) => {
                    object.shift_remove("type");
                    let variants: Vec<_> = kinds.into_iter().map(|kind| json!({"type": kind})).collect();
                    object.insert("anyOf".into(), variants.into())
                }
            };
        }
        if let Some(Value::Array(values)) = object.get_mut("enum") {
            values.retain(|value| !value.is_null());
        }
        let is_empty =
            |object: &Map<String, Value>| object.get("properties").and_then(Value::as_object).is_none_or(Map::is_empty);
        if object.get("type").is_some_and(|kind| kind == "object") && is_empty(&object) {
            return Map::from_iter([("type".to_owned(), json!("null"))]);
        }
        object
    })
}

fn is_null(schema: &Value) -> bool {
    schema.as_object().is_some_and(|object| object.len() == 1) && schema["type"] == "null"
}

/// Applies `change` to every schema in the schema, innermost first.
fn convert(schema: &Value, change: &impl Fn(Map<String, Value>) -> Map<String, Value>) -> Value {
    let Value::Object(object) = schema else { return schema.clone() };
    let mut object = object.clone();
    if let Some(value) = object.shift_remove("const") {
        object.insert("enum".into(), json!([value]));
    }
    if let Some(Value::Object(properties)) = object.get_mut("properties") {
        properties.values_mut().for_each(|property| *property = convert(property, change));
        let names: Vec<_> = properties.keys().cloned().collect();
        if names.len() > 1 {
            object.insert("propertyOrdering".into(), json!(names));
        }
    }
    if let Some(items) = object.get_mut("items") {
        *items = convert(items, change);
    }
    if let Some(Value::Array(variants)) = object.get_mut("anyOf") {
        variants.iter_mut().for_each(|variant| *variant = convert(variant, change));
    }
    change(object).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decision() -> Value {
        json!({
            "type": "object",
            "properties": {
                "memory": {"type": ["string", "null"], "description": "what"},
                "actions": {"type": "array", "items": {"anyOf": [
                    {"type": "object", "properties": {"goBack": {
                        "type": "object", "properties": {}, "required": [], "additionalProperties": false,
                    }}, "required": ["goBack"], "additionalProperties": false},
                    {"type": "object", "properties": {"scroll": {
                        "type": "object",
                        "properties": {
                            "direction": {"type": "string", "enum": ["up", "down"]},
                            "engine": {"anyOf": [{"type": "string", "enum": ["a"]}, {"type": "null"}]},
                        },
                        "required": ["direction", "engine"],
                        "additionalProperties": false,
                    }}, "required": ["scroll"], "additionalProperties": false},
                ]}},
            },
            "required": ["memory", "actions"],
            "additionalProperties": false,
        })
    }

    #[test]
    fn json_schema_keeps_its_keywords_and_gains_the_order() {
        let schema = json_schema(&decision());
        assert_eq!(schema["propertyOrdering"], json!(["memory", "actions"]));
        assert_eq!(schema["additionalProperties"], json!(false));
        assert_eq!(schema["properties"]["memory"], decision()["properties"]["memory"]);
        assert_eq!(json_schema(&json!({"const": "x"})), json!({"enum": ["x"]}));
    }

    #[test]
    fn open_api_has_single_types_and_no_empty_object() {
        let schema = open_api(&decision());
        assert_eq!(
            schema,
            json!({
                "type": "object",
                "properties": {
                    "memory": {"type": "string", "description": "what", "nullable": true},
                    "actions": {"type": "array", "items": {"anyOf": [
                        {"type": "object", "properties": {"goBack": {"type": "null"}}, "required": ["goBack"]},
                        {"type": "object", "properties": {"scroll": {
                            "type": "object",
                            "properties": {
                                "direction": {"type": "string", "enum": ["up", "down"]},
                                "engine": {"nullable": true, "type": "string", "enum": ["a"]},
                            },
                            "required": ["direction", "engine"],
                            "propertyOrdering": ["direction", "engine"],
                        }}, "required": ["scroll"]},
                    ]}},
                },
                "required": ["memory", "actions"],
                "propertyOrdering": ["memory", "actions"],
            })
        );
    }

    #[test]
    fn any_value_as_a_schema_does_not_panic() {
        for schema in [json!(true), json!({}), json!({"type": ["string", "integer"]}), json!({"anyOf": []}), json!([1])]
        {
            open_api(&schema);
            json_schema(&schema);
        }
        assert_eq!(
            open_api(&json!({"type": ["string", "integer", "null"]})),
            json!({"nullable": true, "anyOf": [{"type": "string"}, {"type": "integer"}]})
        );
    }
}
