//! `kill -9` at any moment: what was acknowledged is there once, what was in doubt is settled by asking again with the
//! same key, and the bank's file is there whole or not at all.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use acceptance::binary::{self, Server, set_clock};
use acceptance::books::assert_line_balanced;
use serde_json::{Value, json};
use store::Store;
use testkit::{Backend, TestDatabase, TestOffice};
use tokio::sync::Notify;
use tokio::task::JoinSet;
use uuid::Uuid;

const KILLS: usize = 50;
/// Cases that are moved at the same time.
const CASES: usize = 4;
const BATCHES: usize = 5;

const PERFORM: &str = "mutation($input: PerformActionInput!) { performAction(input: $input) { __typename \
    ... on ActionPerformed { application { version } event { id sequence } } ... on ActionRefused { refusals { code } } } }";
const EXPORT: &str = "mutation($input: ExportPaymentBatchInput!) { exportPaymentBatch(input: $input) { \
    sha256 repeat refusals { code } } }";

/// One request as it is sent, and sent again.
#[derive(Clone, Debug)]
struct Wish {
    query: &'static str,
    input: Value,
}

/// A case that one client moves to and fro: the reviewer drafts a grant and takes it back.
#[derive(Clone, Debug)]
struct Seat {
    application: Uuid,
    version: i64,
    acts: usize,
    /// Sent, and no answer came.
    in_doubt: Option<Wish>,
    acknowledged: Vec<(String, i64)>,
}

impl Seat {
    fn next(&mut self) -> Wish {
        if let Some(wish) = self.in_doubt.clone() {
            return wish;
        }
        let action = if self.acts.is_multiple_of(2) { "grant" } else { "take_back" };
        let input = json!({
            "applicationId": self.application, "action": action, "expectedVersion": self.version,
            "idempotencyKey": format!("{}-{}", self.application, self.acts),
        });
        let wish = Wish { query: PERFORM, input };
        self.in_doubt = Some(wish.clone());
        wish
    }

    fn answered(&mut self, answer: &Value) {
        let payload = &answer["data"]["performAction"];
        assert_eq!(payload["__typename"], "ActionPerformed", "{answer}");
        let event = payload["event"]["id"].as_str().unwrap().to_owned();
        let sequence = payload["event"]["sequence"].as_i64().unwrap();
        self.acknowledged.push((event, sequence));
        self.acts += 1;
        self.version += 1;
        self.in_doubt = None;
    }
}

/// What was made before, by whom it is moved, and when.
struct Stage {
    seats: Vec<Seat>,
    batches: Vec<Uuid>,
    lines: BTreeSet<Uuid>,
    reviewer: String,
    maker: String,
    before: BTreeMap<Uuid, usize>,
}

async fn set(database: &TestDatabase, data: &Path) -> Stage {
    let office = TestOffice::of(database, &["hino"]).await;
    let ordered = office.cases_in("ordered", BATCHES).await;
    let maker = office.staff("hino", "finance_maker");
    let checker = office.staff("hino", "finance_checker");
    let mut batches = Vec::new();
    for life in &ordered {
        let line = office.look(maker, life.application).await.case.body.payments[0].id;
        let batch = office.draft_batch("hino", Some(vec![line])).await.unwrap();
        office.service.approve_payment_batch(checker, batch, None, &format!("approve-{batch}")).await.unwrap();
        batches.push(batch);
    }
    let mut stage = Stage {
        seats: Vec::new(),
        batches,
        lines: BTreeSet::new(),
        reviewer: office.token(office.staff("hino", "reviewer"), &["read", "act"]).await,
        maker: office.token(maker, &["read", "pay"]).await,
        before: BTreeMap::new(),
    };
    for _ in 0..CASES {
        let mut life = office.life(testkit::office::SALES_CHANNEL, 0).await;
        let step = life.scenario.steps[0].clone();
        let mut act = office.prepare(&life, &life.party.owner, &step).await.unwrap();
        for (field, day) in [
            ("starts_on", "2026-11-20"),
            ("held_from", "2026-12-10"),
            ("held_to", "2026-12-11"),
            ("completes_on", "2026-12-20"),
        ] {
            act.values.insert(field.to_owned(), json!(day));
        }
        let key = format!("submit-{}", life.application);
        office.service.act(&life.party.owner, life.application, act, &key).await.unwrap();
        life.taken = 1;
        office.live_until(&mut life, "under_review").await;
        let case = office.look(maker, life.application).await.case;
        stage.lines.insert(case.call.budget_line.unwrap());
        stage.seats.push(Seat {
            application: life.application,
            version: case.version,
            acts: 0,
            in_doubt: None,
            acknowledged: Vec::new(),
        });
    }
    for case in stage.seats.iter().map(|seat| seat.application) {
        let events = office.store.read().events(case, 0, 100_000).await.unwrap().len();
        stage.before.insert(case, events);
    }
    office.work_off().await;
    set_clock(data, office.service.now());
    let TestOffice { store, service, worker, .. } = office;
    drop((service, worker));
    store.close().await.unwrap();
    stage
}

