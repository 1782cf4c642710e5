//! How the schema comes to be, and that it is the one in `schema/database`.

use std::path::Path;

use sea_orm::{ConnectionTrait as _, Database};
use store::{Settings, Store, StoreError, StoredSeal};

use crate::fixture::{World, connect, handed_in, id, later, now, open, write};
use crate::postgres::{Backend, each_database};

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_database_is_migrated_once() {
    each_database(async |database| {
        let store = connect(database).await;
        assert_eq!(
            store.pending_migrations().await.unwrap(),
            [
                "m20260401_000001_initial",
                "m20261101_000002_partners_and_places",
                "m20261126_000003_procedures",
                "m20261126_000004_limits_and_seals",
                "m20261126_000005_versions",
                "m20261126_000006_judges",
                "m20261127_000007_lists",
                "m20261127_000008_definitions",
                "m20261127_000009_second_factor",
                "m20261127_000010_access_log",
                "m20261127_000011_draft_revisions",
                "m20261127_000012_identities",
                "m20261127_000013_sealed_secrets",
                "m20261127_000014_failed_sign_ins",
                "m20261127_000020_office",
                "m20261127_000021_passkeys",
                "m20261127_000022_running",
                "m20261127_000023_linking",
                "m20261127_000024_ends_of_numbers"
            ]
        );
        store.migrate().await.unwrap();
        assert!(store.pending_migrations().await.unwrap().is_empty());
        let dump = store.schema_dump().await.unwrap();
        store.migrate().await.unwrap();
        assert_eq!(store.schema_dump().await.unwrap(), dump);
        store.ping().await.unwrap();
        store.close().await.unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_may_migrate_at_once() {
    each_database(async |database| {
        let mut stores = Vec::new();
        for _ in 0..6 {
            stores.push(connect(database).await);
        }
        let tasks: Vec<_> =
            stores.into_iter().map(|store| tokio::spawn(async move { store.migrate().await })).collect();
        for task in tasks {
            task.await.unwrap().unwrap();
        }
    })
    .await;
}

/// `UPDATE_SCHEMA=1` writes the files instead.
#[tokio::test(flavor = "multi_thread")]
async fn the_dumps_in_the_repository_are_up_to_date() {
    each_database(async |database| {
        let dump = open(database).await.schema_dump().await.unwrap();
        let name = match database.backend {
            Backend::Sqlite => "sqlite.sql",
            Backend::Postgres => "postgres.sql",
        };
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schema/database").join(name);
        if std::env::var_os("UPDATE_SCHEMA").is_some() {
            std::fs::write(&path, &dump).unwrap();
        }
        let kept = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(kept == dump, "{} differs from the migrated schema; run with UPDATE_SCHEMA=1", path.display());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_in_memory_is_refused() {
    let settings = Settings { url: "sqlite::memory:".to_owned(), max_connections: 2 };
    assert!(matches!(Store::connect(&settings).await, Err(StoreError::Fault(_))));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_may_forget_is_refused() {
    let database = crate::postgres::TestDatabase::postgres();
    let url = format!("{}?options=-c%20synchronous_commit%3Doff", database.url);
    let error = Store::connect(&Settings { url, max_connections: 2 }).await.unwrap_err();
    assert!(error.to_string().contains("synchronous_commit"), "{error}");
}

/// Whatever the code does, the database itself keeps history, ledger and seals as they were written.
#[tokio::test(flavor = "multi_thread")]
async fn history_and_ledger_only_grow() {
    each_database(async |database| {
        let world = World::new(database).await;
        world.appropriate(100).await.unwrap();
        let case = world.draft().await;
        let step = handed_in(&case, later(1));
        world.record(&step).await.unwrap();
        let seal = &StoredSeal {
            id: id(),
            at: now(),
            number: 1,
            digest: "d".to_owned(),
            heads_count: 1,
            document: "{}".to_owned(),
        };
        write!(world.store, tx => tx.keep_seal(seal, &[]).await).unwrap();
        assert_eq!(world.store.read().newest_seal().await.unwrap().as_ref(), Some(seal));

        let direct = Database::connect(&database.url).await.unwrap();
        for statement in [
            "UPDATE event SET to_state = 'granted'",
            "UPDATE event SET facts = '{}'",
            "DELETE FROM event",
            "UPDATE ledger_entry SET amount = 1",
            "DELETE FROM ledger_entry",
            "UPDATE seal SET heads_digest = 'x'",
            "UPDATE program_version SET canonical = 'x'",
        ] {
            let error = direct.execute_unprepared(statement).await.unwrap_err();
            assert!(error.to_string().contains("append only"), "{statement}: {error}");
        }
        // What a person wrote can be erased; the chain holds.
        direct.execute_unprepared("UPDATE event SET comment = NULL").await.unwrap();
        let events = world.store.read().events(case.id, 0, 10).await.unwrap();
        assert_eq!(casework::history::verify(case.id, &events, &[step.case.head]), []);

        for statement in [
            "UPDATE budget_line SET committed = 101",
            "UPDATE budget_line SET held = -1",
            "UPDATE application SET business = NULL",
        ] {
            assert!(direct.execute_unprepared(statement).await.is_err(), "{statement}");
        }
    })
    .await;
}
