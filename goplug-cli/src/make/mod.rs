//! The verbs that make projects.
//!
//! `template` lists the files of each kind of project, `names` makes of a project's name the names of
//! its parts, `questions` asks for what the command line does not say; `new` writes the files.

mod names;
mod new;
mod questions;
mod template;

pub(crate) use new::new;
