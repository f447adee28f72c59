//! In: the command line. Out: an exit code. Forgets: everything; [`headcount::cli`] does the work.

#[global_allocator]
static MEMORY: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    headcount::cli::run()
}
