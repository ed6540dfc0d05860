//! The one statistic that every benchmark reports.

/// The median; the upper of the two middle values when their number is even, and zero when there is none.
pub fn median<T: Ord + Copy + Default>(mut values: Vec<T>) -> T {
    values.sort_unstable();
    values.get(values.len() / 2).copied().unwrap_or_default()
}
