//! In: the command line. Out: an exit code. Forgets: everything; [`headcount::cli`] does the work.

#[global_allocator]
static MEMORY: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> std::process::ExitCode {
    headcount::cli::run()
}
