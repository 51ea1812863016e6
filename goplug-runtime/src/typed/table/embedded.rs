//! The plugins that a program names as parts of itself.

use std::sync::{Mutex, PoisonError};

static NAMED: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Notes that the program embeds this plugin. Only for processes that were started as another.
pub fn note_embedded(id: &str) {
    let mut named = NAMED.lock().unwrap_or_else(PoisonError::into_inner);
    if !named.iter().any(|known| known == id) {
        named.push(id.into());
    }
}

/// The plugins that were noted, in their order: what an error shows.
pub fn embedded_names() -> Vec<String> {
    NAMED.lock().unwrap_or_else(PoisonError::into_inner).clone()
}
