//! All tests that need more than one module, as one program, so that it is linked once.

mod annotations;
mod arriving;
mod bounds;
mod browser;
mod captures;
mod claims;
mod days;
mod door;
mod drill_down;
mod drill;
mod exclusions;
mod fuzz;
mod import;
mod ingest;
mod knowing;
mod live;
mod operators;
mod oracle;
mod people;
mod programs;
mod scenario;
mod store;
mod tidy;
mod trouble;
mod visits;
mod world;
