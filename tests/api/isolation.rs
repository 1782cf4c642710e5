//! Nobody learns anything of another business or another office: not by a field, a list, a count, an error, a file, nor
//! by the difference between what is hidden and what does not exist.

use std::collections::BTreeSet;

use casework::FieldMark;
use program::definition::Role;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use service::Viewer;
use testkit::office::SALES_CHANNEL;
use testkit::{Life, TestOffice, each_database};
use uuid::Uuid;

use crate::client::{Answer, Api};
use crate::schema::{Schema, TypeRef};

/// In everything that is business B's: its names, values, files, letters, mails.
const MARKER: &str = "ZQXJKV";

/// Business B with a case that was paid, one in correction, and a draft; and every name by which any of it is known.
struct Secret {
    party: testkit::Party,
    cases: Vec<Uuid>,
    ids: BTreeSet<String>,
    texts: BTreeSet<String>,
    paths: BTreeSet<String>,
}

fn global(kind: &str, key: impl std::fmt::Display) -> String {
    use base64_url::encode;
    encode(format!("{kind}:{key}").as_bytes())
}

/// Base64 without padding, as identifiers are written.
mod base64_url {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

    pub fn encode(bytes: &[u8]) -> String {
        let mut text = String::new();
        for part in bytes.chunks(3) {
            let word = part.iter().fold(0u32, |word, byte| (word << 8) | u32::from(*byte)) << (8 * (3 - part.len()));
            for place in 0..=part.len() {
                text.push(char::from(LETTERS[(word >> (18 - 6 * place)) as usize & 63]));
            }
        }
        text
    }
}

async fn plant(office: &TestOffice) -> Secret {
    let first = office.life(SALES_CHANNEL, 0).await;
    let facts = first.scenario.applicant.clone().expect("who applies");
    let party = office.party_named(&format!("株式会社{MARKER}"), "secret@zqxjkv.example", &facts).await;
    // Paid.
    let mut paid = office.life_of(party.clone(), SALES_CHANNEL, 0).await;
    let step = paid.scenario.steps[0].clone();
    office.advance_to(casework::scenario::moment(step.on.unwrap())).await;
    let mut act = office.prepare(&paid, &party.owner, &step).await.unwrap();
    mark(&mut act.values);
    office.service.act(&party.owner, paid.application, act, "b-submit").await.unwrap();
    paid.taken = 1;
    office.live_until(&mut paid, "paid").await;
    // Another business of the same person's, whose case is in correction; and a third with a draft.
    let mut other = office.party_named(&format!("合同会社{MARKER}二"), "second@zqxjkv.example", &facts).await;
    let correcting = office.life_of(other.clone(), SALES_CHANNEL, 0).await;
    let mut act = office.prepare(&correcting, &other.owner, &step).await.unwrap();
    mark(&mut act.values);
    for (field, day) in [
        ("starts_on", "2027-01-10"),
        ("held_from", "2027-01-20"),
        ("held_to", "2027-01-21"),
        ("completes_on", "2027-02-20"),
    ] {
        act.values.insert(field.to_owned(), json!(day));
    }
    office.service.act(&other.owner, correcting.application, act, "b-second").await.unwrap();
    let reviewer = office.staff("hino", "clerk");
    let request = casework::Act {
        action: "request_correction".to_owned(),
        expected_version: 1,
        values: serde_json::from_value(json!({ "message": format!("message {MARKER}") })).unwrap(),
        marks: vec![FieldMark { field: "venue".to_owned(), remark: format!("remark {MARKER}") }],
        comment: Some(format!("comment {MARKER}")),
        procedure: None,
    };
    office.service.act(reviewer, correcting.application, request, "b-correct").await.unwrap();
    other.owner = office.viewer("second@zqxjkv.example").await;
    let third = office.party_named(&format!("{MARKER}商店"), "third@zqxjkv.example", &facts).await;
    let draft = office.life_of(third.clone(), SALES_CHANNEL, 0).await;
    let mut values = serde_json::Map::new();
    mark(&mut values);
    office.service.save_draft(&third.owner, draft.application, None, values, None, None).await.unwrap();
    office.work_off().await;

    let mut secret = Secret {
        party,
        cases: vec![paid.application, correcting.application, draft.application],
        ids: BTreeSet::new(),
        texts: BTreeSet::new(),
        paths: BTreeSet::new(),
    };
    for (life, owner) in [(&paid, &paid.party.owner), (&correcting, &other.owner), (&draft, &third.owner)] {
        collect(office, &mut secret, life, owner).await;
    }
    secret.texts.extend([
        MARKER.to_owned(),
        format!("株式会社{MARKER}"),
        "hino/sales-channel".to_owned(),
        "hino".to_owned(),
    ]);
    secret
}

