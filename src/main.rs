//! In: the command line. Out: an exit code. Forgets: everything; [`headcount::cli`] does the work.

fn main() -> std::process::ExitCode {
    headcount::cli::run()
}
