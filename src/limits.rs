//! Every bound of the program, each with its unit and the reason for its size, by the rooms where they bite.
//!
//! A bound that is not listed here does not exist; code that needs one adds it here (`tests/tidy.rs` holds it). What is no bound: codes that
//! are stored or sent, sizes that a format fixes, units, and measures of drawings.

mod messages;
mod hits;
mod sites;
mod days;
mod keeping;
mod notices;
mod journal;
mod questions;
mod serving;
mod logs;
mod publishing;
mod auditing;
mod backups;

pub use auditing::*;
pub use backups::*;
pub use days::*;
pub use hits::*;
pub use journal::*;
pub use keeping::*;
pub use logs::*;
pub use messages::*;
pub use notices::*;
pub use publishing::*;
pub use questions::*;
pub use serving::*;
pub use sites::*;
