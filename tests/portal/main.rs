//! The pages as people meet them, in a browser without scripts: the whole site over a real socket, on both databases.

mod administration;
mod applying;
mod audit;
mod browser;
mod desk;
mod evidence;
mod filling;
mod finance;
mod identities;
mod journey;
mod office;
mod officers;
mod own_data;
mod partners;
mod reuse;
mod review;
mod safety;
mod security;
mod selection;
mod tabs;
