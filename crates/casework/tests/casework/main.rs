//! The shipped catalogue, acted out against the pure decisions: who may, what follows, what never happens.

mod authority;
mod chain;
mod clock;
mod corrections;
mod desk;
mod duties;
mod generated;
mod limits;
mod lives;
mod migrate;
mod money;
mod mutants;
mod product;
mod rules;
mod scenarios;
mod walks;
