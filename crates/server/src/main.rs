//! See `lib.rs`.

use std::process::ExitCode;

/// A request makes thousands of small pieces; the system's allocator takes a fifth of its time for them.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    server::run()
}
