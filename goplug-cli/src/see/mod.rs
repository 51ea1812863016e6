//! The verbs that show plugins and start none of their methods.

mod check;
mod describe;
mod doctor;
mod generate;
mod list;

pub(crate) use check::check;
pub(crate) use describe::describe;
pub(crate) use doctor::doctor;
pub(crate) use generate::generate;
pub(crate) use list::list;
