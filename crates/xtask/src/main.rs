//! `cargo xtask …`: everything a developer does with this repository, one command each.

mod architecture;
mod bench;
mod demo;
mod generate;
mod setup;
mod steps;
mod test;
#[path = "../../testkit/src/throwaway.rs"]
mod throwaway;
mod workspace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::workspace::Workspace;

/// Developer tooling of hojokin.
#[derive(Parser)]
#[command(bin_name = "cargo xtask", disable_help_subcommand = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Build hojokin and start it with example data.
    Demo {
        /// Passed on to `hojokin demo`.
        #[arg(last = true, value_name = "ARGUMENTS")]
        arguments: Vec<String>,
    },
    /// Check everything that must hold: formatting, architecture, lints, tests on SQLite and PostgreSQL, generated files.
    Test {
        /// Run only the tests whose name contains one of these; implies --quick.
        filters: Vec<String>,
        /// Leave out formatting, lints and generated files.
        #[arg(long)]
        quick: bool,
    },
    /// Write the generated files under schema/.
    Generate {
        /// Change nothing; fail when a file is not what would be written.
        #[arg(long)]
        check: bool,
    },
    /// Measure against a throwaway PostgreSQL that is as durable as production.
    Bench {
        /// Passed on to the benchmark.
        #[arg(last = true, value_name = "ARGUMENTS")]
        arguments: Vec<String>,
    },
    /// Put every single fault into the machines of the catalogue, and count those that nothing notices.
    Mutants,
    /// Make the pictures of the README anew, from the pages as they are.
    Pictures,
    /// Check which room of the house may use what.
    Architecture,
    /// Install the system packages that the other commands need.
    Setup,
}

/// Why a command stops: what happened, and what to do next.
#[derive(Debug)]
pub struct Failure {
    message: String,
    exit_code: u8,
}

impl Failure {
    /// The person has to do something by hand first: exit code 2.
    fn needs_person(message: String) -> Self {
        Self { message, exit_code: 2 }
    }

    /// Only the exit code is left to be told.
    fn already_shown(self) -> Self {
        Self { message: String::new(), ..self }
    }
}

impl From<String> for Failure {
    fn from(message: String) -> Self {
        Self { message, exit_code: 1 }
    }
}

impl From<&str> for Failure {
    fn from(message: &str) -> Self {
        message.to_owned().into()
    }
}

pub type Outcome<T = ()> = Result<T, Failure>;

fn main() -> ExitCode {
    match run(Arguments::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            if !failure.message.is_empty() {
                eprintln!("{}", failure.message);
            }
            ExitCode::from(failure.exit_code)
        }
    }
}

fn run(command: Command) -> Outcome {
    let workspace = Workspace::load()?;
    match command {
        Command::Demo { arguments } => demo::run(&workspace, &arguments),
        Command::Test { filters, quick } => test::run(&workspace, filters, quick),
        Command::Generate { check } => generate::run(&workspace, check),
        Command::Bench { arguments } => bench::run(&workspace, &arguments),
        Command::Pictures => test::pictures(&workspace),
        Command::Mutants => test::mutants(&workspace),
        Command::Architecture => architecture::run(&workspace),
        Command::Setup => {
            setup::install(&workspace, &[setup::Purpose::Demo, setup::Purpose::Test, setup::Purpose::Bench])
        }
    }
}
