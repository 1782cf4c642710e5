//! Versions of a program: published and closed once, followed by drafts, and gone on to by running cases that are chosen.

use std::collections::BTreeMap;

use casework::scenario::moment;
use chrono::Days;
use program::Program;
use program::definition::Definition;
use serde_json::{Value, json};
use service::{AuditLine, Error, MigrationOutcome, ProgramEventKind, Published, verify_export};
use store::Lock;
use testkit::office::{SALES_CHANNEL, catalogue};
use testkit::{TestOffice, each_database};
use vocabulary::day_in_japan;

use crate::help::{codes, values};

/// The shipped program with this changed.
fn changed(change: impl FnOnce(&mut Definition)) -> Program {
    let found = catalogue().programs.iter().find(|found| found.definition.program.program == SALES_CHANNEL);
    let mut definition = found.and_then(|found| found.program.as_ref()).unwrap().definition().clone();
    change(&mut definition);
    Program::compile(definition).unwrap_or_else(|findings| panic!("{findings:#?}"))
}

fn field(json: Value) -> program::definition::Field {
    serde_json::from_value(json).unwrap()
}

/// A first change: a field that the next one takes away again.
fn second() -> Program {
    changed(|definition| {
        let booth = field(json!({ "type": "text", "label": { "ja": "小間番号", "en": "Booth number" } }));
        definition.program.form.insert("booth_number".to_owned(), booth);
    })
}

/// Without that field, another one under a new name, and one more.
fn third() -> Program {
    changed(|definition| {
        let form = &mut definition.program.form;
        let note = field(json!({ "type": "text", "label": { "ja": "展示ブースの番号", "en": "Number of the stand" } }));
        form.insert("stand".to_owned(), note);
        let visitors = field(json!({ "type": "number", "label": { "ja": "来場見込", "en": "Visitors" } }));
        form.insert("visitors".to_owned(), visitors);
        let renames = [("booth_number".to_owned(), "stand".to_owned())];
        definition.program.renames.fields.insert("application".to_owned(), renames.into_iter().collect());
    })
}