/// Sends it; none when no whole answer came.
async fn send(http: &reqwest::Client, url: &str, token: &str, wish: &Wish) -> Option<Value> {
    let body = json!({ "query": wish.query, "variables": { "input": wish.input } });
    let answer = http.post(url).bearer_auth(token).json(&body).send().await.ok()?.json::<Value>().await.ok()?;
    let code = &answer["errors"][0]["extensions"]["code"];
    // The server says itself that it does not know: the same as no answer.
    if code == "UNAVAILABLE" {
        return None;
    }
    assert!(code.is_null(), "{answer}");
    Some(answer)
}

/// Counts what was acknowledged and rings when it is enough.
struct Bell {
    left: AtomicUsize,
    rung: Notify,
}

impl Bell {
    fn count(&self) {
        if self.left.fetch_sub(1, Ordering::SeqCst) == 1 {
            self.rung.notify_one();
        }
    }
}

async fn move_cases(mut seat: Seat, url: String, token: String, bell: Arc<Bell>) -> Seat {
    let http = reqwest::Client::new();
    loop {
        let wish = seat.next();
        let Some(answer) = send(&http, &url, &token, &wish).await else { return seat };
        seat.answered(&answer);
        bell.count();
    }
}

/// Exports one batch over and over, each time with a new key; what was in doubt first.
async fn export(mut desk: Desk, url: String, token: String, bell: Arc<Bell>) -> Desk {
    let http = reqwest::Client::new();
    loop {
        let wish = desk.next();
        let Some(answer) = send(&http, &url, &token, &wish).await else { return desk };
        desk.answered(&answer);
        bell.count();
    }
}

#[derive(Clone, Debug)]
struct Desk {
    batch: Uuid,
    exports: usize,
    in_doubt: Option<Wish>,
    sha256: Option<String>,
}

impl Desk {
    fn next(&mut self) -> Wish {
        let key = format!("export-{}-{}", self.batch, self.exports);
        let wish = || Wish { query: EXPORT, input: json!({ "batchId": self.batch, "idempotencyKey": key }) };
        self.in_doubt.get_or_insert_with(wish).clone()
    }

