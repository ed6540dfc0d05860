//! A strict JSON Schema in the form that the API supports.

use serde_json::{Value, json};

/// For `responseJsonSchema`, which supports most of JSON Schema. The order of the properties is explicit: a model that
/// generated them alphabetically would act before it thinks.
pub(super) fn json_schema(schema: &Value) -> Value {
    let Value::Object(object) = schema else { return schema.clone() };
    let mut object = object.clone();
    if let Some(value) = object.shift_remove("const") {
        object.insert("enum".into(), json!([value]));
    }
    if let Some(Value::Object(properties)) = object.get_mut("properties") {
        properties.values_mut().for_each(|property| *property = json_schema(property));
        let names: Vec<_> = properties.keys().cloned().collect();
        if names.len() > 1 {
            object.insert("propertyOrdering".into(), json!(names));
        }
    }
    if let Some(items) = object.get_mut("items") {
        *items = json_schema(items);
    }
    if let Some(Value::Array(variants)) = object.get_mut("anyOf") {
        variants.iter_mut().for_each(|variant| *variant = json_schema(variant));
    }
    object.into()
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
    fn any_value_as_a_schema_does_not_panic() {
        for schema in [json!(true), json!({}), json!({"type": ["string", "integer"]}), json!({"anyOf": []}), json!([1])]
        {
            json_schema(&schema);
        }
    }
}
