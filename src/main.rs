//! In: the command line. Out: an exit code.
fn main() {}
