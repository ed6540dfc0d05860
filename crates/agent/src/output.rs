//! Structured output: the JSON Schema of a request, and the validation of the agent's data.
//!
//! A schema is untrusted and is compiled in this process. Its size, its depth and its size with all references expanded
//! are limited before the validator sees it. Recursion and remote references are rejected.

use std::sync::Arc;

use jsonschema::{PatternOptions, Validator};
use serde_json::{Map, Value};

use crate::text::one_line;

/// Bytes of one compiled pattern.
const MAX_PATTERN: usize = 256 * 1024;
/// Faults reported of one output, and characters of each.
const MAX_FAULTS: usize = 5;
const MAX_FAULT: usize = 200;

/// Supported drafts; the first is the default.
const DRAFTS: [&str; 3] = [
    "https://json-schema.org/draft/2020-12/schema",
    "https://json-schema.org/draft/2019-09/schema",
    "http://json-schema.org/draft-07/schema",
];
/// Keywords that change the base of references, or resolve them only during validation.
const REBASING: [&str; 6] = ["$id", "$anchor", "$dynamicRef", "$dynamicAnchor", "$recursiveRef", "$recursiveAnchor"];
const PATTERNS: [&str; 2] = ["pattern", "patternProperties"];

/// A valid JSON Schema for an output. Clones are cheap.
#[derive(Debug, Clone)]
pub struct OutputSchema(Arc<Compiled>);

#[derive(Debug)]
struct Compiled {
    schema: Value,
    validator: Validator,
}

/// A fault of a schema and its place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{fault}")]
pub struct OutputSchemaError {
    /// From the schema's root.
    pub place: Vec<PathSegment>,
    pub fault: SchemaFault,
}

/// One segment of a path into a JSON value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PathSegment {
    Key(String),
    Index(usize),
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SchemaFault {
    #[error("not an object")]
    NotAnObject,
    #[error("longer than {} bytes", OutputSchema::MAX_BYTES)]
    TooLong,
    #[error("nested deeper than {}, references included", OutputSchema::MAX_DEPTH)]
    TooDeep,
    #[error("more than {} parts, references included", OutputSchema::MAX_PARTS)]
    TooMany,
    #[error("more than {} patterns", OutputSchema::MAX_PATTERNS)]
    TooManyPatterns,
    #[error("a draft other than 2020-12, 2019-09 and 7")]
    Draft,
    #[error("a reference that is not of the form #/...")]
    NotLocal,
    #[error("a reference to what is not there")]
    Dangling,
    #[error("a reference that leads back to itself")]
    Recursive,
    #[error("a keyword that is not taken here")]
    NotTaken,
    /// The validator's message, without the value.
    #[error("{0}")]
    Invalid(String),
}

impl OutputSchema {
    /// As compact JSON, which is part of every prompt.
    pub const MAX_BYTES: usize = 16_384;
    pub const MAX_DEPTH: usize = 48;
    /// JSON values, with references expanded.
    pub const MAX_PARTS: usize = 4_000;
    pub const MAX_PATTERNS: usize = 64;

    /// # Errors
    ///
    /// The schema is invalid, too large, or uses an unsupported feature.
    pub fn parse(schema: Value) -> Result<Self, OutputSchemaError> {
        let Value::Object(root) = &schema else { return Err(SchemaFault::NotAnObject.at(&[])) };
        if schema.to_string().len() > Self::MAX_BYTES {
            return Err(SchemaFault::TooLong.at(&[]));
        }
        if root.get("$schema").is_some_and(|draft| {
            !draft.as_str().is_some_and(|draft| DRAFTS.contains(&draft.strip_suffix('#').unwrap_or(draft)))
        }) {
            return Err(SchemaFault::Draft.at(&[PathSegment::Key("$schema".into())]));
        }
        let mut meter =
            SchemaMeter { root: &schema, place: Vec::new(), references: Vec::new(), depth: 0, parts: 0, patterns: 0 };
        if let Err(fault) = meter.measure(&schema) {
            return Err(fault.at(&meter.place));
        }
        let validator = jsonschema::options()
            .offline()
            .should_validate_formats(true)
            .with_pattern_options(PatternOptions::regex().size_limit(MAX_PATTERN).dfa_size_limit(MAX_PATTERN))
            .build(&schema)
            .map_err(|error| {
                let place = error.instance_path().segments().map(PathSegment::from).collect();
                let fault = SchemaFault::Invalid(one_line(&error.masked().to_string(), MAX_FAULT));
                OutputSchemaError { place, fault }
            })?;
        Ok(Self(Arc::new(Compiled { schema, validator })))
    }