fn mark(values: &mut serde_json::Map<String, Value>) {
    for field in ["contact_name", "purpose", "event", "venue"] {
        values.insert(field.to_owned(), json!(format!("{field} {MARKER}")));
    }
}

/// Every identifier, number and path of a case.
async fn collect(office: &TestOffice, secret: &mut Secret, life: &Life, owner: &Viewer) {
    let mut named = |kind: &str, id: Uuid| {
        secret.ids.extend([id.to_string(), global(kind, id)]);
    };
    let case = office.look(owner, life.application).await.case;
    named("Application", case.id);
    named("Business", case.business.id);
    named("Account", owner.person.id);
    named("Call", case.call.id);
    for submission in case.body.forms.values() {
        named("Submission", submission.id);
        for file in submission.documents.values().flatten() {
            named("File", file.file);
            secret.paths.insert(format!("/files/{}", file.file));
        }
    }
    for file in office
        .service
        .draft_of(owner, &office.look(owner, case.id).await, "application")
        .await
        .unwrap()
        .iter()
        .flat_map(|draft| draft.documents.values().flatten())
    {
        secret.paths.insert(format!("/files/{}", file.file));
    }
    let mut named = |kind: &str, id: Uuid| {
        secret.ids.extend([id.to_string(), global(kind, id)]);
    };
    for payment in &case.body.payments {
        named("PaymentLine", payment.id);
    }
    for letter in office.service.letters_of(&[case.id]).await.unwrap().remove(&case.id).unwrap_or_default() {
        named("Letter", letter.id);
        assert!(letter.html.is_some_and(|html| html.contains(MARKER)), "the marker is in the letters");
        secret.paths.insert(format!("/letters/{}", letter.id));
    }
    let mut named = |kind: &str, id: Uuid| {
        secret.ids.extend([id.to_string(), global(kind, id)]);
    };
    for mail in office.service.messages_of(owner, &[case.id]).await.unwrap().remove(&case.id).unwrap_or_default() {
        named("Message", mail.id);
        assert!(mail.text.contains(MARKER), "the marker is in the mails");
    }
    for (_, event) in office.service.history(owner, case.id, 100, None).await.unwrap().items {
        named("Event", event.event.id);
    }
    let maker = office.staff("hino", "finance_maker");
    for (_, batch) in office.service.payment_batches(maker, 100, None).await.unwrap().items {
        named("PaymentBatch", batch.batch.id);
        secret.paths.insert(format!("/payment-batches/{}/file", batch.batch.id));
    }
    secret.texts.extend(case.body.numbers.values().cloned());
}

/// Whoever asks, and how the answers are judged.
struct Spy<'a> {
    api: &'a Api,
    schema: &'a Schema,
    token: &'a str,
    name: &'a str,
}

