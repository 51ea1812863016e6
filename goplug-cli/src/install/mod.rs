//! The verbs that put plugins into a folder and take them out.
//!
//! A plugin's program writes its own `.pconf`, by its verb `install`, whatever its language. What is
//! done here is around that: the program is copied into the folder first, so that the file names it
//! relative to the folder.

mod add;
mod copy;
mod development;
mod names;
mod remove;
mod renew;
mod sign;
mod staged;

pub(crate) use add::{create, install};
pub(crate) use development::install_for_development;
pub(crate) use remove::uninstall;
