//! The store against real databases: every test runs on SQLite and on PostgreSQL.

// `testkit` stands on `service` and so on `store`; its databases need neither, and are taken from there as files.
#[path = "../../../testkit/src/postgres.rs"]
mod postgres;
#[path = "../../../testkit/src/throwaway.rs"]
#[expect(dead_code, reason = "shared with testkit, which offers more")]
mod throwaway;

mod cases;
mod fixture;
mod lists;
mod money;
mod outbox;
mod people;
mod schema;
mod unit_of_work;
