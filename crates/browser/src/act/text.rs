//! Page text in descriptions and effects.

use agent::observation::Element;
pub(super) use agent::text::one_line as clip;

/// An element's name for descriptions, or its role if it has none.
pub(super) fn label(element: &Element) -> String {
    let name = [&element.name, &element.placeholder, &element.href].into_iter().find(|text| !text.trim().is_empty());
    match name {
        // The page wrote the name: it must not end the quotes around it.
        Some(name) => format!("'{}'", clip(name, 60).replace('\'', "’")),
        None if element.role.is_empty() => format!("<{}>", element.tag),
        None => format!("the {}", element.role),
    }
}
