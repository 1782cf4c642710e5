//! The staff's list of applications, at several sizes of the table: every filter in every order.

use std::time::{Duration, Instant};

use casework::Business;
use serde_json::{Value, json};
use store::Store;
use vocabulary::Instant as Moment;

use crate::Outcome;
use crate::database::{BUSINESS, BUSINESSES, CASE, CLERK, Database};
use crate::http::Connection;
use crate::load::{percentile, round};
use crate::server::Server;
use crate::world::{FISCAL_YEARS, MUNICIPALITY, PROGRAMS, World, facts, program_name};

const LIST: &str = "query($f: ApplicationFilter, $o: ApplicationOrder) { applications(filter: $f, orderBy: $o, first: 20) { \
    edges { cursor node { id number version state { name kind } business { name } receivedAt updatedAt } } \
    pageInfo { hasNextPage endCursor } } }";
const ORDERS: [&str; 3] = ["RECEIVED", "DEADLINE", "UPDATED"];
const CLERKS: u64 = 50;
/// Applications of one business, in whichever table, so that a list of them is as long.
const OF_ONE_BUSINESS: u64 = 50;
/// Requests of one filter in one order; fewer when the time is over.
const REQUESTS: u64 = 1_000;
const WARM_UP: u64 = 40;

/// State, kind, whom it waits on, whether it has a deadline, and its share in percent.
type StateShare = (&'static str, &'static str, &'static str, bool, u64);

/// State, kind, whom it waits on, whether a deadline runs, and how many of a hundred cases stand there.
const STATES: [StateShare; 12] = [
    ("submitted", "with_office", "clerk", false, 3),
    ("under_review", "with_office", "reviewer", false, 7),
    ("correcting", "with_applicant", "applicant", true, 2),
    ("granted", "in_project", "applicant", true, 10),
    ("reported", "with_office", "reviewer", false, 3),
    ("finalized", "awaiting_payment", "applicant", true, 2),
    ("claimed", "awaiting_payment", "finance_maker", false, 2),
    ("ordered", "awaiting_payment", "treasury", false, 1),
    ("paid", "closed_paid", "", false, 56),
    ("rejected", "closed_unpaid", "", false, 6),
    ("dismissed", "closed_unpaid", "", false, 3),
    ("withdrawn", "closed_unpaid", "", false, 5),
];
const KINDS: [&str; 6] =
    ["WITH_OFFICE", "WITH_APPLICANT", "IN_PROJECT", "AWAITING_PAYMENT", "CLOSED_PAID", "CLOSED_UNPAID"];

const FORMS: [&str; 3] = ["株式会社", "有限会社", "合同会社"];
const PLACES: [&str; 20] = [
    "多摩",
    "日野",
    "浅川",
    "高幡",
    "豊田",
    "平山",
    "百草",
    "三沢",
    "程久保",
    "南平",
    "旭が丘",
    "栄町",
    "新町",
    "大坂上",
    "川辺堀之内",
    "石田",
    "万願寺",
    "上田",
    "宮",
    "下田",
];
const FAMILIES: [(&str, &str); 40] = [
    ("佐藤", "サトウ"),
    ("鈴木", "スズキ"),
    ("高橋", "タカハシ"),
    ("田中", "タナカ"),
    ("伊藤", "イトウ"),
    ("渡辺", "ワタナベ"),
    ("山本", "ヤマモト"),
    ("中村", "ナカムラ"),
    ("小林", "コバヤシ"),
    ("加藤", "カトウ"),
    ("吉田", "ヨシダ"),
    ("山田", "ヤマダ"),
    ("佐々木", "ササキ"),
    ("山口", "ヤマグチ"),
    ("松本", "マツモト"),
    ("井上", "イノウエ"),
    ("木村", "キムラ"),
    ("林", "ハヤシ"),
    ("斎藤", "サイトウ"),
    ("清水", "シミズ"),
    ("山崎", "ヤマザキ"),
    ("森", "モリ"),
    ("池田", "イケダ"),
    ("橋本", "ハシモト"),
    ("阿部", "アベ"),
    ("石川", "イシカワ"),
    ("山下", "ヤマシタ"),
    ("中島", "ナカジマ"),
    ("石井", "イシイ"),
    ("小川", "オガワ"),
    ("前田", "マエダ"),
    ("岡田", "オカダ"),
    ("長谷川", "ハセガワ"),
    ("藤田", "フジタ"),
    ("後藤", "ゴトウ"),
    ("近藤", "コンドウ"),
    ("村上", "ムラカミ"),
    ("遠藤", "エンドウ"),
    ("青木", "アオキ"),
    ("坂本", "サカモト"),
];
const TRADES: [&str; 25] = [
    "製作所",
    "精機",
    "電機",
    "工業",
    "化学",
    "樹脂",
    "印刷",
    "紙工",
    "食品",
    "酒造",
    "製菓",
    "家具",
    "建設",
    "設計",
    "測量",
    "運輸",
    "倉庫",
    "商店",
    "商事",
    "貿易",
    "情報",
    "通信",
    "研究所",
    "農園",
    "園芸",
];

fn place<T>(list: &[T], number: u64) -> Option<&T> {
    let length = u64::try_from(list.len()).ok()?;
    list.get(usize::try_from(number.checked_rem(length)?).ok()?)
}

/// How many businesses have applied in a table of that size.
fn applying(size: u64) -> u64 {
    (size / OF_ONE_BUSINESS).clamp(1, BUSINESSES)
}

/// One of them.
fn applicant(size: u64, n: u64) -> u64 {
    1 + n * 7919 % applying(size)
}

/// The name of a business of the load and how it is read; no two are the same.
fn name_of(number: u64) -> Option<(String, String)> {
    let place_name = place(&PLACES, number)?;
    let (family, kana) = place(&FAMILIES, number / 20)?;
    let trade = place(&TRADES, number / 800)?;
    Some((format!("{}{place_name}{family}{trade}", place(&FORMS, number / 7)?), format!("{kana}ショウジ")))
}

/// Registers the businesses of the load through the store, which indexes their names as it always does.
pub async fn found_businesses(database: &Database) -> Outcome {
    const AT_ONCE: u64 = 500;
    let told = |error: store::StoreError| format!("businesses: {error}");
    let store =
        Store::connect(&store::Settings { url: database.url.clone(), max_connections: 1 }).await.map_err(told)?;
    let facts = facts()?;
    let now = crate::world::present()?;
    for first in (1..=BUSINESSES).step_by(usize::try_from(AT_ONCE).unwrap_or(1)) {
        let businesses = (first..(first + AT_ONCE).min(BUSINESSES + 1))
            .map(|number| {
                let (name, name_kana) = name_of(number)?;
                Some(Business {
                    id: database.uuid(BUSINESS, number),
                    name,
                    name_kana,
                    address: format!("東京都日野市神明{}-{}", 1 + number % 30, 1 + number % 25),
                    representative: "計測 花子".to_owned(),
                    corporate_number: None,
                    facts: facts.clone(),
                })
            })
            .collect::<Option<Vec<_>>>()
            .ok_or("a business has no name")?;
        store
            .write(|tx| {
                let businesses = &businesses;
                Box::pin(async move {
                    for business in businesses {
                        tx.create_business(business, now).await?;
                    }
                    Ok::<(), store::StoreError>(())
                })
            })
            .await
            .map_err(told)?;
    }
    store.close().await.map_err(told)
}

/// Fills the table up to a size with cases of all programs, states and years, oldest first.
pub fn fill(database: &Database, world: &World, now: Moment, from: u64, to: u64) -> Outcome {
    let postgres = database.is_postgres();
    if from == 1 {
        let (id, at) = (database.id(CLERK, "g.n"), written(database, now));
        database.run(&format!(
            "INSERT INTO account (id, email, name, locale, created_at) SELECT {id}, 'clerk-' || g.n || '@bench.example', \
             '職員' || g.n, 'ja', {at} FROM {}",
            database.series(1, CLERKS)
        ))?;
    }
    let rows = to - from + 1;
    let seconds = i64::from(FISCAL_YEARS) * 365 * 86_400;
    let start = written(database, now - chrono::TimeDelta::seconds(seconds));
    // Oldest first, evenly over the years; what follows comes some days later.
    let received = format!("((g.n - {from}) * {seconds} / {rows})");
    let later = |days: u64, spread: u64| format!("({received} + {days} * 86400 + g.n * 7919 % ({spread} * 86400))");
    let at = |offset: &str| {
        if postgres {
            format!("({start} + {offset} * interval '1 second')")
        } else {
            format!("strftime('%Y-%m-%dT%H:%M:%S+00:00', {start}, '+' || {offset} || ' seconds')")
        }
    };
    let far = if postgres { "timestamptz '9999-01-01 00:00:00+00'" } else { "'9999-01-01T00:00:00+00:00'" };
    let (number, program, year) = (
        "('hino-' || g.year || '-' || substr(CAST(10000000 + g.n AS text), 2))".to_owned(),
        "g.program",
        format!("({} + (g.n - {from}) * {FISCAL_YEARS} / {rows})", world.year - FISCAL_YEARS + 1),
    );
    let template = world.under_review.number.clone().unwrap_or_default();
    let series = database.series(from, to);
    let programs: String = (1..PROGRAMS).map(|n| format!("WHEN {n} THEN '{}' ", program_name(n + 1))).collect();
    let source = format!(
        "(SELECT g.n, {year} AS year, g.n * 7919 % 100 AS part, CASE g.n * 31 % {PROGRAMS} {programs}ELSE '{}' END AS program \
         FROM {series}) AS g",
        program_name(1)
    );
    let pick = |value: &dyn Fn(&StateShare) -> String| {
        let mut below = 0;
        let whens: String = STATES
            .iter()
            .map(|state| {
                below += state.4;
                format!("WHEN g.part < {below} THEN {} ", value(state))
            })
            .collect();
        format!("CASE {whens}END")
    };
    let quoted = |text: &str| if text.is_empty() { "NULL".to_owned() } else { format!("'{text}'") };
    let deadline = at(&later(30, 60));
    let assignee = database.id(CLERK, &format!("(1 + g.n * 13 % {CLERKS})"));
    let values = [
        ("id", database.id(CASE, "g.n")),
        ("number", number.clone()),
        ("municipality", format!("'{MUNICIPALITY}'")),
        ("program", program.to_owned()),
        ("program_hash", "a.program_hash".to_owned()),
        ("call", "c.id".to_owned()),
        ("fiscal_year", "g.year".to_owned()),
        ("business", database.id(BUSINESS, &format!("(1 + g.n * 7919 % {})", applying(to)))),
        ("state", pick(&|state| quoted(state.0))),
        ("state_kind", pick(&|state| quoted(state.1))),
        ("waits_on", pick(&|state| quoted(state.2))),
        ("attention", "NULL".to_owned()),
        ("assignee", format!("CASE WHEN g.n % 5 = 0 THEN NULL ELSE {assignee} END")),
        ("version", "a.version".to_owned()),
        ("received_at", at(&received)),
        ("deadline_at", pick(&|state| if state.3 { deadline.clone() } else { "NULL".to_owned() })),
        ("next_clock_at", "NULL".to_owned()),
        ("received_sort", at(&received)),
        ("deadline_sort", pick(&|state| if state.3 { deadline.clone() } else { far.to_owned() })),
        ("updated_at", at(&later(1, 90))),
        ("created_at", at(&received)),
        ("head_sequence", "a.head_sequence".to_owned()),
        ("head_hash", "a.head_hash".to_owned()),
        ("head_at", "a.head_at".to_owned()),
        ("granted_yen", "0".to_owned()),
        ("body", format!("replace(a.body, '{template}', {number})")),
    ];
    let (columns, expressions): (Vec<&str>, Vec<String>) = values.into_iter().unzip();
    let insert = format!(
        "INSERT INTO application ({}) SELECT {} FROM application a, {source} \
         JOIN call c ON c.program = g.program AND c.fiscal_year = g.year WHERE a.id = {};",
        columns.join(", "),
        expressions.join(", "),
        database.literal(world.under_review.id)
    );
    // Indexes are made faster afterwards.
    let keep = postgres && rows > 50_000;
    let dropped = if keep {
        let question = "SELECT string_agg(indexdef || ';', ' ') || '|' || string_agg('DROP INDEX ' || indexname || ';', ' ') \
                        FROM pg_indexes WHERE tablename = 'application' AND indexname LIKE 'application\\_%' \
                        AND indexdef NOT LIKE '%UNIQUE%'";
        let answer = database.run(question)?;
        answer.split_once('|').map(|(make, drop)| (make.to_owned(), drop.to_owned()))
    } else {
        None
    };
    let (make, drop) = dropped.unwrap_or_default();
    database.all_or_nothing(&format!("{drop} {insert} {make}"))?;
    if postgres {
        database.run("VACUUM (ANALYZE) application")?;
    }
    database.settle()
}

fn written(database: &Database, at: Moment) -> String {
    let text = at.format("%Y-%m-%dT%H:%M:%S+00:00");
    if database.is_postgres() { format!("timestamptz '{text}'") } else { format!("'{text}'") }
}

/// Where a filter takes what it asks for, for the n-th time.
struct Asking<'a> {
    database: &'a Database,
    world: &'a World,
    size: u64,
    n: u64,
}