    /// As the caller sent it.
    pub fn as_json(&self) -> &Value {
        &self.0.schema
    }

    /// As models see it.
    pub(crate) fn text(&self) -> String {
        self.0.schema.to_string()
    }

    /// The output in the data of `done`: a value, or JSON in a string.
    ///
    /// # Errors
    ///
    /// What is wrong, for the model.
    pub(crate) fn read(&self, data: Option<&Value>) -> Result<Value, String> {
        let Some(data) = data else { return Err("\"data\" is missing in \"done\"".into()) };
        let Value::String(text) = data else { return self.check(data).map(|()| data.clone()) };
        let parsed: Result<Value, _> = serde_json::from_str(text);
        let problem = match parsed {
            Ok(value) => match self.check(&value) {
                Ok(()) => return Ok(value),
                Err(problem) => problem,
            },
            Err(error) => format!("\"data\" is not JSON ({})", one_line(&error.to_string(), MAX_FAULT)),
        };
        // Where the output is a plain string, its quotes are easily left out.
        self.check(data).map(|()| data.clone()).map_err(|_| problem)
    }

    fn check(&self, value: &Value) -> Result<(), String> {
        let faults = self.0.validator.iter_errors(value).take(MAX_FAULTS);
        let faults: Vec<String> = faults
            .map(|error| {
                let fault = one_line(&error.to_string(), MAX_FAULT);
                match one_line(error.instance_path().as_str(), MAX_FAULT) {
                    place if place.is_empty() => fault,
                    place => format!("{place}: {fault}"),
                }
            })
            .collect();
        if faults.is_empty() { Ok(()) } else { Err(format!("\"data\" does not fit its schema: {}", faults.join("; "))) }
    }
}

impl SchemaFault {
    fn at(self, place: &[PathSegment]) -> OutputSchemaError {
        OutputSchemaError { place: place.to_vec(), fault: self }
    }
}

impl From<jsonschema::paths::LocationSegment<'_>> for PathSegment {
    fn from(segment: jsonschema::paths::LocationSegment<'_>) -> Self {
        match segment {
            jsonschema::paths::LocationSegment::Property(key) => Self::Key(key.into_owned()),
            jsonschema::paths::LocationSegment::Index(index) => Self::Index(index),
        }
    }
}

/// Walks a schema with all references expanded.
struct SchemaMeter<'a> {
    root: &'a Value,
    /// The current place; after a fault, its place.
    place: Vec<PathSegment>,
    /// The references on the way to it.
    references: Vec<&'a str>,
    depth: usize,
    parts: usize,
    patterns: usize,
}

impl<'a> SchemaMeter<'a> {
    fn measure(&mut self, value: &'a Value) -> Result<(), SchemaFault> {
        self.parts += 1;
        // Before descending, to protect the stack.
        if self.depth > OutputSchema::MAX_DEPTH {
            return Err(SchemaFault::TooDeep);
        }
        if self.parts > OutputSchema::MAX_PARTS {
            return Err(SchemaFault::TooMany);
        }
        self.depth += 1;
        match value {
            Value::Object(object) => {
                self.check_keywords(object)?;
                for (key, inner) in object {
                    self.place.push(PathSegment::Key(key.clone()));
                    match (key.as_str(), inner) {
                        ("$ref", Value::String(reference)) => self.follow(reference)?,
                        _ => self.measure(inner)?,
                    }
                    self.place.pop();
                }
            }
            Value::Array(items) => {
                for (index, inner) in items.iter().enumerate() {
                    self.place.push(PathSegment::Index(index));
                    self.measure(inner)?;
                    self.place.pop();
                }
            }
            _ => {}
        }
        self.depth -= 1;
        Ok(())
    }

