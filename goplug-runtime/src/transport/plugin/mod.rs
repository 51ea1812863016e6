//! What only a plugin needs of the platform: what its host handed over, when to end, and putting its
//! `.pconf` in place.
//!
//! Imports the files beside this folder. Start reading at `inherited.rs`.

mod hung_up;
mod inherited;
mod replace_file;
mod termination;

pub use hung_up::has_hung_up;
pub use inherited::{Inherited, Lifeline};
pub use replace_file::replace_file;
pub use termination::{Termination, ends_with_parent};