    fn answered(&mut self, answer: &Value) {
        let payload = &answer["data"]["exportPaymentBatch"];
        let sha256 = payload["sha256"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned();
        if let Some(known) = &self.sha256 {
            assert_eq!(*known, sha256, "the file changed");
            assert_eq!(payload["repeat"], true, "{answer}");
        }
        self.sha256 = Some(sha256);
        self.exports += 1;
        self.in_doubt = None;
    }
}

/// Absent, or whole: what can be fetched has the digest that is recorded.
async fn assert_file(http: &reqwest::Client, server: &Server, token: &str, desk: &Desk) {
    let url = format!("http://{}/payment-batches/{}/file", server.address, desk.batch);
    let answer = http.get(url).bearer_auth(token).send().await.unwrap();
    let status = answer.status();
    let bytes = answer.bytes().await.unwrap();
    let query = "query($id: ID!) { paymentBatch(id: $id) { state fileSha256 } }";
    let body = json!({ "query": query, "variables": { "id": desk.batch } });
    let url = format!("http://{}/graphql", server.address);
    let batch: Value = http.post(url).bearer_auth(token).json(&body).send().await.unwrap().json().await.unwrap();
    let recorded = &batch["data"]["paymentBatch"]["fileSha256"];
    if status == reqwest::StatusCode::NOT_FOUND {
        assert!(recorded.is_null() && desk.sha256.is_none(), "a file that was acknowledged is gone: {batch}");
        return;
    }
    assert!(status.is_success(), "{status}");
    assert_eq!(recorded.as_str(), Some(&*vocabulary::digest(&bytes)), "{batch}");
    assert!(desk.sha256.is_none() || desk.sha256.as_deref() == recorded.as_str());
}

async fn fifty_kills(backend: Backend) {
    let database = TestDatabase::new(backend);
    let data = tempfile::tempdir().unwrap();
    let mut stage = set(&database, data.path()).await;
    let mut desks: Vec<Desk> =
        stage.batches.iter().map(|batch| Desk { batch: *batch, exports: 0, in_doubt: None, sha256: None }).collect();
    let http = reqwest::Client::new();
    let (mut cut_acts, mut cut_exports) = (0, 0);
    for round in 0..KILLS {
        let mut server = Server::start(&database.url, data.path());
        let url = format!("http://{}/graphql", server.address);
        // Each batch is made for the first time in some round, and again in the ones after it.
        let place = round * BATCHES / KILLS;
        assert_file(&http, &server, &stage.maker, &desks[place]).await;
        let bell = Arc::new(Bell { left: AtomicUsize::new(1 + round % 9), rung: Notify::new() });
        let mut seats = JoinSet::new();
        for seat in stage.seats.drain(..) {
            seats.spawn(move_cases(seat, url.clone(), stage.reviewer.clone(), bell.clone()));
        }
        let exporting = tokio::spawn(export(desks[place].clone(), url, stage.maker.clone(), bell.clone()));
        bell.rung.notified().await;
        server.kill();
        stage.seats = seats.join_all().await;
        desks[place] = exporting.await.unwrap();
        cut_acts += stage.seats.iter().filter(|seat| seat.in_doubt.is_some()).count();
        cut_exports += usize::from(desks[place].in_doubt.is_some());
    }
    assert_eq!((cut_acts, cut_exports), (KILLS * CASES, KILLS), "every kill comes in the middle of acts and an export");
    // Settled: every key that is in doubt is sent once more, and every answer is that of its one effect.
    let server = Server::start(&database.url, data.path());
    let url = format!("http://{}/graphql", server.address);
    for seat in stage.seats.iter_mut().filter(|seat| seat.in_doubt.is_some()) {
        let answer = send(&http, &url, &stage.reviewer, &seat.next()).await.unwrap();
        seat.answered(&answer);
    }
    for desk in &mut desks {
        let answer = send(&http, &url, &stage.maker, &desk.next()).await.unwrap();
        desk.answered(&answer);
        assert_file(&http, &server, &stage.maker, desk).await;
    }
    drop(server);
    let acts: usize = stage.seats.iter().map(|seat| seat.acts).sum();
    let exports: usize = desks.iter().map(|desk| desk.exports).sum();
    println!("{backend}: {KILLS} kills, {acts} acts and {exports} exports acknowledged");
    verify(&database, data.path(), &stage).await;
}

async fn verify(database: &TestDatabase, data: &Path, stage: &Stage) {
    let store = Store::connect(&store::Settings { url: database.url.clone(), max_connections: 4 }).await.unwrap();
    for seat in &stage.seats {
        let events = store.read().events(seat.application, 0, 100_000).await.unwrap();
        let before = stage.before[&seat.application];
        assert_eq!(events.len(), before + seat.acts, "an act too many or too few");
        for ((id, sequence), event) in seat.acknowledged.iter().zip(&events[before..]) {
            let known = event.id.to_string();
            assert!(id == &known || decodes_to(id, &known), "{id} is not {known}");
            assert_eq!(*sequence, event.sequence);
        }
    }
    for line in &stage.lines {
        assert_line_balanced(store.read(), *line).await;
    }
    store.close().await.unwrap();
    let file = data.join("audit.jsonl").display().to_string();
    let folder = data.display().to_string();
    let said = binary::run(&["audit", "export", &file, "--database", &database.url, "--data", &folder]);
    assert_eq!(said.code, 0, "{said:?}");
    let said = binary::run(&["audit", "verify", &file]);
    assert_eq!(said.code, 0, "{said:?}");
}

/// Whether the global identifier is that of the key: its letters stand for `Event:<key>`.
fn decodes_to(global: &str, key: &str) -> bool {
    let mut bits = 0u32;
    let mut word = 0u32;
    let mut bytes = Vec::new();
    for letter in global.bytes() {
        let value = match letter {
            b'A'..=b'Z' => letter - b'A',
            b'a'..=b'z' => letter - b'a' + 26,
            b'0'..=b'9' => letter - b'0' + 52,
            b'-' => 62,
            _ => 63,
        };
        word = (word << 6) | u32::from(value);
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from((word >> bits) & 0xff).unwrap_or_default());
        }
    }
    String::from_utf8(bytes).is_ok_and(|text| text == format!("Event:{key}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_kills_lose_and_double_nothing_on_sqlite() {
    fifty_kills(Backend::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_kills_lose_and_double_nothing_on_postgres() {
    fifty_kills(Backend::Postgres).await;
}
