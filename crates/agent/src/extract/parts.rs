//! Splits long extracts into numbered parts. A part is shown once, and again by its number. The history holds the texts;
//! the numbers follow from their order.

use crate::action::Action;
use crate::planner::{ActionResult, PastStep};

/// Longest extract that stays in the history, in characters.
pub(crate) const SHORT: usize = 800;
/// Longest part, in characters, about 6,000 tokens. Also the limit of one turn.
pub(crate) const PART: usize = 24_000;

/// A long extract, of one part or more.
pub(crate) struct LongExtract<'a> {
    /// The number of the first part.
    pub(crate) first: u32,
    pub(crate) parts: Vec<&'a str>,
}

impl LongExtract<'_> {
    pub(crate) fn characters(&self) -> usize {
        self.parts.iter().map(|part| part.chars().count()).sum()
    }

    /// `extract 3`, `extracts 3 to 5`.
    pub(crate) fn name(&self) -> String {
        let last = self.first + u32::try_from(self.parts.len()).unwrap_or(u32::MAX).saturating_sub(1);
        name(self.first, last)
    }
}

pub(crate) fn name(first: u32, last: u32) -> String {
    match first == last {
        true => format!("extract {first}"),
        false => format!("extracts {first} to {last}"),
    }
}

/// Assigns the numbers. Needs every result of a run, in order.
#[derive(Default)]
pub(crate) struct Numbering(u32);

impl Numbering {
    /// The result's extract, if it is long.
    pub(crate) fn next<'a>(&mut self, result: &'a ActionResult) -> Option<LongExtract<'a>> {
        let text = result.outcome.as_ref().ok()?.extracted.as_deref().filter(|text| is_long(text))?;
        if let Action::Extract { again: Some(number @ 1..), .. } = result.action {
            return Some(LongExtract { first: number, parts: vec![text] });
        }
        let long = LongExtract { first: self.0 + 1, parts: parts(text, PART) };
        self.0 += u32::try_from(long.parts.len()).unwrap_or(u32::MAX);
        Some(long)
    }
}

/// The long extracts of a step of the run.
pub(crate) fn of<'a>(step: &'a PastStep, run: &'a [PastStep]) -> Vec<LongExtract<'a>> {
    let mut numbering = Numbering::default();
    let earlier = run.iter().take_while(|earlier| !std::ptr::eq(*earlier, step));
    earlier.flat_map(|step| &step.results).for_each(|result| drop(numbering.next(result)));
    step.results.iter().filter_map(|result| numbering.next(result)).collect()
}

/// The part with this number.
pub(crate) fn find(run: &[PastStep], number: u32) -> Option<&str> {
    let mut numbering = Numbering::default();
    let mut all = run.iter().flat_map(|step| &step.results).filter_map(|result| numbering.next(result));
    all.find_map(|long| long.parts.get(usize::try_from(number.checked_sub(long.first)?).ok()?).copied())
}

fn is_long(text: &str) -> bool {
    text.chars().nth(SHORT).is_some()
}

/// Splits a text into parts of at most `max` characters: before a heading in a part's second half, else at a line end,
/// else where the part is full.
pub(crate) fn parts(text: &str, max: usize) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some((full, _)) = rest.char_indices().nth(max.max(1)) {
        let (most, half) = (&rest[..full], rest.floor_char_boundary(full / 2));
        let ends = || most.rmatch_indices('\n').map(|(at, _)| at + 1).filter(|end| *end >= half);
        let end = ends().find(|end| rest[*end..].starts_with('#')).or_else(|| ends().next()).unwrap_or(full);
        let (part, after) = rest.split_at(end);
        parts.push(part);
        rest = after;
    }
    if !rest.is_empty() || parts.is_empty() {
        parts.push(rest);
    }
    parts
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_part_ends_before_a_heading_or_at_a_line_end() {
        assert_eq!(parts("a b c\n# D\ne f\ng", 13), ["a b c\n", "# D\ne f\ng"]);
        assert_eq!(parts("aaaa\nbbbb\ncccc", 12), ["aaaa\nbbbb\n", "cccc"]);
        assert_eq!(parts("a\n# A\nbbb\ncccc", 11), ["a\n# A\nbbb\n", "cccc"], "a heading far up is no place to end");
        assert_eq!(parts("ünü", 1), ["ü", "n", "ü"]);
        assert_eq!(parts("", 5), [""]);
    }

    proptest! {
        #[test]
        fn parts_add_up_to_the_text_and_none_is_too_long(text in "[a# é\n]{0,200}", max in 1_usize..40) {
            let parts = parts(&text, max);
            prop_assert_eq!(parts.concat(), text.clone());
            prop_assert!(parts.iter().all(|part| part.chars().count() <= max));
            prop_assert!(parts.len() <= 2 * text.chars().count() / max + 2 || !text.is_ascii());
        }
    }
}
