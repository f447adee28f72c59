//! In: streams of hits that fill days and months, in a store that flushes, closes, restarts and crashes. Out: whether filters
//! and breakdowns are those of a naive walk, whatever became of the days meanwhile. Forgets: the store.

mod goals;
pub mod life;
mod operators;
mod other;
mod parts;
pub mod room;
mod together;
mod trouble;
