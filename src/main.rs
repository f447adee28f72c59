//! In: the command line. Out: an exit code. Forgets: everything; [`headcount::cli`] does the work.

#[global_allocator]
static MEMORY: headcount::memory::WipingAllocator = headcount::memory::WipingAllocator;

fn main() -> std::process::ExitCode {
    headcount::cli::run()
}
