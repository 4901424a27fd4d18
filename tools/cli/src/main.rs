//! `shomar`, the one binary.
//!
//! In: arguments. Out: an exit code. Never: anything but calling the library.

/// Counting allocates little, but many threads allocate at once while text is sealed.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    shomar::run(std::env::args_os())
}