impl Spy<'_> {
    fn check(&self, answer: &Answer, asked: &str) {
        assert!(!answer.text.contains(MARKER), "{} sees the secret by {asked}: {}", self.name, answer.text);
    }

    async fn ask(&self, query: &str, variables: Value) -> Answer {
        let answer = self.api.graphql(Some(self.token), query, variables.clone()).await;
        self.check(&answer, &format!("{query} {variables}"));
        assert!(!answer.codes().contains(&"TOO_COSTLY".to_owned()), "nothing was asked: {query}");
        answer
    }

    /// The answer for what is hidden is the answer for what is not there.
    async fn ask_both(&self, query: &str, variable: &str, hidden: &str, absent: &str) {
        let found = self.ask(query, json!({ variable: hidden })).await;
        let nothing = self.ask(query, json!({ variable: absent })).await;
        let (status, text) = found.comparable();
        let (other_status, other) = nothing.comparable();
        assert_eq!(
            (status, text.replace(hidden, "")),
            (other_status, other.replace(absent, "")),
            "{}: {query} {hidden}",
            self.name
        );
    }

    /// Every question of the schema with every name of the secret.
    async fn question(&self, secret: &Secret) {
        for field in &self.schema.get("Query").fields {
            let selections = self.schema.selections(&field.of.name, 2);
            let first = if field.args.iter().any(|(name, _)| name == "first") { "first: 10" } else { "" };
            for selection in &selections {
                if field.args.iter().all(|(_, of)| !of.required) {
                    let args = if first.is_empty() { String::new() } else { format!("({first})") };
                    self.ask(&format!("{{ {}{args} {selection} }}", field.name), Value::Null).await;
                }
            }
            // The first selection shows whether there is anything; the rest was seen to give nothing then.
            let Some(selection) = selections.first() else { continue };
            for (arg, of) in &field.args {
                let rest: Vec<String> = field
                    .args
                    .iter()
                    .filter(|(name, of)| name != arg && of.required)
                    .map(|(name, of)| format!("{name}: {}", if of.name == "Int" { "2026" } else { "\"hino\"" }))
                    .chain((!first.is_empty() && arg != "first").then(|| first.to_owned()))
                    .collect();
                let rest = if rest.is_empty() { String::new() } else { format!(", {}", rest.join(", ")) };
                let mark = if of.required { "!" } else { "" };
                let query = format!("query($x: {}{mark}) {{ {}({arg}: $x{rest}) {selection} }}", of.name, field.name);
                match of.name.as_str() {
                    "ID" => {
                        for id in &secret.ids {
                            self.ask_both(&query, "x", id, &absent_like(id)).await;
                        }
                    }
                    "String" => {
                        for text in &secret.texts {
                            self.ask(&query, json!({ "x": text })).await;
                        }
                    }
                    _ => {}
                }
            }
        }
        self.filter(secret).await;
        self.fetch(secret).await;
    }

    async fn filter(&self, secret: &Secret) {
        let query = "query($f: ApplicationFilter, $o: ApplicationOrder) { applications(filter: $f, orderBy: $o, first: 50) { \
                     edges { cursor node { id number business { name } } } pageInfo { hasNextPage } } }";
        let orders = self.schema.get("ApplicationOrder").words.clone();
        for (field, of) in &self.schema.get("ApplicationFilter").inputs {
            let values: Vec<Value> = match of.name.as_str() {
                "ID" => secret.ids.iter().map(|id| json!(id)).collect(),
                "String" => secret.texts.iter().map(|text| json!(text)).collect(),
                "Int" => vec![json!(2026)],
                other => self.schema.get(other).words.iter().map(|word| json!(word)).collect(),
            };
            for value in values {
                self.ask(query, json!({ "f": { field: value } })).await;
            }
        }
        for order in orders {
            self.ask(query, json!({ "o": order })).await;
        }
        // A cursor into somebody else's rows shows one's own only.
        for case in &secret.cases {
            let cursor = format!("0.{}", case.simple());
            let after =
                "query($a: String) { applications(after: $a, first: 50) { edges { node { business { name } } } } }";
            self.ask(after, json!({ "a": cursor })).await;
        }
    }

    async fn fetch(&self, secret: &Secret) {
        for path in &secret.paths {
            let found = self.api.get(Some(self.token), path).await;
            self.check(&found, path);
            let (head, tail) = path.trim_start_matches('/').split_once('/').unwrap();
            let id: String = tail.chars().take(36).collect();
            let absent = format!("/{head}/{}", tail.replace(&id, &Uuid::from_u128(9).to_string()));
            let nothing = self.api.get(Some(self.token), &absent).await;
            assert_eq!(found.comparable(), nothing.comparable(), "{}: {path}", self.name);
            assert!(found.status.is_client_error(), "{}: {path}: {}", self.name, found.status);
        }
    }

    /// Every command aimed at the secret's things: nothing happens, and hidden is as absent.
    async fn command(&self, secret: &Secret) {
        let ids = [secret.cases.clone(), vec![secret.party.business, secret.party.owner.person.id]].concat();
        for field in &self.schema.get("Mutation").fields {
            let Some((arg, of)) = field.args.first() else { continue };
            let selection = self.schema.selections(&field.of.name, 1).swap_remove(0);
            let query = format!("mutation($x: {}!) {{ {}({arg}: $x) {selection} }}", of.name, field.name);
            let inputs = &self.schema.get(&of.name).inputs;
            let names: Vec<&str> =
                inputs.iter().filter(|(_, of)| of.name == "ID").map(|(name, _)| name.as_str()).collect();
            for aimed in names {
                for (round, id) in ids.iter().enumerate() {
                    let key = format!("{}-{aimed}-{round}-{}", field.name, self.name.replace(' ', "-"));
                    let with = |id: String, key: String| {
                        self.schema.input(&of.name, &|name: &str, of: &TypeRef| match name {
                            "idempotencyKey" => Some(json!(key)),
                            "municipality" => Some(json!("hino")),
                            "program" => Some(json!(SALES_CHANNEL)),
                            "action" => Some(json!("withdraw")),
                            "expectedVersion" => Some(json!(1)),
                            "slot" => Some(json!("plan")),
                            "email" => Some(json!("spy@example.jp")),
                            name if name == aimed && of.list => Some(json!([id])),
                            name if name == aimed => Some(json!(id)),
                            _ => None,
                        })
                    };
                    let absent = Uuid::from_u128(9).to_string();
                    let found = self.ask(&query, json!({ "x": with(id.to_string(), key.clone()) })).await;
                    let nothing = self.ask(&query, json!({ "x": with(absent.clone(), format!("{key}-n")) })).await;
                    let (status, text) = found.comparable();
                    let (other_status, other) = nothing.comparable();
                    assert_eq!(
                        (status, text.replace(&id.to_string(), "")),
                        (other_status, other.replace(&absent, "")),
                        "{}: {query} {id}",
                        self.name
                    );
                }
            }
        }
    }
}

