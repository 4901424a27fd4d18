//! The real `shomar` binary under a name of its own, so that the integration tests can run it.

fn main() -> std::process::ExitCode {
    shomar::run(std::env::args_os())
}