async fn publish(office: &TestOffice, program: &Program) -> Published {
    office.service.publish(program, &catalogue().calls, None, &[], None).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_is_published_and_closed_once() {
    each_database(async |database| {
        let office = TestOffice::of(database, &["hino"]).await;
        let Published::Version { version, differences } = publish(&office, &second()).await else { panic!() };
        assert_eq!(version, 2);
        assert_eq!(differences.len(), 1);
        assert_eq!(program::weight_of(&differences), Some(program::Weight::Minor));
        assert_eq!(publish(&office, &second()).await, Published::Already(2));

        // Only program officers close it, and nothing opens it again.
        let officer = office.staff("hino", "program_officer").clone();
        let clerk = office.staff("hino", "clerk");
        let closed = office.service.close_program(clerk, SALES_CHANNEL, None, "close").await;
        assert!(matches!(closed, Err(Error::Forbidden(_))));
        for _ in 0..2 {
            let closed = office.service.close_program(&officer, SALES_CHANNEL, None, "close").await.unwrap();
            assert!(closed.closed && closed.version == 2 && !closed.calls.iter().any(|call| call.open));
        }
        let versions = office.service.program_versions(Some(clerk), SALES_CHANNEL).await.unwrap();
        let found: Vec<_> = versions.iter().map(|version| (version.version, version.closed)).collect();
        assert_eq!(found, [(2, true), (1, false)]);
        let kinds: Vec<_> = versions[0].events.iter().map(|event| (event.kind, event.actor_name.clone())).collect();
        let name = Some(officer.person.name.clone());
        assert_eq!(kinds, [(ProgramEventKind::Published, None), (ProgramEventKind::Closed, name)]);
        let public = office.service.program_versions(None, SALES_CHANNEL).await.unwrap();
        assert!(public[0].events.iter().all(|event| event.actor_name.is_none()));

        // Nobody applies on it any more.
        let life = TestOffice::party(&office, &catalogue_applicant()).await;
        let refused = office.service.start_application(&life.owner, SALES_CHANNEL, life.business, "late").await;
        assert_eq!(codes(refused), ["program.closed"]);
    })
    .await;
}

fn catalogue_applicant() -> program::definition::ApplicantFacts {
    let found = catalogue().programs.iter().find(|found| found.definition.program.program == SALES_CHANNEL);
    let scenarios = &found.and_then(|found| found.scenarios.as_ref()).unwrap().scenarios;
    scenarios.iter().find_map(|scenario| scenario.applicant.clone()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draft_follows_the_newest_version_and_loses_nothing() {
    each_database(async |database| {
        let office = TestOffice::of(database, &["hino"]).await;
        publish(&office, &second()).await;
        let mut life = office.life(SALES_CHANNEL, 0).await;
        let owner = life.party.owner.clone();
        let typed = values(json!({ "booth_number": "A-12", "plan": "新製品", "telephone_of_booth": "042" }));
        office.service.save_draft(&owner, life.application, None, typed.clone(), None, None).await.unwrap();

        // One version more: the draft is in its words, wherever it is looked at.
        publish(&office, &third()).await;
        let now = office.look(&owner, life.application).await;
        assert_eq!((now.program_version, now.case.program_hash.as_str()), (3, third().hash()));
        let draft = office.service.draft_of(&owner, &now, "application").await.unwrap().unwrap();
        assert_eq!(draft.values.get("stand"), Some(&json!("A-12")));
        assert_eq!(draft.values.get("telephone_of_booth"), Some(&json!("042")), "a mistake stays where it is");

        // The first version again in other words: the field is gone, and its value is kept aside, also when a page that
        // was opened before saves what it knows.
        let fourth = changed(|definition| definition.program.title.en.push('!'));
        publish(&office, &fourth).await;
        let sent = values(json!({ "booth_number": "B-3", "stand": "C-4", "plan": "新製品" }));
        let (_, saved) = office.service.save_draft(&owner, life.application, None, sent, None, None).await.unwrap();
        assert_eq!(saved.values.get("stand"), None);
        assert_eq!(saved.kept.get("stand"), Some(&json!("C-4")));
        office.service.save_draft(&owner, life.application, None, values(json!({})), None, None).await.unwrap();

        // Handed in: pinned from here on, and what had no field stays with the case.
        office.step(&mut life).await;
        let case = office.look(&owner, life.application).await.case;
        assert_eq!(case.program_hash, fourth.hash());
        assert_eq!(case.body.kept["application"].get("stand"), Some(&json!("C-4")));
        publish(&office, &changed(|definition| definition.program.title.en.push('?'))).await;
        let pinned = office.look(&owner, life.application).await;
        assert_eq!((pinned.program_version, pinned.case.program_hash.as_str()), (4, fourth.hash()));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_counts_from_its_day() {
    each_database(async |database| {
        let office = TestOffice::of(database, &["hino"]).await;
        let mut life = office.life(SALES_CHANNEL, 0).await;
        let owner = life.party.owner.clone();
        office.step(&mut life).await;
        let draft = office.life(SALES_CHANNEL, 0).await;
        let day = day_in_japan(office.service.now()) + Days::new(3);
        let next = changed(|definition| {
            definition.program.effective_from = Some(day);
            definition.program.amount.as_mut().unwrap().minimum = vocabulary::Yen::new(1_000).ok();
        });
        publish(&office, &next).await;

        // Until then everybody goes by the version before, and whoever looks is told what changes.
        let now = office.service.program(SALES_CHANNEL, None).await.unwrap();
        assert_eq!(now.version, 1);
        assert!(now.calls.iter().any(|call| call.open));
        assert_eq!(office.service.newest_program(SALES_CHANNEL).await.unwrap().version, 2);
        let listed = office.service.programs(Some("hino"), None, 1_000, None).await.unwrap().items;
        assert!(listed.iter().any(|(name, version)| name == SALES_CHANNEL && version.version == 1));
        let coming = office.service.coming_version(SALES_CHANNEL).await.unwrap().unwrap();
        assert_eq!(coming.effective_from, day);
        assert!(coming.differences.iter().any(|difference| difference.path == "/program/amount/minimum"));
        assert_eq!(office.look(&draft.party.owner, draft.application).await.program_version, 1);
        let (owner_of_draft, business) = (&draft.party.owner, draft.party.business);
        let another = office.service.start_application(owner_of_draft, SALES_CHANNEL, business, "early").await;
        assert_eq!(another.unwrap().program_version, 1);

        // For officers it is open all the same, and no running case moves before its day.
        let officer = office.staff("hino", "program_officer");
        let overview = office.service.programs_of_officer(officer).await.unwrap();
        let ours = overview.iter().find(|found| found.newest.program.name() == SALES_CHANNEL).unwrap();
        assert_eq!((ours.newest.version, ours.now.version), (2, 1));
        assert!(ours.now.calls.iter().any(|call| call.open));
        let early = office.service.migrate_case(officer, SALES_CHANNEL, 2, life.application, "m").await.unwrap();
        assert_eq!(early.outcome, MigrationOutcome::Refused);
        assert_eq!(early.refusals[0].code, "migrate.not_in_force");

        // From that day on by the new one, also a draft that was begun before; what was handed in stays.
        office.advance_to(moment(day)).await;
        assert_eq!(office.service.program(SALES_CHANNEL, None).await.unwrap().version, 2);
        assert!(office.service.coming_version(SALES_CHANNEL).await.unwrap().is_none());
        assert_eq!(office.look(&draft.party.owner, draft.application).await.program_version, 2);
        assert_eq!(office.look(&owner, life.application).await.program_version, 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_applies_before_the_first_version_counts() {
    each_database(async |database| {
        let office = TestOffice::of(database, &["hino"]).await;
        let day = day_in_japan(office.service.now()) + Days::new(3);
        let fresh = changed(|definition| {
            definition.program.program = "hino/another".to_owned();
            definition.program.effective_from = Some(day);
        });
        publish(&office, &fresh).await;
        let call = catalogue().calls.iter().find(|call| call.program == SALES_CHANNEL).unwrap();
        let call = program::definition::Call { program: "hino/another".to_owned(), ..call.clone() };
        office.service.import_calls("hino", &[call]).await.unwrap();
        let shown = office.service.program("hino/another", None).await.unwrap();
        assert!(shown.calls.iter().all(|call| !call.open));
        let party = office.party(&catalogue_applicant()).await;
        let refused = office.service.start_application(&party.owner, "hino/another", party.business, "early").await;
        assert_eq!(codes(refused), ["program.not_in_force"]);
        office.advance_to(moment(day)).await;
        let begun = office.service.start_application(&party.owner, "hino/another", party.business, "then").await;
        assert_eq!(begun.unwrap().program_version, 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn running_cases_go_on_to_a_new_version_when_they_are_chosen() {
    each_database(async |database| {
        let office = TestOffice::of(database, &["hino"]).await;
        let (moved, stays) = (office.under_review().await, office.granted().await);
        let draft = office.life(SALES_CHANNEL, 0).await;
        let second = changed(|definition| {
            definition.program.amount.as_mut().unwrap().minimum = vocabulary::Yen::new(1_000).ok();
            let states = &mut definition.archetype.states;
            let granted = states.shift_remove("granted").unwrap();
            states.insert("granted".to_owned(), granted);
        });
        let Published::Version { differences, .. } = publish(&office, &second).await else { panic!() };
        assert_eq!(program::weight_of(&differences), Some(program::Weight::Major));

        // What would happen; the draft is none of them.
        let plan = office.service.migration_plan(SALES_CHANNEL, 2, None, 100).await.unwrap();
        let planned: BTreeMap<_, _> = plan.iter().map(|item| (item.application, item.outcome)).collect();
        assert_eq!(planned.get(&moved.application), Some(&MigrationOutcome::Possible), "{plan:#?}");
        assert!(!planned.contains_key(&draft.application));
        let first = office.service.migration_plan(SALES_CHANNEL, 2, None, 1).await.unwrap();
        let rest = office.service.migration_plan(SALES_CHANNEL, 2, Some(first[0].application), 1).await.unwrap();
        assert_eq!(first.len() + rest.len(), 2);
        assert_ne!(first[0].application, rest[0].application);

        let officer = office.staff("hino", "program_officer");
        let clerk = office.staff("hino", "clerk");
        let go = async |viewer: &service::Viewer, key: &str| {
            office.service.migrate_case(viewer, SALES_CHANNEL, 2, moved.application, key).await
        };
        assert!(matches!(go(clerk, "m").await, Err(Error::Forbidden(_))));
        let before = office.look(officer, moved.application).await.case;
        for _ in 0..2 {
            assert_eq!(go(officer, "m").await.unwrap().outcome, MigrationOutcome::Moved);
        }
        for _ in 0..2 {
            assert_eq!(go(officer, "another").await.unwrap().outcome, MigrationOutcome::Already);
        }

        let after = office.look(officer, moved.application).await;
        assert_eq!((after.program_version, after.case.version), (2, before.version + 1));
        assert_eq!(after.case.state, before.state);
        assert_eq!(after.case.body.holdings, before.body.holdings);
        assert_eq!(office.look(officer, stays.application).await.program_version, 1);
        let newest = office.store.read().newest_event(moved.application).await.unwrap().unwrap();
        assert_eq!(newest.stage.as_str(), "migrated");
        assert_eq!(newest.facts["version_before"], json!(before.program_hash));

        // Mails of before are still written by the version of before, and the chain is whole.
        office.work_off().await;
        let mut export = Vec::new();
        office.service.audit_export(&mut export).await.unwrap();
        let lines: Vec<String> = String::from_utf8(export).unwrap().lines().map(str::to_owned).collect();
        let is_event = |line: &&String| {
            matches!(serde_json::from_str(line), Ok(AuditLine::Event { event }) if event.stage.as_str() == "migrated")
        };
        assert_eq!(lines.iter().filter(is_event).count(), 1);
        let report = verify_export(lines.into_iter(), &[]);
        assert!(report.broken.is_empty(), "{:?}", report.broken);

        // The case goes on under the new version.
        let row = office.store.read().load_case(store::CaseKey::Id(moved.application), Lock::Nothing).await;
        assert_eq!(row.unwrap().unwrap().case.program_hash, second.hash());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_case_that_has_no_place_in_the_new_version_stays_and_says_why() {
    each_database(async |database| {
        let office = TestOffice::of(database, &["hino"]).await;
        let life = office.under_review().await;
        let required = changed(|definition| {
            let field = field(json!({
                "type": "text", "label": { "ja": "出展の目的", "en": "Purpose" }, "required": true,
            }));
            definition.program.form.insert("aim_this_year".to_owned(), field);
        });
        publish(&office, &required).await;
        let officer = office.staff("hino", "program_officer");
        let tried = office.service.migrate_case(officer, SALES_CHANNEL, 2, life.application, "m").await.unwrap();
        assert_eq!(tried.outcome, MigrationOutcome::Refused);
        let reasons: Vec<_> =
            tried.refusals.iter().map(|reason| (reason.code.as_str(), reason.path.as_deref())).collect();
        assert_eq!(reasons, [("migrate.field.required", Some("application.aim_this_year"))]);
        assert_eq!(office.look(officer, life.application).await.program_version, 1);
    })
    .await;
}
