//! `anyOf` and `oneOf`.

use serde_json::Value;

use super::found::{Found, Misfit, Says};
use super::location::Location;
use super::walk::Walk;

/// How many alternatives a text describes; of more, it only gives their number.
const DESCRIBED: usize = 2;

impl<'s> Walk<'s> {
    /// What the alternatives say that fit, if some do; else what is wrong with the one that was
    /// meant. That exactly one fits is not asked for: it is one value for the plugin all the same.
    pub(super) fn alternatives(
        &self,
        here: &Location<'_, 's>,
        all: &'s [Value],
        value: &Value,
        depth: usize,
    ) -> Found<'s> {
        let (mut fitting, mut is_secret) = (None::<Found<'s>>, false);
        let mut meant: Option<Found<'s>> = None;
        let mut expected: Vec<Misfit> = Vec::new();
        for alternative in all {
            let found = self.schema(here, alternative, value, depth);
            is_secret |= found.is_secret;
            if found.misfits.is_empty() {
                match &mut fitting {
                    Some(fitting) => self.join(fitting, &found),
                    None => fitting = Some(found),
                }
            } else if fitting.is_some() {
            } else if is_meant(here, &found) {
                if meant.as_ref().is_none_or(|it| found.misfits.len() < it.misfits.len()) {
                    meant = Some(found);
                }
            } else if let [misfit] = &found.misfits[..]
                && misfit.level == here.level
                && expected.len() <= DESCRIBED
                && !expected.contains(misfit)
            {
                expected.push(misfit.clone());
            }
        }
        let found = fitting.unwrap_or_else(|| {
            let misfits = meant.map(|meant| (meant.misfits, meant.is_cut));
            let (misfits, is_cut) =
                misfits.unwrap_or_else(|| (vec![self.none_fits(here, all.len(), expected)], false));
            Found { misfits, is_cut, ..Found::anything() }
        });
        Found { is_secret: found.is_secret | is_secret, ..found }
    }

    fn none_fits(
        &self,
        here: &Location<'_, 's>,
        count: usize,
        mut expected: Vec<Misfit>,
    ) -> Misfit {
        if expected.is_empty() || expected.len() > DESCRIBED {
            let reason = format!("it fits none of {count} alternatives");
            return self.misfit(here, Says::More, reason);
        }
        expected.sort_by(|one, other| one.reason.cmp(&other.reason));
        let is_type = expected.iter().all(|it| it.says == Says::Type);
        let says = match &expected[..] {
            [only] => only.says,
            // A text that begins with a tag speaks of one.
            [first, ..] if first.says == Says::Tag => Says::Tag,
            _ if is_type => Says::Type,
            _ => Says::More,
        };
        let reasons: Vec<_> = expected.into_iter().map(|it| it.reason).collect();
        self.misfit(here, says, reasons.join(", or "))
    }
}

/// Whether the value was meant to be this alternative: one that has a fault within fits as a whole,
/// unless the fault is the tag of another variant.
fn is_meant(here: &Location<'_, '_>, found: &Found<'_>) -> bool {
    found.misfits.iter().any(|it| it.level > here.level)
        && !found.misfits.iter().any(|it| it.says == Says::Tag)
}
