//! What only a plugin needs of Windows: what its host handed over, when to end, its output while it ends,
//! and putting its `.pconf` in place.
//!
//! Imports the files beside this folder. Start reading at `inherited.rs`.

mod file_name;
mod inherited;
mod lifeline;
mod output;
mod own_group;
mod peer_closed;
mod private_folder;
mod replace_file;
mod termination;
mod wake;

pub use inherited::{Inherited, meant_for_another};
pub use lifeline::Lifeline;
pub use output::{drain_output, keep_output_working, mend_output};
pub use own_group::{GroupGuard, end_orphaned_group};
pub use peer_closed::is_peer_closed;
pub use private_folder::PrivateFolder;
pub use replace_file::{WrittenFile, create_folder, replace_file};
pub use termination::{Termination, TerminationWaker, ends_with_parent};
