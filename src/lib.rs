//! headcount: how many, never who.
#![forbid(unsafe_code)]

pub mod limits;
pub mod site;
pub mod rejection;
pub mod cell;
pub mod beacon;
pub mod hit;
pub mod visit;
pub mod counts;
pub mod secret;
pub mod store;
pub mod report;
pub mod page;
pub mod clock;
pub mod config;
pub mod meter;
pub mod collector;
pub mod control;
pub mod server;
pub mod cli;