type Filter = (&'static str, fn(&Asking<'_>) -> Option<Value>);

const FILTERS: [Filter; 12] = [
    ("none", |_| Some(json!({}))),
    ("program", |ask| Some(json!({ "program": program_name(1 + usize::try_from(ask.n).ok()? % PROGRAMS) }))),
    ("state", |ask| Some(json!({ "state": place(&STATES, ask.n)?.0 }))),
    ("kind", |ask| Some(json!({ "kind": place(&KINDS, ask.n)? }))),
    ("assignee", |ask| Some(json!({ "assignee": ask.database.uuid(CLERK, 1 + ask.n % CLERKS) }))),
    ("fiscalYear", |ask| Some(json!({ "fiscalYear": ask.fiscal_year()? }))),
    ("business", |ask| Some(json!({ "business": ask.database.uuid(BUSINESS, applicant(ask.size, ask.n)) }))),
    ("text: a name", |ask| {
        let number = applicant(ask.size, ask.n);
        Some(json!({ "text": format!("{}{}", place(&PLACES, number)?, place(&FAMILIES, number / 20)?.0) }))
    }),
    ("text: a trade", |ask| Some(json!({ "text": place(&TRADES, applicant(ask.size, ask.n) / 800)? }))),
    ("text: 株式会社", |_| Some(json!({ "text": "株式会社" }))),
    ("text: a number", |ask| Some(json!({ "text": format!("hino-{}-000", ask.fiscal_year()?) }))),
    ("text: nothing", |ask| Some(json!({ "text": format!("該当なし{}", ask.n % 10) }))),
];

