//! A place in the value.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use super::found::Found;

/// A place in the value. Its path is only spelled for a text.
#[derive(Debug, Default)]
pub(super) struct Location<'l, 's> {
    above: Option<(&'l Location<'l, 's>, Key<'l>)>,
    /// How many keys lead here.
    pub(super) level: usize,
    /// The schemas that references have led to at this place: a schema that is reached twice is
    /// checked once.
    pub(super) referred: RefCell<HashMap<*const serde_json::Value, Referred<'s>>>,
}

/// What became of a schema that a reference leads to.
#[derive(Clone, Debug)]
pub(super) enum Referred<'s> {
    /// It is being checked: a reference from within it leads back, and says nothing more.
    Open,
    Checked(Rc<Found<'s>>),
}

/// What leads from a place to the next.
#[derive(Clone, Copy, Debug)]
pub(super) enum Key<'l> {
    Name(&'l str),
    Index(usize),
}

impl<'l, 's> Location<'l, 's> {
    pub(super) fn below<'b>(&'b self, key: Key<'b>) -> Location<'b, 's>
    where
        'l: 'b,
    {
        Location { above: Some((self, key)), level: self.level + 1, referred: RefCell::default() }
    }

    /// A JSON pointer; empty for the whole.
    pub(super) fn path(&self) -> String {
        let mut keys = Vec::with_capacity(self.level);
        let mut here = self;
        while let Some((above, key)) = here.above {
            keys.push(key);
            here = above;
        }
        let mut path = String::new();
        for key in keys.into_iter().rev() {
            path.push('/');
            match key {
                Key::Name(name) => path.push_str(&name.replace('~', "~0").replace('/', "~1")),
                Key::Index(index) => path.push_str(&index.to_string()),
            }
        }
        path
    }
}
