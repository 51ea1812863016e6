//! Statistics of a list of numbers.

/// The value below which this share (0 to 1) of the values lies, interpolated between
/// neighbours. `NaN` if there are no values.
pub(crate) fn quantile(values: &[f64], share: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let place = sorted.len().saturating_sub(1) as f64 * share;
    let (below, above) = (place.floor() as usize, place.ceil() as usize);
    match (sorted.get(below), sorted.get(above)) {
        (Some(below), Some(above)) => below + (above - below) * place.fract(),
        _ => f64::NAN,
    }
}

/// The median. `NaN` if there are no values.
pub(crate) fn median(values: &[f64]) -> f64 {
    quantile(values, 0.5)
}

/// The interquartile range as a share of the median.
pub(crate) fn spread(values: &[f64]) -> f64 {
    let range = quantile(values, 0.75) - quantile(values, 0.25);
    if range == 0.0 { 0.0 } else { range / median(values) }
}
