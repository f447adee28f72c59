//! In: what commands found. Out: texts for the terminal, and the same as JSON. Forgets: control characters, which must not
//! reach a terminal.

pub mod reference;
pub mod site;
pub mod table;
