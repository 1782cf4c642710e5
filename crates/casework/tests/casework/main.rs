//! The shipped catalogue, acted out against the pure decisions: who may, what follows, what never happens.

mod authority;
mod chain;
mod clock;
mod corrections;
mod desk;
mod duties;
mod limits;
mod migrate;
mod money;
mod product;
mod rules;
mod scenarios;
mod walks;