impl Asking<'_> {
    fn fiscal_year(&self) -> Option<i32> {
        Some(self.world.year - i32::try_from(self.n).ok()? % FISCAL_YEARS)
    }
}

/// How long one filter in one order takes, at one size.
#[derive(Clone, Debug)]
pub struct Listed {
    pub filter: &'static str,
    pub order: &'static str,
    pub size: u64,
    pub p50_ms: f64,
    pub p99_ms: f64,
    pub requests: usize,
}

impl Listed {
    pub fn json(&self) -> Value {
        json!({
            "filter": self.filter, "order": self.order.to_ascii_lowercase(), "applications": self.size,
            "p50Ms": round(self.p50_ms), "p99Ms": round(self.p99_ms), "requests": self.requests,
        })
    }
}

pub async fn measure(
    server: &Server,
    database: &Database,
    world: &World,
    size: u64,
    time: Duration,
) -> Outcome<Vec<Listed>> {
    let mut connection = Connection::open(server.address, &world.clerk.token).await?;
    let mut all = Vec::new();
    for (filter, asked) in FILTERS {
        for order in ORDERS {
            let began = Instant::now();
            let mut taken = Vec::new();
            for n in 0..WARM_UP + REQUESTS {
                let wanted = asked(&Asking { database, world, size, n }).ok_or("a filter has no value")?;
                let variables = json!({ "f": wanted, "o": order });
                let sent = Instant::now();
                let answer = connection.graphql(LIST, &variables).await?;
                if n >= WARM_UP {
                    taken.push(sent.elapsed());
                }
                if began.elapsed() > time {
                    break;
                }
                if n == 0 && filter == "none" && !answer.contains("\"hasNextPage\":true") {
                    return Err(format!("the list is empty: {}", crate::http::shortened(&answer)));
                }
            }
            taken.sort_unstable();
            let (p50_ms, p99_ms) = (percentile(&taken, 50), percentile(&taken, 99));
            all.push(Listed { filter, order, size, p50_ms, p99_ms, requests: taken.len() });
        }
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_businesses_have_different_names() {
        let names: std::collections::HashSet<_> = (1..=BUSINESSES).filter_map(name_of).map(|(name, _)| name).collect();
        assert!(names.len() >= usize::try_from(BUSINESSES * 9 / 10).unwrap());
    }

    #[test]
    fn shares_of_states_are_of_a_hundred() {
        assert_eq!(STATES.iter().map(|state| state.4).sum::<u64>(), 100);
    }
}
