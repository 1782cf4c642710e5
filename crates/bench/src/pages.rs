//! The pages of the portal over HTTP, as people who are signed in ask for them, at several sizes of the table.

use std::time::Instant;

use serde_json::{Value, json};

use crate::Outcome;
use crate::database::{CASE, Database};
use crate::http::{Connection, shortened};
use crate::load::{percentile, round};
use crate::server::Server;
use crate::world::{MUNICIPALITY, World, program_name};

/// Requests of one page.
const REQUESTS: u64 = 200;
const WARM_UP: u64 = 20;

/// Whose session asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Who {
    Nobody,
    Applicant,
    Clerk,
    Finance,
    Auditor,
    Officer,
    Administrator,
}

/// What the path of a page is made of, for its n-th request.
struct Asking<'a> {
    database: &'a Database,
    world: &'a World,
    size: u64,
    n: u64,
    /// The page before this one.
    before: &'a str,
}

type PageOf = (&'static str, Who, fn(&Asking<'_>) -> String);

const PAGES: [PageOf; 27] = [
    ("start, not signed in", Who::Nobody, |_| "/".to_owned()),
    ("programs", Who::Nobody, |_| "/programs".to_owned()),
    ("programs, searched", Who::Nobody, |_| "/programs?q=%E8%B2%A9%E8%B7%AF&open=1".to_owned()),
    ("a program", Who::Applicant, |_| format!("/programs/{}", program_name(1))),
    ("results of all programs", Who::Nobody, |_| "/registry".to_owned()),
    ("own applications", Who::Applicant, |_| "/applications".to_owned()),
    ("own businesses", Who::Applicant, |_| "/businesses".to_owned()),
    ("own case", Who::Applicant, |ask| format!("/applications/{}", ask.world.submitted.id)),
    ("a form's page", Who::Applicant, |ask| format!("/applications/{}/act/submit?page=1", ask.world.drafted.id)),
    ("a form's last page", Who::Applicant, |ask| format!("/applications/{}/act/submit?page=99", ask.world.drafted.id)),
    ("tasks", Who::Clerk, |_| "/tasks".to_owned()),
    ("cases", Who::Clerk, |_| "/cases".to_owned()),
    ("cases of a program", Who::Clerk, |ask| format!("/cases?program={}", program_name(1 + ask.turn(5)))),
    ("cases, searched", Who::Clerk, |ask| {
        let words = ["%E5%A4%9A%E6%91%A9", "%E5%8D%B0%E5%88%B7", "%E6%A0%AA%E5%BC%8F%E4%BC%9A%E7%A4%BE"];
        format!("/cases?q={}", words.get(ask.turn(words.len())).unwrap_or(&""))
    }),
    ("cases, page after page", Who::Clerk, |ask| next_page(ask.before).unwrap_or_else(|| "/cases".to_owned())),
    ("a case", Who::Clerk, |ask| format!("/applications/{}", ask.case())),
    ("a case beside its documents", Who::Clerk, |ask| format!("/applications/{}/review", ask.case())),
    ("budgets", Who::Clerk, |_| "/budgets".to_owned()),
    ("finance", Who::Finance, |_| "/finance".to_owned()),
    ("history of all cases", Who::Auditor, |_| "/audit".to_owned()),
    ("access log", Who::Auditor, |_| "/audit/access".to_owned()),
    ("people", Who::Administrator, |_| "/staff/people".to_owned()),
    ("rankings", Who::Officer, |_| "/rankings".to_owned()),
    ("programs of the office", Who::Officer, |_| "/staff/programs".to_owned()),
    ("versions of a program", Who::Officer, |_| format!("/staff/programs/{}", program_name(1))),
    ("everyday changes", Who::Officer, |_| format!("/staff/programs/{}/edit/changes", program_name(1))),
    ("studio", Who::Officer, |_| format!("/staff/programs/{}/edit", program_name(1))),
];

impl Asking<'_> {
    fn turn(&self, turns: usize) -> usize {
        usize::try_from(self.n).unwrap_or_default() % turns
    }

    /// One of those in the table, spread over it.
    fn case(&self) -> uuid::Uuid {
        self.database.uuid(CASE, 1 + self.n * 7919 % self.size)
    }
}

/// Where the link at the end of a list leads.
fn next_page(html: &str) -> Option<String> {
    let (before, _) = html.rsplit_once("\">次のページ</a>")?;
    let (_, href) = before.rsplit_once("href=\"")?;
    Some(href.replace("&#38;", "&").replace("&amp;", "&"))
}

/// How long one page takes, at one size of the table.
#[derive(Clone, Debug)]
pub struct Visited {
    pub page: &'static str,
    pub p50_ms: f64,
    pub p95_ms: f64,
    pub p99_ms: f64,
    /// Of the largest answer, without its style and script.
    pub bytes: usize,
}

impl Visited {
    pub fn json(&self) -> Value {
        json!({
            "page": self.page, "p50Ms": round(self.p50_ms), "p95Ms": round(self.p95_ms), "p99Ms": round(self.p99_ms),
            "bytes": self.bytes,
        })
    }
}

pub async fn measure(server: &Server, database: &Database, world: &World, size: u64) -> Outcome<Vec<Visited>> {
    let sessions = &world.sessions;
    let mut all = Vec::new();
    for (page, who, path) in PAGES {
        let session = match who {
            Who::Nobody => None,
            Who::Applicant => Some(&sessions.applicant),
            Who::Clerk => Some(&sessions.clerk),
            Who::Finance => Some(&sessions.finance),
            Who::Auditor => Some(&sessions.auditor),
            Who::Officer => Some(&sessions.officer),
            Who::Administrator => Some(&sessions.administrator),
        };
        let mut browser = Connection::of_browser(server.address, session.map(String::as_str)).await?;
        let (mut taken, mut before, mut bytes) = (Vec::new(), String::new(), 0);
        for n in 0..WARM_UP + REQUESTS {
            let path = path(&Asking { database, world, size, n, before: &before });
            let sent = Instant::now();
            let (status, html) = browser.get(&path).await?;
            if n >= WARM_UP {
                taken.push(sent.elapsed());
            }
            if status != 200 {
                return Err(format!("{page} ({path}) of {MUNICIPALITY} is answered {status}: {}", shortened(&html)));
            }
            bytes = bytes.max(html.len());
            before = html;
        }
        taken.sort_unstable();
        let [p50_ms, p95_ms, p99_ms] = [50, 95, 99].map(|share| percentile(&taken, share));
        all.push(Visited { page, p50_ms, p95_ms, p99_ms, bytes });
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_page_is_found_by_its_link() {
        let html = "<a href=\"/x\">x</a><p><a href=\"/cases?order=received&#38;after=1\">次のページ</a></p>";
        assert_eq!(next_page(html).as_deref(), Some("/cases?order=received&after=1"));
        assert_eq!(next_page("<p>何もない</p>"), None);
    }
}
