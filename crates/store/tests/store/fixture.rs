//! A small municipality with one program, one call, one business and cases made by hand.

use std::sync::atomic::{AtomicU64, Ordering};

use casework::history::{Event, ROOT, Stage};
use casework::{Body, Business, Call, Case, Head, LinePostings, PaymentOrder, Standing, Step};
use chrono::{NaiveDate, TimeDelta};
use program::definition::{ApplicantFacts, Role, StateKind};
use serde_json::json;
use store::{Account, LineNamed, NewProgram, Recording, Settings, Store, StoredCall};
use treasury::{Holdings, postings};
use uuid::Uuid;
use vocabulary::{BankAccount, Bilingual, FiscalYear, Instant, Locale, Yen};

use crate::postgres::TestDatabase;

/// Increasing, and different in every test of the process.
pub fn id() -> Uuid {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let place = NEXT.fetch_add(1, Ordering::Relaxed);
    uuid::Builder::from_unix_timestamp_millis(place, &[7; 10]).into_uuid()
}

pub fn now() -> Instant {
    "2026-04-01T00:00:00Z".parse().unwrap()
}

pub fn later(minutes: i64) -> Instant {
    now() + TimeDelta::minutes(minutes)
}

pub fn day(text: &str) -> NaiveDate {
    vocabulary::parse_day(text).unwrap()
}

pub fn yen(amount: i64) -> Yen {
    Yen::new(amount).unwrap()
}

pub async fn open(database: &TestDatabase) -> Store {
    let store = connect(database).await;
    store.migrate().await.unwrap();
    store
}

pub async fn connect(database: &TestDatabase) -> Store {
    Store::connect(&Settings { url: database.url.clone(), max_connections: 8 }).await.unwrap()
}

/// What every case hangs on.
pub struct World {
    pub store: Store,
    pub clerk: Uuid,
    pub line: Uuid,
    pub call: Call,
    pub business: Business,
}

pub const TOWN: &str = "town";
pub const PROGRAM: &str = "town/fair";

impl World {
    pub async fn new(database: &TestDatabase) -> Self {
        let store = open(database).await;
        let clerk = account(&store, "clerk@example.jp").await;
        let business = business("みずほ製作所", "ミズホセイサクショ", None);
        let call_id = id();
        let line = LineNamed {
            id: id(),
            municipality: TOWN.to_owned(),
            fiscal_year: FiscalYear(2026),
            code: "commerce".to_owned(),
            name: Bilingual::new("商工振興費", "commerce"),
            path: "一般会計/07".to_owned(),
        };
        let call = StoredCall {
            id: call_id,
            program: PROGRAM.to_owned(),
            fiscal_year: FiscalYear(2026),
            window: "year".to_owned(),
            opens: day("2026-04-01"),
            closes: None,
            budget_line: Some(line.id),
            target: None,
            capacity: None,
            taken: 0,
            carry_over: None,
        };
        let (new_line, new_call, new_business) = (&line, &call, &business);
        write!(store, tx => {
            tx.put_municipality(&municipality(TOWN, "132128")).await?;
            tx.put_municipality(&municipality("village", "133035")).await?;
            tx.put_budget_line(new_line).await?;
            let title = Bilingual::new("展示会", "fair");
            let new =
                NewProgram { hash: "hash", program: PROGRAM, canonical: "{}", title: &title, now: now(), actor: None };
            tx.publish_program(&new).await?;
            tx.put_call(new_call).await?;
            tx.create_business(new_business, now()).await
        })
        .unwrap();
        let call = Call {
            id: call.id,
            fiscal_year: call.fiscal_year,
            opens: call.opens,
            closes: call.closes,
            budget_line: call.budget_line,
        };
        Self { store, clerk, line: line.id, call, business }
    }

    pub async fn appropriate(&self, amount: i64) -> store::Result<()> {
        write!(self.store, tx => tx.appropriate(self.line, yen(amount), now(), self.clerk).await)
    }

    /// A draft that is stored.
    pub async fn draft(&self) -> Case {
        let case = self.case();
        let new = &case;
        write!(self.store, tx => tx.create_case(new, now()).await).unwrap();
        case
    }

    pub fn case(&self) -> Case {
        Case {
            id: id(),
            version: 0,
            municipality: TOWN.to_owned(),
            program: PROGRAM.to_owned(),
            program_hash: "hash".to_owned(),
            call: self.call.clone(),
            business: self.business.clone(),
            state: "draft".to_owned(),
            body: Body {
                standing: Standing { kind: Some(StateKind::Drafting), ..Standing::default() },
                ..Body::default()
            },
            head: Head { sequence: 0, hash: ROOT.to_owned(), at: now() },
        }
    }

