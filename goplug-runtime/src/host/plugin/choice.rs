//! Which instance of a plugin takes a call: values, without a lock or a clock.
//!
//! A call goes to the instance with the fewest calls in flight. Among equals, the first one after the
//! instance that took the last call, as round robin does: so all of them are warm, and callers that
//! come at the same time do not meet on one. A call with a key goes to the slot that the key has by
//! rendezvous hashing: a slot more or less moves only its own share of the keys.

use std::hash::{DefaultHasher, Hash, Hasher};

use crate::typed::CallKey;

/// The place with the lowest load at or after `start`, which wraps around; `None` if no place has one.
pub(super) fn least_loaded(
    loads: impl Iterator<Item = (usize, usize)>,
    start: usize,
) -> Option<usize> {
    // The places before `start` come after all others.
    loads.min_by_key(|(place, load)| (*load, *place < start, *place)).map(|(place, _)| place)
}

/// The place that a key has among these places.
pub(super) fn rendezvous(key: CallKey, places: impl Iterator<Item = usize>) -> Option<usize> {
    places.max_by_key(|place| weight(key, *place))
}

/// How much a place suits a key.
fn weight(key: CallKey, place: usize) -> u64 {
    let mut hasher = DefaultHasher::new();
    (key, place).hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn least(loads: &[usize], start: usize) -> usize {
        least_loaded(loads.iter().copied().enumerate(), start).unwrap()
    }

    #[test]
    fn the_least_loaded_place_is_chosen_wherever_the_search_begins() {
        for start in 0..4 {
            assert_eq!(least(&[3, 1, 2], start), 1);
        }
    }

    #[test]
    fn equal_places_take_turns() {
        let mut start = 0;
        let taken: Vec<_> = std::iter::repeat_with(|| {
            let place = least(&[0, 0, 0], start);
            start = place + 1;
            place
        })
        .take(7)
        .collect();
        assert_eq!(taken, [0, 1, 2, 0, 1, 2, 0]);
    }

    #[test]
    fn without_places_there_is_no_choice() {
        assert_eq!(least_loaded(std::iter::empty(), 0), None);
        assert_eq!(rendezvous(CallKey::of(&1), std::iter::empty()), None);
    }

    #[test]
    fn keys_are_spread_evenly() {
        let mut shares = BTreeMap::new();
        for key in 0..6000_u32 {
            *shares.entry(rendezvous(CallKey::of(&key), 0..6).unwrap()).or_insert(0) += 1;
        }
        assert!(shares.len() == 6 && shares.values().all(|share| (800..1200).contains(share)));
    }

    #[test]
    fn a_place_that_is_gone_moves_only_its_own_keys() {
        for key in 0..1000_u64 {
            let before = rendezvous(CallKey::of(&key), 0..5).unwrap();
            let after = rendezvous(CallKey::of(&key), (0..5).filter(|place| *place != 2)).unwrap();
            assert!(after == before || before == 2);
        }
    }
}