/// The same kind of identifier, of nothing.
fn absent_like(id: &str) -> String {
    if Uuid::try_parse(id).is_ok() {
        return Uuid::from_u128(9).to_string();
    }
    let kinds = [
        "Application",
        "Business",
        "Account",
        "Call",
        "Submission",
        "File",
        "PaymentLine",
        "Letter",
        "Message",
        "Event",
        "PaymentBatch",
    ];
    let whole = |kind: &&&str| id.starts_with(&global(kind, "")[..kind.len()]);
    global(kinds.iter().find(whole).expect("a known kind"), Uuid::from_u128(9))
}

async fn evidence(office: &TestOffice, secret: &Secret) -> Vec<(Uuid, i64, usize)> {
    let mut seen = Vec::new();
    for case in &secret.cases {
        let events = office.store.read().events(*case, 0, 1_000).await.unwrap().len();
        let stored =
            office.store.read().load_case(store::CaseKey::Id(*case), store::Lock::Nothing).await.unwrap().unwrap();
        seen.push((*case, stored.case.version, events));
    }
    seen
}

#[tokio::test]
async fn a_business_learns_nothing_of_another() {
    each_database(async |database| {
        let office = TestOffice::of(database, &["hino"]).await;
        let secret = plant(&office).await;
        let api = Api::serve(&office).await;
        // The secret is there to be found.
        let own = office.token(&secret.party.owner, &["read"]).await;
        let query =
            "query($id: ID) { application(id: $id) { business { name } values letters { html } messages { text } } }";
        let answer = api.graphql(Some(&own), query, json!({ "id": secret.cases[0] })).await;
        assert!(answer.text.matches(MARKER).count() > 5, "{}", answer.text);

        let spy_party = office.submitted().await;
        let before = evidence(&office, &secret).await;
        let token = office.token(&spy_party.party.owner, &["read", "apply", "act", "pay"]).await;
        let schema = Schema::ask(&api, &token).await;
        let spy = Spy { api: &api, schema: &schema, token: &token, name: "another business" };
        spy.question(&secret).await;
        spy.command(&secret).await;
        // With a file of B's in a case of A's own, and the other way round.
        let attach =
            "mutation($i: AttachDocumentInput!) { attachDocument(input: $i) { application { id } refusals { code } } }";
        for path in secret.paths.iter().filter_map(|path| path.strip_prefix("/files/")) {
            let input = json!({
                "applicationId": spy_party.application, "form": "application", "slot": "plan", "fileId": path,
                "idempotencyKey": format!("steal-{path}"),
            });
            assert_eq!(spy.ask(attach, json!({ "i": input })).await.codes(), ["NOT_FOUND"]);
        }
        assert_eq!(evidence(&office, &secret).await, before);
        assert_eq!(office.service.business(&secret.party.owner, secret.party.business).await.unwrap().members.len(), 1);

        // Nobody at all learns less.
        for path in &secret.paths {
            let answer = api.get(None, path).await;
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{path}");
        }
        let request = api.request(Method::POST, "/files").body("x");
        assert_eq!(api.send(request).await.status, StatusCode::UNAUTHORIZED);
    })
    .await;
}

