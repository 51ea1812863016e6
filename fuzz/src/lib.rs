//! Shared by the targets.

use std::hash::{DefaultHasher, Hash, Hasher};

/// Cuts an input into one to four pieces. The cuts are computed from the input itself: so a seed
/// needs no bytes for them, and a finding is reproduced with the same cuts.
pub fn pieces(input: &[u8]) -> Vec<&[u8]> {
    let mut hasher = DefaultHasher::new();
    input.hash(&mut hasher);
    let mut numbers = hasher.finish();
    let mut cuts = vec![input.len()];
    for _ in 0..numbers % 4 {
        numbers = numbers.rotate_right(13);
        cuts.push((numbers % (input.len() as u64 + 1)) as usize);
    }
    cuts.sort_unstable();
    let mut start = 0;
    cuts.iter().map(|&cut| &input[std::mem::replace(&mut start, cut)..cut]).collect()
}
