//! The verdicts of random types, held to random values.
//!
//! `types` is a small language of types as serde has them, with a decoder that does what serde does and
//! the schemas that schemars writes. A pair is a type and what a few changes made of it, or two types that have
//! nothing to do with each other. Every pair comes from a number, so a failure is repeated by it.

mod change;
mod decode;
mod dice;
mod schemas;
mod types;
mod values;

use goplug_runtime::contract::{Member, Verdict, compare};
use serde_json::Value;

use crate::evolution::{Place, is_within, side};
use dice::Dice;
use types::Type;

/// How many pairs are tried. In a debug build, a thousand take about a second.
const PAIRS: u64 = 4000;

/// How many values of each pair are sent.
const VALUES: usize = 6;

/// The two types of a number: what is written, and what is read.
fn pair(number: u64) -> (Type, Type) {
    let mut dice = Dice::new(number);
    let written = Type::random(&mut dice, 3);
    if dice.one_in(8) {
        let read = Type::random(&mut dice, 2);
        return (written, read);
    }
    let mut read = written.clone();
    for _ in 0..dice.below(4) {
        change::change(&mut read, &mut dice);
    }
    if dice.one_in(2) { (written, read) } else { (read, written) }
}

fn compared(place: Place, written: &Type, read: &Type) -> Member {
    let (written, of_written) = schemas::schema(written, true);
    let (read, of_read) = schemas::schema(read, false);
    let (writer, reader) = (side(place, written, of_written), side(place, read, of_read));
    let (client, plugin) = match place {
        Place::Argument | Place::Answer => (writer, reader),
        Place::Result | Place::Error | Place::Progress | Place::Callback => (reader, writer),
    };
    compare(&client, &plugin).members.remove(0)
}

/// Values that the type writes and reads back itself.
fn values_of(ty: &Type, number: u64) -> Vec<Value> {
    let mut dice = Dice::new(number ^ 0x5eed);
    let values = (0..VALUES).map(|_| values::value(ty, &mut dice));
    values
        .filter(|value| decode::decode(ty, value).is_some_and(|again| is_within(value, &again)))
        .collect()
}

#[test]
fn every_type_is_the_same_as_itself() {
    let mut unknown = 0;
    for number in 0..PAIRS {
        let ty = Type::random(&mut Dice::new(number), 3);
        for place in [Place::Answer, Place::Result] {
            let member = compared(place, &ty, &ty);
            // A default for a field, in an alternative that others come after, may be new.
            let is_ambiguous = member.verdict == Verdict::Unknown
                && member.differences[0].effect.contains("an earlier alternative");
            unknown += u64::from(is_ambiguous);
            assert!(is_ambiguous || member.verdict == Verdict::Same, "{number}: {ty:?}\n{member}");
        }
    }
    assert!(unknown * 100 < PAIRS, "{unknown} are unknown");
}

#[test]
fn what_is_the_same_or_compatible_is_read_and_nothing_of_it_is_lost() {
    let mut seen = 0;
    for number in 0..PAIRS {
        let (written, read) = pair(number);
        for place in [Place::Answer, Place::Result] {
            let member = compared(place, &written, &read);
            if member.verdict > Verdict::Compatible {
                continue;
            }
            for value in values_of(&written, number) {
                seen += 1;
                let arrived = decode::decode(&read, &value);
                let case = || format!("{number}: {value}\n{written:?}\n{read:?}\n{member}");
                let arrived = arrived.unwrap_or_else(|| panic!("refused, {}", case()));
                // A client ignores what a newer plugin sends, on purpose.
                assert!(place == Place::Result || is_within(&value, &arrived), "lost, {}", case());
            }
        }
    }
    assert!(seen > PAIRS, "only {seen} values were sent");
}

#[test]
fn what_is_incompatible_has_a_witness_that_is_refused() {
    let (mut seen, mut shown) = (0, 0);
    let mut without = Vec::new();
    for number in 0..PAIRS {
        let (written, read) = pair(number);
        let member = compared(Place::Answer, &written, &read);
        if member.verdict != Verdict::Incompatible {
            continue;
        }
        seen += 1;
        let worst = member.differences.iter().filter(|d| d.verdict == Verdict::Incompatible);
        let Some(witness) = worst.clone().find_map(|difference| difference.witness.as_ref()) else {
            without.push(format!("{number}: {written:?}\n{read:?}\n{member}"));
            continue;
        };
        let case = || format!("{number}: {witness}\n{written:?}\n{read:?}\n{member}");
        assert!(decode::decode(&written, witness).is_some(), "never written, {}", case());
        assert!(decode::decode(&read, witness).is_none(), "not refused, {}", case());
        shown += 1;
    }
    assert!(seen > PAIRS / 10, "only {seen} pairs are incompatible");
    assert!(
        shown * 100 >= seen * 95,
        "{shown} of {seen} have a witness; the first without:\n{}",
        without[..without.len().min(3)].join("\n\n")
    );
}

/// Unknown is an answer, and no way out.
#[test]
fn few_pairs_are_unknown() {
    let unknown = (0..PAIRS).filter(|number| {
        let (written, read) = pair(*number);
        compared(Place::Answer, &written, &read).verdict == Verdict::Unknown
    });
    let unknown = unknown.count() as u64;
    assert!(unknown * 20 < PAIRS, "{unknown} of {PAIRS} are unknown");
}
