//! What a plugin's server needs for streams, and what only methods with streams refer to.

use std::any::Any;
use std::fmt;

/// The parts of a plugin's server that serve streams: results, arguments and reports.
///
/// Only the entries of methods that have one refer to it. So the linker drops these parts from all
/// other plugins. Each part has a type of its own, which is known where the part is used.
#[derive(Clone, Copy)]
pub struct Streaming(pub &'static [&'static (dyn Any + Send + Sync)]);

/// Of a program that has no plugin's server.
pub const NO_STREAMING: Streaming = Streaming(&[]);

impl Streaming {
    /// The part of this type.
    pub fn part<T: Any>(self) -> Option<&'static T> {
        self.0.iter().find_map(|part| part.downcast_ref())
    }
}

impl fmt::Debug for Streaming {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Streaming").finish_non_exhaustive()
    }
}