#[tokio::test]
async fn an_office_learns_nothing_of_another() {
    each_database(async |database| {
        let office = TestOffice::of(database, &["hino", "shimonoseki"]).await;
        let secret = plant(&office).await;
        let api = Api::serve(&office).await;
        let before = evidence(&office, &secret).await;
        let mut schema = None;
        for role in [Role::Clerk, Role::FinanceMaker, Role::Administrator, Role::Auditor] {
            let viewer = office.staff("shimonoseki", role.as_str()).clone();
            let token = office.token(&viewer, &["read", "apply", "act", "pay"]).await;
            if schema.is_none() {
                schema = Some(Schema::ask(&api, &token).await);
            }
            let Some(schema) = &schema else { continue };
            let name = format!("shimonoseki {}", role.as_str());
            let spy = Spy { api: &api, schema, token: &token, name: &name };
            spy.filter(&secret).await;
            spy.fetch(&secret).await;
            match role {
                Role::FinanceMaker => spy.question(&secret).await,
                Role::Administrator => spy.command(&secret).await,
                _ => {}
            }
            let budget = "{ budget(program: \"hino/sales-channel\", fiscalYear: 2026) { code } }";
            assert_eq!(spy.ask(budget, Value::Null).await.codes(), ["NOT_FOUND"]);
        }
        assert_eq!(evidence(&office, &secret).await, before);
    })
    .await;
}

#[tokio::test]
async fn the_applicant_does_not_see_a_decision_before_it_is_one() {
    each_database(async |database| {
        let office = TestOffice::of(database, &["hino"]).await;
        let api = Api::serve(&office).await;
        let life = office.under_review().await;
        let reviewer = office.staff("hino", "reviewer");
        let reason = serde_json::from_value(json!({ "reason": format!("reason {MARKER}") })).unwrap();
        office.act(reviewer, life.application, "reject", reason).await.unwrap();
        let owner = office.token(&life.party.owner, &["read"]).await;
        let schema = Schema::ask(&api, &owner).await;
        // What the program says of itself is public and names every action.
        let selections = schema.selections("Application", 3);
        for selection in selections.iter().filter(|selection| !selection.starts_with("{ program ")) {
            let query = format!("query($id: ID) {{ application(id: $id) {selection} }}");
            let answer = api.graphql(Some(&owner), &query, json!({ "id": life.application })).await;
            assert!(!answer.codes().contains(&"TOO_COSTLY".to_owned()), "{query}");
            for told in ["\"reject\"", "draftedBy", MARKER] {
                assert!(!answer.text.contains(told), "{told}: {query}: {}", answer.text);
            }
        }
        // The office sees it.
        let token = office.token(office.staff("hino", "position:manager"), &["read"]).await;
        let query = "query($id: ID) { application(id: $id) { pendingApproval { action } } }";
        let answer = api.graphql(Some(&token), query, json!({ "id": life.application })).await.data();
        assert_eq!(answer["application"]["pendingApproval"]["action"], "reject");
    })
    .await;
}

#[tokio::test]
async fn whoever_left_sees_nothing_any_more() {
    each_database(async |database| {
        let office = TestOffice::of(database, &["hino"]).await;
        let api = Api::serve(&office).await;
        let life = office.submitted().await;
        // A second member uploads, attaches, and is removed.
        let colleague = office.account("colleague@business.example", "同僚").await;
        let membership = store::Membership {
            account: colleague,
            business: life.party.business,
            role: service::MemberRole::Member,
            ends_at: None,
        };
        let joined = office.store.write(|tx| {
            let membership = &membership;
            Box::pin(async move { tx.put_membership(membership).await })
        });
        joined.await.unwrap();
        let member = office.viewer("colleague@business.example").await;
        let token = office.token(&member, &["read", "apply", "act"]).await;
        let pdf = testkit::office::sample_pdf("colleague");
        let file = office.service.upload(&member, "報告.pdf", pdf).await.unwrap();
        let path = format!("/files/{}", file.id);
        assert_eq!(api.get(Some(&token), &path).await.status, StatusCode::OK);
        let attached = office
            .service
            .attach_document(&member, life.application, Some("application"), ("plan", &[]), file.id, "attach")
            .await;
        attached.unwrap();
        assert_eq!(api.get(Some(&token), &path).await.status, StatusCode::OK);
        let withdraw = api.perform(&token, life.application, "withdraw", 1, "left").await.data();
        assert_eq!(withdraw["performAction"]["__typename"], "ActionPerformed");
        office.service.remove_member(&life.party.owner, life.party.business, colleague, "remove").await.unwrap();
        assert_eq!(api.get(Some(&token), &path).await.status, StatusCode::NOT_FOUND);
        // Not even by repeating what was done.
        assert_eq!(api.perform(&token, life.application, "withdraw", 1, "left").await.codes(), ["NOT_FOUND"]);
        let owner = office.token(&life.party.owner, &["read"]).await;
        assert_eq!(api.get(Some(&owner), &path).await.status, StatusCode::OK);
    })
    .await;
}

