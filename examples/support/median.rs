//! The measure of the middle that all figures use.

/// The middle one; the upper of the two when their number is even. Zero when there is none.
pub(crate) fn median<T: Ord + Copy + Default>(mut values: Vec<T>) -> T {
    values.sort_unstable();
    values.get(values.len() / 2).copied().unwrap_or_default()
}
