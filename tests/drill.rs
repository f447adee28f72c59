//! In: streams of hits that fill days and months, in a store that flushes, closes, restarts and crashes. Out: whether filters
//! and breakdowns are those of a naive walk, whatever became of the days meanwhile. Forgets: the store.

mod goals;
mod life;
mod migration;
mod operators;
mod other;
mod parts;
mod room;
mod together;
mod trouble;