#[tokio::test]
async fn staff_of_one_office_are_applicants_at_another() {
    each_database(async |database| {
        let office = TestOffice::of(database, &["hino", "shimonoseki"]).await;
        let life = office.submitted().await;
        office.work_off().await;
        let today = vocabulary::day_in_japan(office.service.now());
        office.service.give_role(life.party.owner.person.id, "shimonoseki", Role::Clerk, today).await.unwrap();
        let both = office.viewer(&life.party.owner.email).await;
        let mails = office.service.messages_of(&both, &[life.application]).await.unwrap();
        let recipients: Vec<&str> = mails[&life.application].iter().map(|mail| mail.recipient.as_str()).collect();
        assert_eq!(recipients, [both.email.as_str()], "mails between others");
        let clerk = office.service.messages_of(office.staff("hino", "clerk"), &[life.application]).await.unwrap();
        assert_eq!(clerk[&life.application].len(), 2);
    })
    .await;
}

/// 利害関係: staff who belong to the applying business, over the API.
#[tokio::test]
async fn staff_do_not_handle_their_own_business() {
    each_database(async |database| {
        let office = TestOffice::of(database, &["hino"]).await;
        let submitted = office.submitted().await;
        let ordered = office.ordered().await;
        let who =
            ["clerk", "reviewer", "finance_maker", "finance_checker"].map(|who| office.staff("hino", who).clone());
        let batch = office.draft_batch("hino", None).await.unwrap();
        for viewer in &who {
            for business in [submitted.party.business, ordered.party.business] {
                let role = store::MemberRole::Member;
                let member = store::Membership { account: viewer.person.id, business, role, ends_at: None };
                let put = office.store.write(|tx| {
                    let member = &member;
                    Box::pin(async move { tx.put_membership(member).await })
                });
                put.await.unwrap();
            }
        }
        let [clerk, reviewer, maker, checker] = who;
        let refused = |outcome: Result<(), service::Error>| match outcome {
            Err(service::Error::Refused(refusals)) => refusals.into_iter().map(|refusal| refusal.code).collect(),
            other => vec![format!("{other:?}")],
        };
        let conflict = ["duty.conflict_of_interest"];
        let service = &office.service;
        let member = office.viewer(&clerk.email).await;
        let acted = office.act(&member, submitted.application, "receive", serde_json::Map::new()).await;
        assert_eq!(refused(acted.map(drop)), conflict);
        let own = service.assign(&member, submitted.application, None, "own").await;
        assert_eq!(refused(own.map(drop)), conflict);
        let officer = office.staff("hino", "program_officer");
        let to_member = service.assign(officer, submitted.application, Some(reviewer.person.id), "to").await;
        assert_eq!(refused(to_member.map(drop)), conflict);
        let checker = office.viewer(&checker.email).await;
        let approved = service.approve_payment_batch(&checker, batch, None, "approve").await;
        assert_eq!(refused(approved.map(drop)), conflict);
        let maker = office.viewer(&maker.email).await;
        let cancelled = service.cancel_payment_batch(&maker, batch, "誤り".to_owned(), "cancel").await;
        assert_eq!(refused(cancelled.map(drop)), conflict);
        // A colleague may; a stranger is nobody to give a case to, nor is whoever only looks.
        let colleague = Some(officer.person.id);
        assert!(service.assign(officer, submitted.application, colleague, "colleague").await.is_ok());
        let auditor = office.staff("hino", "auditor");
        for (nobody, key) in [(submitted.party.owner.person.id, "stranger"), (auditor.person.id, "auditor")] {
            let given = service.assign(officer, submitted.application, Some(nobody), key).await;
            assert!(matches!(given, Err(service::Error::BadInput { .. })), "{key}: {given:?}");
        }
        let taken = service.assign(auditor, submitted.application, None, "by-auditor").await;
        assert!(matches!(taken, Err(service::Error::Forbidden(_))), "{taken:?}");
    })
    .await;
}