    pub async fn record(&self, step: &Step) -> store::Result<()> {
        write!(self.store, tx => tx.record(step, &recording(now())).await)
    }

    pub async fn line(&self) -> treasury::LineTotals {
        self.store.read().budget_line(self.line).await.unwrap().unwrap().totals
    }
}

pub fn recording(now: Instant) -> Recording {
    Recording { now, salt: [1; 32], held_counts_as_used: true }
}

/// The case in another state, holding other money, as an act would leave it.
pub fn step(case: &Case, state: &str, kind: StateKind, holdings: Holdings, at: Instant) -> Step {
    let mut after = case.clone();
    after.version += 1;
    after.state = state.to_owned();
    after.body.standing.kind = Some(kind);
    after.body.standing.received_at.get_or_insert(at);
    let postings = postings(&case.body.holdings, &holdings).unwrap();
    after.body.holdings = holdings;
    let event = Event {
        id: id(),
        application: case.id,
        sequence: case.head.sequence + 1,
        at,
        actor: Uuid::nil(),
        role: Role::Clerk,
        action: "move".to_owned(),
        stage: Stage::Performed,
        from: case.state.clone(),
        to: state.to_owned(),
        facts: json!({ "z": 1, "a": "みずほ\u{0}" }),
        previous: case.head.hash.clone(),
        hash: String::new(),
        comment: Some("よし".to_owned()),
    }
    .sealed();
    after.head = event.head();
    let line = case.call.budget_line;
    Step {
        from: case.state.clone(),
        year: after.call.fiscal_year,
        case: after,
        event,
        procedure: None,
        postings: line
            .filter(|_| !postings.is_empty())
            .map(|line| LinePostings { line, entries: postings })
            .into_iter()
            .collect(),
        numbers: Vec::new(),
        letters: Vec::new(),
        mails: Vec::new(),
        submission: None,
        payment: None,
        links: Vec::new(),
        places: 0,
        blocks_accounts: false,
    }
}

/// A payment of the case's own money, of which there is so much in all.
pub fn order(id: Uuid, amount: i64, within: i64, account: BankAccount) -> Option<PaymentOrder> {
    let yen = |amount| Yen::new(amount).unwrap();
    Some(PaymentOrder { id, amount: yen(amount), account, procedure: None, within: yen(within) })
}

/// A plain step into review.
pub fn handed_in(case: &Case, at: Instant) -> Step {
    step(case, "review", StateKind::WithOffice, Holdings::new(), at)
}

/// `write!(store, tx => …)`: a unit of work that may borrow what is around it, as references.
macro_rules! write {
    ($store:expr, $tx:ident => $work:expr) => {
        $store.write(|$tx| Box::pin(async move { $work })).await
    };
}
pub(crate) use write;

pub async fn account(store: &Store, email: &str) -> Uuid {
    let account = Account {
        id: id(),
        email: email.to_owned(),
        name: email.split('@').next().unwrap().to_owned(),
        locale: Locale::Ja,
        password_hash: None,
        email_verified_at: None,
        disabled_at: None,
        created_at: now(),
    };
    let new = &account;
    write!(store, tx => tx.create_account(new).await).unwrap();
    account.id
}

pub fn facts() -> ApplicantFacts {
    serde_json::from_value(json!({ "kind": "company", "size": "sme", "established_here_on": "2010-04-01" })).unwrap()
}

pub fn business(name: &str, kana: &str, corporate_number: Option<&str>) -> Business {
    Business {
        id: id(),
        name: name.to_owned(),
        name_kana: kana.to_owned(),
        address: "1-1".to_owned(),
        representative: "佐藤".to_owned(),
        corporate_number: corporate_number.map(str::to_owned),
        facts: facts(),
    }
}

pub fn municipality(name: &str, code: &str) -> program::definition::Municipality {
    serde_json::from_value(json!({
        "municipality": name, "code": code, "name": { "ja": name, "en": name },
        "offices": {}, "positions": {}, "routes": {}, "budget_lines": {},
        "letter_head": { "issuer": { "ja": "町長", "en": "Mayor" } },
        "bank": { "originator_code": "1234567890", "originator_name": "ﾏﾁ", "bank": "0001", "branch": "001",
            "account_kind": "ordinary", "account_number": "1234567" },
        "numbers": {}
    }))
    .unwrap()
}
