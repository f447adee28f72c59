//! In: what commands found. Out: texts for the terminal, and the same as JSON. Forgets: control characters, which must not
//! reach a terminal.

pub mod bots;
pub mod explained;
pub mod report;
pub mod site;
pub mod table;
pub mod watched;
