//! All tests that need more than one module, as one program, so that it is linked once.

mod bounds;
mod browser;
mod captures;
mod oracle;
mod scenario;
mod tidy;
mod visits;
mod world;
