//! How much two words differ, to tell what a misspelled one is meant to be.

/// The number of characters to insert, remove, replace, or swap with their neighbours to get from
/// one text to another.
pub(crate) fn edits(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    let (mut row_before, mut have_before) = (Vec::new(), None);
    for (line, have) in from.chars().enumerate() {
        let mut next = vec![line + 1; to.len() + 1];
        for (column, want) in to.iter().enumerate() {
            let replaced = row[column] + usize::from(have != *want);
            let moved = row[column + 1].min(next[column]) + 1;
            let is_swap = column > 0 && have_before == Some(*want) && to[column - 1] == have;
            let swapped = if is_swap { row_before[column - 1] + 1 } else { usize::MAX };
            next[column + 1] = replaced.min(moved).min(swapped);
        }
        row_before = std::mem::replace(&mut row, next);
        have_before = Some(have);
    }
    row[to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edits_are_counted() {
        for (from, to, count) in [
            ("", "", 0),
            ("a", "", 1),
            ("", "ab", 2),
            ("kitten", "sitting", 3),
            ("ab", "ba", 1),
            ("lazylaod", "lazyload", 1),
            ("äö", "öä", 1),
        ] {
            assert_eq!(edits(from, to), count, "{from} {to}");
        }
    }
}