    fn check_keywords(&mut self, object: &Map<String, Value>) -> Result<(), SchemaFault> {
        // As the name of a property, such a word has a schema as its value.
        let words = object.iter().filter(|(_, value)| !value.is_object());
        for (key, _) in words.filter(|(key, _)| REBASING.contains(&key.as_str())) {
            // The id of the whole schema is harmless: only local references are accepted.
            if key != "$id" || !self.place.is_empty() {
                self.place.push(PathSegment::Key(key.clone()));
                return Err(SchemaFault::NotTaken);
            }
        }
        for patterns in PATTERNS.iter().filter_map(|key| object.get(*key)) {
            self.patterns += patterns.as_object().map_or(1, Map::len);
        }
        if self.patterns > OutputSchema::MAX_PATTERNS { Err(SchemaFault::TooManyPatterns) } else { Ok(()) }
    }

    fn follow(&mut self, reference: &'a str) -> Result<(), SchemaFault> {
        if self.references.contains(&reference) {
            return Err(SchemaFault::Recursive);
        }
        // The validator decodes percent signs and this does not, so that they might go to different places.
        let Some(pointer) = reference.strip_prefix('#').filter(|pointer| !pointer.contains('%')) else {
            return Err(SchemaFault::NotLocal);
        };
        if !pointer.is_empty() && !pointer.starts_with('/') {
            return Err(SchemaFault::NotLocal);
        }
        let target = self.root.pointer(pointer).ok_or(SchemaFault::Dangling)?;
        let (place, patterns) = (self.place.len(), self.patterns);
        self.references.push(reference);
        let measured = self.measure(target);
        self.references.pop();
        // Faults are reported at the reference; patterns count where they are defined.
        self.place.truncate(place);
        self.patterns = patterns;
        measured
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn refused(schema: Value) -> (String, SchemaFault) {
        let shown = schema.to_string();
        let error = OutputSchema::parse(schema).err().unwrap_or_else(|| panic!("taken: {shown:.200}"));
        let place: Vec<_> = error
            .place
            .iter()
            .map(|turn| match turn {
                PathSegment::Key(key) => key.clone(),
                PathSegment::Index(index) => index.to_string(),
            })
            .collect();
        (place.join("/"), error.fault)
    }

    #[test]
    fn an_invalid_schema_is_rejected_with_its_location_and_without_its_values() {
        assert_eq!(refused(json!([])), (String::new(), SchemaFault::NotAnObject));
        let (place, fault) = refused(json!({"properties": {"a": {"anyOf": [{}, {"type": "sekret"}]}}}));
        assert_eq!(place, "properties/a/anyOf/1/type");
        assert!(matches!(&fault, SchemaFault::Invalid(text) if !text.contains("sekret")), "{fault}");
        let (place, fault) = refused(json!({"properties": {"a": {"pattern": "(?<=look)behind"}}}));
        assert!(place.starts_with("properties/a") && matches!(fault, SchemaFault::Invalid(_)), "{place} {fault}");
    }

    #[test]
    fn references_are_never_fetched_or_rebased() {
        for reference in
            ["https://example.com/x.json", "file:///etc/passwd", "other.json#/a", "#anchor", "#/$defs/a%20b"]
        {
            let schema = json!({"$defs": {"a%20b": {}}, "properties": {"a": {"$ref": reference}}});
            assert_eq!(refused(schema), ("properties/a/$ref".into(), SchemaFault::NotLocal), "{reference}");
        }
        assert_eq!(refused(json!({"$ref": "#/$defs/a"})).1, SchemaFault::Dangling);
        assert_eq!(refused(json!({"$schema": "https://example.com/my-own"})).1, SchemaFault::Draft);
        for word in REBASING {
            let schema = json!({"properties": {"a": {word: "https://example.com/x"}}});
            assert_eq!(refused(schema).1, SchemaFault::NotTaken, "{word}");
        }
    }

    #[test]
    fn an_unbounded_schema_is_rejected_before_it_is_compiled() {
        for schema in [
            json!({"$ref": "#"}),
            json!({"$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"allOf": [{"$ref": "#/$defs/a"}]}}, "$ref": "#/$defs/a"}),
            json!({"properties": {"children": {"items": {"$ref": "#"}}}}),
        ] {
            assert_eq!(refused(schema).1, SchemaFault::Recursive);
        }
        // Each definition twice the one before: a small text and a huge schema.
        let mut doubling = json!({"$defs": {"d0": {"type": "string"}}, "$ref": "#/$defs/d40"});
        for n in 1..=40 {
            let before = format!("#/$defs/d{}", n - 1);
            doubling["$defs"][format!("d{n}")] = json!({"allOf": [{"$ref": before}, {"$ref": before}]});
        }
        assert!(matches!(refused(doubling).1, SchemaFault::TooMany | SchemaFault::TooDeep));
        let mut chain = json!({"$defs": {"d0": {}}, "$ref": "#/$defs/d400"});
        for n in 1..=400 {
            chain["$defs"][format!("d{n}")] = json!({"$ref": format!("#/$defs/d{}", n - 1)});
        }
        assert_eq!(refused(chain).1, SchemaFault::TooDeep);
        let deep = (0..60).fold(json!({}), |inner, _| json!({"not": inner}));
        assert_eq!(refused(deep).1, SchemaFault::TooDeep);
        assert_eq!(refused(json!({"description": "x".repeat(OutputSchema::MAX_BYTES)})).1, SchemaFault::TooLong);
        assert_eq!(refused(json!({"enum": vec![0; 5_000]})).1, SchemaFault::TooMany);
        let patterns: Map<_, _> = (0..65).map(|n| (format!("p{n}"), json!({"pattern": "a"}))).collect();
        assert_eq!(refused(json!({"properties": patterns})).1, SchemaFault::TooManyPatterns);
        let (_, fault) = refused(json!({"pattern": "((\\w{100}){100}){100}"}));
        assert!(matches!(fault, SchemaFault::Invalid(_)), "{fault}");
    }

    #[test]
    fn schemas_generated_by_libraries_are_accepted() {
        let pydantic = json!({
            "$schema": "http://json-schema.org/draft-07/schema#",
            "$id": "https://example.com/offers",
            "$defs": {
                "Money": {"properties": {"amount": {"type": "number"}, "currency": {"enum": ["EUR", "USD"]}}, "required": ["amount"], "title": "Money", "type": "object"},
                "Offer": {"properties": {"price": {"$ref": "#/$defs/Money"}, "old": {"anyOf": [{"$ref": "#/$defs/Money"}, {"type": "null"}], "default": null}, "$id": {"type": "string"}}, "required": ["price"], "type": "object"},
            },
            "properties": {"offers": {"items": {"$ref": "#/$defs/Offer"}, "minItems": 1, "type": "array"}},
            "required": ["offers"],
            "title": "Offers",
            "type": "object",
        });
        let schema = OutputSchema::parse(pydantic).unwrap();
        assert!(
            schema.read(Some(&json!({"offers": [{"price": {"amount": 3, "currency": "EUR"}, "old": null}]}))).is_ok()
        );
        let problem = schema.read(Some(&json!({"offers": [{"price": {"amount": 3, "currency": "DM"}}]}))).unwrap_err();
        assert!(problem.contains("/offers/0/price/currency"), "{problem}");
    }

    #[test]
    fn validation_errors_are_few_and_short() {
        let schema = OutputSchema::parse(json!({"items": {"type": "number"}})).unwrap();
        let data = json!(vec!["x".repeat(9_000); 50]);
        assert!(schema.read(Some(&data)).unwrap_err().len() < MAX_FAULTS * (2 * MAX_FAULT + 10) + 100);
    }
}
