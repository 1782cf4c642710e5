//! Every command of the schema that is sent twice with one key has one effect and one answer; with another input the
//! key is refused.

use std::collections::BTreeSet;

use acceptance::authenticator;
use reqwest::Method;
use serde_json::{Value, json};
use service::{Device, NewSession, SignIn, Viewer};
use testkit::office::{PASSWORD, SALES_CHANNEL, catalogue, sample_pdf};
use testkit::{TestOffice, each_database};
use tokio::task::JoinSet;
use uuid::Uuid;
use vocabulary::Clock as _;

use crate::client::{Answer, Api};
use crate::partners::token_to;

/// A preview has no effect to repeat.
const NOT_HERE: [&str; 1] = ["previewAmount"];
/// Copies of one request that are sent at once.
const AT_ONCE: usize = 8;
/// A partner records each visit.
const EXPERT_DISPATCH: &str = "hino/expert-dispatch";
/// A panel scores what comes in, and the call is ranked.
const OPEN_CALL: &str = "sumida/field-test";

struct Command {
    by: Header,
    name: &'static str,
    /// What is asked of the payload; its refusals are, too.
    selection: &'static str,
    input: Value,
    /// A field, and another value of it. None has a name where there is nothing but the key.
    other: (&'static str, Value),
}

type Header = (&'static str, String);

impl Command {
    fn request(&self, api: &Api, input: &Value) -> reqwest::RequestBuilder {
        let kind = format!("{}{}Input", self.name[..1].to_uppercase(), &self.name[1..]);
        let query = format!("mutation($i: {kind}!) {{ {}(input: $i) {{ {} }} }}", self.name, self.selection);
        let body = json!({ "query": query, "variables": { "i": input } });
        let request = api.request(Method::POST, "/graphql").json(&body).header("origin", testkit::office::BASE_URL);
        request.header(self.by.0, &self.by.1)
    }

    async fn send(&self, api: &Api, input: &Value) -> Answer {
        api.send(self.request(api, input)).await
    }

    /// Sent once, then again, then many times at once, then with another input.
    async fn try_out(&self, api: &Api) -> Value {
        let first = self.send(api, &self.input).await.data();
        let payload = &first[self.name];
        let refusals = payload["refusals"].as_array();
        assert!(refusals.is_none_or(Vec::is_empty), "{}: {payload}", self.name);
        assert_eq!(self.send(api, &self.input).await.data(), first, "{}", self.name);
        let mut copies = JoinSet::new();
        for _ in 0..AT_ONCE {
            copies.spawn(self.request(api, &self.input).send());
        }
        while let Some(copy) = copies.join_next().await {
            let answer: Value = copy.unwrap().unwrap().json().await.unwrap();
            assert_eq!(answer["data"], first, "{}", self.name);
        }
        if self.other.0.is_empty() {
            return first[self.name].clone();
        }
        let mut other = self.input.clone();
        other[self.other.0] = self.other.1.clone();
        assert_eq!(self.send(api, &other).await.codes(), ["IDEMPOTENCY_CONFLICT"], "{}", self.name);
        first[self.name].clone()
    }
}

async fn bearer(office: &TestOffice, viewer: &Viewer) -> Header {
    ("authorization", format!("Bearer {}", office.token(viewer, &["read", "apply", "act", "pay"]).await))
}

async fn cookie(office: &TestOffice, viewer: &Viewer) -> Header {
    office.service.set_password(viewer.person.id, PASSWORD).await.unwrap();
    ("cookie", format!("__Host-session={}", session(office, viewer).await.token))
}

/// Whoever has the password, signed in.
pub async fn session(office: &TestOffice, viewer: &Viewer) -> NewSession {
    match office.service.sign_in(&viewer.email, PASSWORD, Device::default()).await.unwrap() {
        SignIn::Done(session) => *session,
        SignIn::HalfDone(_) => panic!("{} has a second factor", viewer.email),
    }
}

/// Somebody new, signed in, and the cookie.
async fn newcomer(office: &TestOffice, name: &str) -> (Viewer, Header) {
    office.account(&format!("{name}@business.example"), name).await;
    let viewer = office.viewer(&format!("{name}@business.example")).await;
    office.service.set_password(viewer.person.id, PASSWORD).await.unwrap();
    let opened = session(office, &viewer).await;
    (opened.viewer, ("cookie", format!("__Host-session={}", opened.token)))
}

/// As a second factor is set up, or ready to be confirmed: with the code that confirms it.
async fn enrolling(office: &TestOffice, viewer: &Viewer) -> String {
    let begun = office.service.begin_second_factor(viewer, "begin").await.unwrap();
    authenticator::code(&begun.secret, office.clock.now())
}

async fn enrolled(office: &TestOffice, viewer: &Viewer) -> Vec<String> {
    let code = enrolling(office, viewer).await;
    office.service.confirm_second_factor(viewer, &code, "confirm").await.unwrap()
}

/// All commands, in an order in which each can be done.
async fn commands(office: &TestOffice) -> Vec<Command> {
    let submitted = office.submitted().await;
    let moved = office.submitted().await;
    let mut entered = [office.life(OPEN_CALL, 0).await, office.life(OPEN_CALL, 0).await];
    for life in &mut entered {
        office.step(life).await;
    }
    let draft = office.life(SALES_CHANNEL, 0).await;
    let ordered = office.cases_in("ordered", 3).await;
    let owner = submitted.party.owner.clone();
    let colleague = office.account("colleague@business.example", "同僚").await;
    for (account, business) in [(colleague, submitted.party.business), (owner.person.id, draft.party.business)] {
        let role = store::MemberRole::Member;
        let member = store::Membership { account, business, role, ends_at: None };
        let put = office.store.write(|tx| {
            let member = &member;
            Box::pin(async move { tx.put_membership(member).await })
        });
        put.await.unwrap();
    }
    let file = office.service.upload(&draft.party.owner, "計画.pdf", sample_pdf("plan")).await.unwrap();
    let finance = office.staff("hino", "finance_maker");
    let mut lines = Vec::new();
    for life in &ordered {
        lines.push(office.look(finance, life.application).await.case.body.payments[0].id);
    }
    let cancelled = office.draft_batch("hino", Some(vec![lines[1]])).await.unwrap();
    let other_batch = office.draft_batch("hino", Some(vec![lines[2]])).await.unwrap();
    let clerk = office.staff("hino", "clerk").clone();
    let reviewer = office.staff("hino", "reviewer").person.id;
    office.service.create_api_token(&clerk, "old", vec!["read".to_owned()], 1, None).await.unwrap();
    let old = office.service.api_tokens(&clerk).await.unwrap().into_iter().find(|token| token.name == "old");
    let (by_owner, by_clerk) = (bearer(office, &owner).await, bearer(office, &clerk).await);
    let by_administrator = bearer(office, office.staff("hino", "administrator")).await;
    let by_officer = bearer(office, office.staff("hino", "program_officer")).await;
    let by_maker = bearer(office, finance).await;
    let by_checker = bearer(office, office.staff("hino", "finance_checker")).await;
    let by_drafter = bearer(office, &draft.party.owner).await;
    let mut visited = office.life(EXPERT_DISPATCH, 0).await;
    let assigned = office.live_until(&mut visited, "assigned").await;
    office.work_off().await;
    let by_partner = ("authorization", format!("Bearer {}", token_to(office, "expert@example.jp")));
    let [judged, withdrawn] = &mut entered;
    office.live_until(judged, "judged").await;
    // Nobody waits for it when the call is ranked.
    office.live_until(withdrawn, "judging").await;
    office.act(&withdrawn.party.owner, withdrawn.application, "withdraw", serde_json::Map::new()).await.unwrap();
    let by_sumida = bearer(office, office.staff("sumida", "program_officer")).await;
    let call = office.look(&judged.party.owner, judged.application).await.case.call.id;
    let calls = office.store.read().calls(Some(OPEN_CALL)).await.unwrap();
    let another = calls.iter().find(|other| other.id != call).unwrap().id;
    let officer = office.staff("sumida", "program_officer");
    for name in ["panelist:dismissed", "panelist:recused"] {
        office.judge("sumida", call, name).await;
    }
    let judges = office.service.judges(officer, call).await.unwrap();
    let judge = |name: &str| judges.iter().find(|judge| judge.email.starts_with(name)).unwrap().id;
    office.account("appointed@judges.example", "審査員").await;
    publish_another(office).await;
    let command = |by: &Header, name, selection, input: Value, other| {
        let mut input = input;
        input["idempotencyKey"] = format!("key-of-{name}").into();
        Command { by: by.clone(), name, selection, input, other }
    };
    let (_, by_beginner) = newcomer(office, "beginner").await;
    let (confirmer, by_confirmer) = newcomer(office, "confirmer").await;
    let code = enrolling(office, &confirmer).await;
    let (renewer, by_renewer) = newcomer(office, "renewer").await;
    enrolled(office, &renewer).await;
    let (ender, by_ender) = newcomer(office, "ender").await;
    let codes = enrolled(office, &ender).await;
    let (traveler, by_traveler_at_home) = newcomer(office, "traveler").await;
    let abroad = session(office, &traveler).await;
    let sessions = office.service.sessions(&abroad.viewer).await.unwrap();
    let abroad = sessions.iter().find(|session| session.is_this).unwrap().id.clone();
    let nothing_else = ("", Value::Null);
    let done = "done refusals { code }";
    let batch = "batch { id state count } refusals { code }";
    let of_case = "application { id version } refusals { code }";
    vec![
        command(
            &by_owner,
            "registerBusiness",
            "business { id name } refusals { code }",
            json!({
                "name": "株式会社二度", "nameKana": "カブシキガイシャニド", "address": "日野市", "representative": "二度 花子",
                "kind": "COMPANY", "size": "SME", "establishedHereOn": "2015-04-01",
            }),
            ("name", json!("株式会社三度")),
        ),
        command(
            &by_owner,
            "correctBusiness",
            "business { id name } refusals { code }",
            json!({
                "businessId": submitted.party.business, "name": "株式会社訂正", "nameKana": "カブシキガイシャテイセイ",
                "address": "日野市", "representative": "訂正 花子", "kind": "COMPANY", "size": "SME",
                "establishedHereOn": "2015-04-01",
            }),
            ("name", json!("株式会社再訂正")),
        ),
        command(
            &by_owner,
            "inviteMember",
            done,
            json!({ "businessId": submitted.party.business, "email": "invited@example.jp", "role": "MEMBER" }),
            ("email", json!("another@example.jp")),
        ),
        command(
            &by_owner,
            "removeMember",
            done,
            json!({ "businessId": submitted.party.business, "accountId": colleague }),
            ("accountId", json!(owner.person.id)),
        ),
        command(
            &by_owner,
            "startApplication",
            of_case,
            json!({ "program": SALES_CHANNEL, "business": submitted.party.business }),
            ("business", json!(draft.party.business)),
        ),
        command(
            &by_drafter,
            "saveDraft",
            "application { id version } values refusals { code }",
            json!({ "applicationId": draft.application, "form": "application", "values": { "anything": "typed" } }),
            ("values", json!({ "anything": "else" })),
        ),
        command(
            &by_drafter,
            "attachDocument",
            of_case,
            json!({ "applicationId": draft.application, "form": "application", "slot": "plan", "fileId": file.id }),
            ("slot", json!("quotation")),
        ),
        command(
            &by_drafter,
            "detachDocument",
            of_case,
            json!({ "applicationId": draft.application, "form": "application", "slot": "plan", "fileId": file.id }),
            ("slot", json!("quotation")),
        ),
        command(
            &by_drafter,
            "discardDraft",
            done,
            json!({ "applicationId": draft.application }),
            ("applicationId", json!(submitted.application)),
        ),
        command(
            &by_clerk,
            "assignApplication",
            of_case,
            json!({ "applicationId": submitted.application, "assignee": reviewer }),
            ("assignee", json!(clerk.person.id)),
        ),
        command(
            &by_clerk,
            "performAction",
            "... on ActionPerformed { application { id version } event { id sequence } } \
             ... on ActionRefused { refusals { code } }",
            json!({ "applicationId": submitted.application, "action": "receive", "expectedVersion": 1 }),
            ("action", json!("correct")),
        ),
        command(
            &by_partner,
            "performPartnerAction",
            "partnerCase { number version } refusals { code }",
            json!({
                "action": "record_session", "expectedVersion": assigned.case.version,
                "values": { "held_on": "2026-07-01", "hours": 2, "notes": "受発注の流れを書き出した" },
            }),
            ("values", json!({ "held_on": "2026-07-02", "hours": 2, "notes": "別の日" })),
        ),
        command(
            &by_administrator,
            "inviteStaff",
            done,
            json!({ "municipality": "hino", "email": "colleague@example.jp", "roles": ["CLERK"] }),
            ("roles", json!(["REVIEWER"])),
        ),
        command(
            &by_administrator,
            "holdPosition",
            done,
            json!({
                "municipality": "hino", "accountId": reviewer, "position": "section_chief", "from": "2026-10-01",
                "acting": true,
            }),
            ("from", json!("2026-11-01")),
        ),
        command(
            &by_administrator,
            "endStaffRole",
            done,
            json!({ "municipality": "hino", "accountId": reviewer, "role": "REVIEWER" }),
            ("role", json!("CLERK")),
        ),
        command(
            &by_clerk,
            "revokeApiToken",
            done,
            json!({ "tokenId": old.map(|token| token.id) }),
            ("tokenId", json!(Uuid::from_u128(7))),
        ),
        command(
            &cookie(office, &owner).await,
            "createApiToken",
            "token refusals { code }",
            json!({ "name": "kept", "scopes": ["read"], "days": 30 }),
            ("days", json!(31)),
        ),
        command(&by_beginner, "beginSecondFactor", "secret address refusals { code }", json!({}), nothing_else.clone()),
        command(
            &by_confirmer,
            "confirmSecondFactor",
            "recoveryCodes refusals { code }",
            json!({ "code": code }),
            ("code", json!("000000")),
        ),
        command(&by_renewer, "renewRecoveryCodes", "recoveryCodes refusals { code }", json!({}), nothing_else),
        command(
            &by_ender,
            "endSecondFactor",
            done,
            json!({ "password": PASSWORD, "code": codes[0] }),
            ("code", json!(codes[1])),
        ),
        command(
            &by_traveler_at_home,
            "endSession",
            done,
            json!({ "sessionId": abroad }),
            ("sessionId", json!("another")),
        ),
        command(
            &by_maker,
            "createPaymentBatch",
            batch,
            json!({ "municipality": "hino", "transferDate": "2026-10-27", "lines": [lines[0]] }),
            ("transferDate", json!("2026-10-28")),
        ),
        command(
            &by_maker,
            "cancelPaymentBatch",
            batch,
            json!({ "batchId": cancelled, "reason": "二重" }),
            ("reason", json!("別")),
        ),
        command(&by_checker, "approvePaymentBatch", batch, json!({ "batchId": null }), ("digest", json!("0"))),
        command(
            &by_maker,
            "exportPaymentBatch",
            "batch { id state } fileName url sha256 repeat refusals { code }",
            json!({ "batchId": null }),
            ("batchId", json!(other_batch)),
        ),
        command(&by_maker, "handOverPaymentBatch", batch, json!({ "batchId": null }), ("batchId", json!(other_batch))),
        command(
            &by_maker,
            "recordTransferResults",
            batch,
            json!({ "batchId": null, "results": [{ "lineId": lines[0], "outcome": "TRANSFERRED" }] }),
            ("results", json!([])),
        ),
        command(
            &by_officer,
            "closeProgram",
            "program { slug version } refusals { code }",
            json!({ "program": EXPERT_DISPATCH }),
            ("version", json!(1)),
        ),
        command(
            &by_officer,
            "migrateApplications",
            "results { applicationId version outcome refusals { code } notes } refusals { code }",
            json!({ "program": SALES_CHANNEL, "toVersion": 2, "applicationIds": [moved.application, ordered[0].application] }),
            // There is no such version, and the key is refused all the same.
            ("toVersion", json!(7)),
        ),
        command(
            &by_sumida,
            "appointJudge",
            "judge { id email } invited refusals { code }",
            json!({ "callId": call, "email": "appointed@judges.example", "from": "2026-11-01" }),
            ("from", json!("2026-11-02")),
        ),
        command(
            &by_sumida,
            "dismissJudge",
            "judge { id dismissedAt } refusals { code }",
            json!({ "judgeId": judge("panelist-dismissed") }),
            ("judgeId", json!(judge("panelist-recused"))),
        ),
        command(
            &by_sumida,
            "recuseJudge",
            "judge { id recusals { applicationId reason } } refusals { code }",
            json!({ "judgeId": judge("panelist-recused"), "applicationId": withdrawn.application, "reason": "取引先" }),
            ("reason", json!("親族")),
        ),
        command(
            &by_sumida,
            "rankCall",
            "ranking { id seed ranked { applicationId place within } } refusals { code }",
            json!({ "callId": call }),
            ("callId", json!(another)),
        ),
    ]
}

/// The second version of the program that most cases here are of.
async fn publish_another(office: &TestOffice) {
    let found = catalogue().programs.iter().find(|found| found.definition.program.program == SALES_CHANNEL).unwrap();
    let mut definition = found.definition.clone();
    definition.program.title.en.push('!');
    let program = program::Program::compile(definition).unwrap();
    office.service.publish(&program, &catalogue().calls, None, &[], None).await.unwrap();
}

/// The names of all commands, as the schema says them of itself.
async fn named(api: &Api, by: &Header) -> BTreeSet<String> {
    let body = json!({ "query": "{ __schema { mutationType { fields { name } } } }" });
    let request = api.request(Method::POST, "/graphql").json(&body).header(by.0, &by.1);
    let answer = api.send(request).await.data();
    let fields = answer["__schema"]["mutationType"]["fields"].as_array().unwrap().clone();
    fields.iter().map(|field| field["name"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn every_command_sent_twice_has_one_effect() {
    each_database(async |database| {
        let office = TestOffice::of(database, &["hino", "sumida"]).await;
        let api = Api::serve(&office).await;
        let commands = commands(&office).await;
        let tried: BTreeSet<String> = commands.iter().map(|command| command.name.to_owned()).collect();
        let all = named(&api, &commands[0].by).await;
        let expected: BTreeSet<String> = all.into_iter().filter(|name| !NOT_HERE.contains(&name.as_str())).collect();
        assert_eq!(tried, expected, "every command of the schema is tried");
        office.work_off().await;
        office.mail.take();

        let mut made = Value::Null;
        for mut command in commands {
            // What is done to a batch is done to the one that was made.
            if command.input.get("batchId").is_some_and(Value::is_null) {
                command.input["batchId"] = made.clone();
            }
            if command.name == "recordTransferResults" {
                let transferred = vocabulary::parse_day("2026-10-28").unwrap();
                office.advance_to(vocabulary::start_of_day(transferred)).await;
            }
            let payload = command.try_out(&api).await;
            match command.name {
                "createPaymentBatch" => made = payload["batch"]["id"].clone(),
                "createApiToken" => token_is_told_in_its_session_only(&office, &api, &command, &payload).await,
                "recordTransferResults" => assert_eq!(payload["batch"]["state"], "CONFIRMED", "{payload}"),
                _ => {}
            }
        }
        office.work_off().await;
        let mut invited: Vec<String> = office.mail.take().into_iter().map(|mail| mail.to).collect();
        invited.retain(|address| address.ends_with("@example.jp"));
        invited.sort();
        assert_eq!(invited, ["colleague@example.jp", "invited@example.jp"], "one invitation each");
        let batches = office.service.payment_batches(office.staff("hino", "finance_maker"), 10, None).await.unwrap();
        assert_eq!(batches.items.len(), 3);
    })
    .await;
}

/// The token opens the API, is there once, and cannot be had again by another session of the same person.
async fn token_is_told_in_its_session_only(office: &TestOffice, api: &Api, command: &Command, payload: &Value) {
    let token = payload["token"].as_str().unwrap();
    let viewer = office.service.viewer_by_token(token).await.unwrap();
    let kept = office.service.api_tokens(&viewer).await.unwrap();
    assert_eq!(kept.iter().filter(|token| token.name == "kept").count(), 1);
    let session = session(office, &viewer).await;
    let elsewhere = Command {
        by: ("cookie", format!("__Host-session={}", session.token)),
        name: command.name,
        selection: command.selection,
        input: command.input.clone(),
        other: command.other.clone(),
    };
    let answer = elsewhere.send(api, &elsewhere.input).await.data();
    assert_eq!(answer["createApiToken"]["token"], Value::Null);
    assert_eq!(answer["createApiToken"]["refusals"][0]["code"], "token.shown_before");
}
