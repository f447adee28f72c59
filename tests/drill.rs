//! Filters and breakdowns are those of a naive walk, in a store that flushes, closes days, restarts and crashes.

mod estimates;
mod goals;
pub mod life;
mod money;
mod named;
mod operators;
mod other;
mod parts;
pub mod room;
mod segments;
mod set_aside;
mod together;
mod trouble;
mod two;
