/// Returns the middle of the values; not a number when there are none.
pub fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    match values.len() {
        0 => f64::NAN,
        n if n % 2 == 1 => values[n / 2],
        n => (values[n / 2 - 1] + values[n / 2]) / 2.0,
    }
}

/// Returns the median over the rounds of a round's value divided by the same round's reference.
///
/// Both were measured one right after the other, so a machine that is slower for a while slows both.
pub fn median_ratio(values: &[f64], references: &[f64]) -> f64 {
    median(
        values
            .iter()
            .zip(references)
            .map(|(value, reference)| value / reference),
    )
}
