//! The binary `hojokin`: everything that touches the outside is put together here. What tests stand on in process is
//! public.

pub mod adapters;
mod catalogue;
pub mod cli;
mod commands;
mod demo;
mod demonstration;
pub mod http;
mod keys;
mod outcome;
mod providers;
pub mod startup;

use std::io::IsTerminal as _;
use std::process::ExitCode;

use clap::Parser as _;
use tracing_subscriber::EnvFilter;

use cli::Cli;
use outcome::Failure;

/// The command line from its arguments to its exit code.
#[must_use]
pub fn run() -> ExitCode {
    // Two providers are compiled in; rustls would not know which to take.
    let installed = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let cli = Cli::parse();
    log(&cli);
    if installed.is_err() {
        tracing::debug!("a TLS provider is installed already");
    }
    let outcome = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::fault(format!("cannot start: {error}")))
        .and_then(|runtime| runtime.block_on(commands::run(&cli)));
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            failure.print(cli.common.json);
            ExitCode::from(failure.exit_code())
        }
    }
}

/// To standard error, so that standard output is the answer only. No personal values are logged anywhere.
fn log(cli: &Cli) {
    let default = if cli.serves() { "info,sqlx=warn,sea_orm=warn,poem=warn" } else { "warn" };
    let filter = cli.common.log.as_deref().unwrap_or(default);
    let filter = EnvFilter::try_new(filter).unwrap_or_else(|_| EnvFilter::new(default));
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    let set = if cli.common.log_json { subscriber.json().try_init() } else { subscriber.try_init() };
    if let Err(error) = set {
        eprintln!("no log: {error}");
    }
}
