//! Lists of domains, as the body has them: `["example.com", "*.example.org:8443"]`.

use std::sync::Arc;

use serde_json::Value;

use super::error::{Place, Problem};
use super::fields::{Wrong, string, wrong};
use url_policy::DomainPattern;

/// Domains of one list of a request.
const MAX_COUNT: usize = 200;

/// As [`domains`], and not empty: nobody says with an empty list that nothing is allowed, or that everything is.
pub(super) fn some_domains(value: &Value, at: Place) -> Result<Arc<[DomainPattern]>, Vec<Problem>> {
    match domains(value, at.clone())? {
        list if list.is_empty() => {
            Err(vec![Problem::at(at, "too_short", "List should have at least 1 item after validation, not 0")])
        }
        list => Ok(list),
    }
}

/// Every entry that is no pattern is told.
pub(super) fn domains(value: &Value, at: Place) -> Result<Arc<[DomainPattern]>, Vec<Problem>> {
    let Value::Array(list) = value else {
        return Err(vec![Problem::at(at, "list_type", "Input should be a valid list")]);
    };
    if list.len() > MAX_COUNT {
        return Err(vec![Problem::at(at, "too_long", format!("List should have at most {MAX_COUNT} items"))]);
    }
    let mut patterns = Vec::with_capacity(list.len());
    let mut problems = Vec::new();
    for (index, value) in list.iter().enumerate() {
        match domain(value) {
            Ok(pattern) => patterns.push(pattern),
            Err((kind, message)) => problems.push(Problem::at(at.number(index), kind, message)),
        }
    }
    if problems.is_empty() { Ok(patterns.into()) } else { Err(problems) }
}

fn domain(value: &Value) -> Result<DomainPattern, Wrong> {
    string(value)?.parse().or_else(|_| {
        wrong("value_error", "Value error, not a domain such as example.com, *.example.com or example.com:8443")
    })
}
