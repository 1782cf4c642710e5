//! Acts over HTTP, end to end: a clerk receives applications, applicants submit, a manager grants.

use std::ops::Range;
use std::path::Path;
use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::Outcome;
use crate::database::{BUSINESS, BUSINESSES, CASE, Copies, Database, Postgres};
use crate::http::{Connection, shortened};
use crate::load::{self, Client, Measured, Turn};
use crate::replay::{Known, Replayed, Script};
use crate::server::Server;
use crate::wire::{Recording, Tap};
use crate::world::{Applicant, Person, Template, World};

const PERFORM: &str = "mutation($i: PerformActionInput!) { performAction(input: $i) { __typename \
    ... on ActionPerformed { application { id version state { name } } } \
    ... on ActionRefused { refusals { code message } } } }";
const SAVE: &str = "mutation($i: SaveDraftInput!) { saveDraft(input: $i) { application { id } } }";

/// Where acts are measured: one engine, its cases, the server.
pub struct Stage<'a> {
    pub database: &'a Database,
    pub world: &'a World,
    pub program: &'a Path,
    pub folder: &'a Path,
    pub time: Duration,
    /// How often both sides of a comparison take turns; the time is divided among them.
    pub rounds: u32,
    pub connections: u32,
    /// The last case that was made.
    pub cases: u64,
}

/// Cases that a measurement may use up.
type Cases = Range<u64>;

/// Cases to find out how fast it goes.
const PROBE: u64 = 400;
/// More than what the probe foretells: caches are warm by then.
const MARGIN: f64 = 1.5;

/// Somebody who takes the same action on one case after the other.
struct Acting {
    connection: Connection,
    action: &'static str,
    database: Database,
    version: i64,
    cases: Cases,
    /// What is typed first, where the action takes in a form.
    draft: Option<Map<String, Value>>,
}

impl Client for Acting {
    fn turn(&mut self) -> Turn<'_> {
        Box::pin(async move {
            let Some(number) = self.prepare().await? else { return Ok(false) };
            self.perform(number).await?;
            Ok(true)
        })
    }
}

impl Acting {
    /// The next case, with what is typed first; none when all are used up.
    async fn prepare(&mut self) -> Outcome<Option<u64>> {
        let Some(number) = self.cases.next() else { return Ok(None) };
        if let Some(values) = &self.draft {
            let application = self.database.uuid(CASE, number);
            let input = json!({ "applicationId": application, "form": "application", "values": values });
            let answer = self.connection.graphql(SAVE, &json!({ "i": input })).await?;
            if !answer.contains("\"application\":{") {
                return Err(format!("a draft was not saved: {}", shortened(&answer)));
            }
        }
        Ok(Some(number))
    }

    async fn perform(&mut self, number: u64) -> Outcome {
        let input = json!({
            "applicationId": self.database.uuid(CASE, number), "action": self.action,
            "expectedVersion": self.version, "idempotencyKey": format!("{}-{number}", self.action),
        });
        let answer = self.connection.graphql(PERFORM, &json!({ "i": input })).await?;
        if answer.contains("\"ActionPerformed\"") {
            Ok(())
        } else {
            Err(format!("`{}` was not done: {}", self.action, shortened(&answer)))
        }
    }
}

/// Which action is measured, by whom, on copies of what.
#[derive(Clone, Copy)]
struct Job<'a> {
    action: &'static str,
    by: &'a Person,
    version: i64,
}

/// What the database was asked for one action.
#[derive(Clone, Copy)]
pub struct Asked {
    pub action: &'static str,
    pub statements: usize,
    pub round_trips: usize,
    pub probes: usize,
}

/// What was heard on the way to the database.
pub struct Heard {
    pub receive: Asked,
    pub submit: Asked,
    /// One `receive`, to be replayed.
    pub script: Script,
}

/// Actions before those that are listened to: everything is prepared then.
const BEFORE: u64 = 8;

/// Both sides of the comparison, at one number of clients.
pub struct Compared {
    pub served: Measured,
    /// None where there is no `pgbench` for the engine.
    pub replayed: Option<Replayed>,
}

impl Stage<'_> {
    /// `count` copies of a case, each of another business of the load.
    fn copies(&mut self, template: &Template, count: u64) -> Outcome<Cases> {
        let (from, to) = (self.cases + 1, self.cases + count);
        self.database.copy_cases(&Copies {
            template: template.id,
            number: template.number.as_deref(),
            from,
            to,
            business: self.database.id(BUSINESS, &format!("(1 + g.n % {BUSINESSES})")),
            drafted_by: None,
        })?;
        self.cases = to;
        Ok(from..to + 1)
    }

    pub async fn serve(&self) -> Outcome<Server> {
        Server::start(self.program, &self.database.url, self.folder, self.connections).await
    }

    /// The statements of one `receive` and of one `submit`, on a connection on which everything is prepared already.
    pub async fn listen(&mut self) -> Outcome<Heard> {
        let tap = Tap::between(self.database.host()?).await?;
        let through = self.database.through(tap.address)?;
        let cases = self.copies(&self.world.submitted.clone(), BEFORE + 2)?;
        let drafts = self.drafts(1, BEFORE + 2)?;
        let server = Server::start(self.program, &through, self.folder, 1).await?;
        let job = Job { action: "receive", by: &self.world.clerk, version: self.world.submitted.version };
        let receiving = self.clients(&server, job, 1, cases).await?;
        let [(one, first), (other, second)] = heard(&tap, receiving).await?;
        let [(_, submitted), _] = heard(&tap, self.submitting(&server, drafts).await?).await?;
        drop(server);
        let script = Script::of([&first, &second], &self.known([one, other]))?;
        Ok(Heard { receive: Asked::of("receive", &first), submit: Asked::of("submit", &submitted), script })
    }

    fn known(&self, numbers: [u64; 2]) -> Vec<Known> {
        let text = "CAST(:u AS text)";
        let business = format!("CAST(1 + CAST(:u AS bigint) % {BUSINESSES} AS text)");
        vec![
            Known {
                values: numbers.map(|number| self.database.uuid(CASE, number).to_string()),
                expression: Postgres::id(CASE, text),
            },
            Known {
                values: numbers.map(|number| self.database.uuid(BUSINESS, 1 + number % BUSINESSES).to_string()),
                expression: Postgres::id(BUSINESS, &business),
            },
            Known { values: numbers.map(|number| format!("hino-b{number}")), expression: Database::case_number(":u") },
        ]
    }

    async fn clients(&self, server: &Server, job: Job<'_>, clients: usize, cases: Cases) -> Outcome<Vec<Acting>> {
        let share = (cases.end - cases.start) / u64::try_from(clients).unwrap_or(1);
        let mut all = Vec::new();
        let mut from = cases.start;
        for _ in 0..clients {
            all.push(Acting {
                connection: Connection::open(server.address, &job.by.token).await?,
                action: job.action,
                database: self.database.clone(),
                version: job.version,
                cases: from..from + share,
                draft: None,
            });
            from += share;
        }
        Ok(all)
    }

    /// (a), and (b) where there is a script: they take turns, so that both see the same hour of the disk.
    pub async fn receive(
        &mut self,
        server: &Server,
        clients: usize,
        replay: Option<(&Path, &Script)>,
    ) -> Outcome<Compared> {
        let submitted = self.world.submitted.clone();
        let job = Job { action: "receive", by: &self.world.clerk, version: submitted.version };
        let time = self.time / self.rounds;
        let mut served = Vec::new();
        let mut replayed = Vec::new();

        let probe = self.copies(&submitted, PROBE * count(clients))?;
        let second = Duration::from_secs(1);
        let rate = load::run(server, self.clients(server, job, clients, probe).await?, second).await?.per_second;
        let wanted = whole(rate * time.as_secs_f64() * MARGIN) + count(clients);
        let replay_wanted = match replay {
            Some((pgbench, script)) => {
                let probe = self.copies(&submitted, PROBE * count(clients))?;
                let first = script.run(pgbench, self.database, self.folder, clients, PROBE, probe.start - 1)?;
                whole(first.per_second * time.as_secs_f64()) / count(clients) + 1
            }
            None => 0,
        };
        for _ in 0..self.rounds {
            let cases = self.copies(&submitted, wanted)?;
            self.database.settle()?;
            served.push(load::run(server, self.clients(server, job, clients, cases).await?, time).await?);
            if let Some((pgbench, script)) = replay {
                let cases = self.copies(&submitted, replay_wanted * count(clients))?;
                self.database.settle()?;
                let run = script.run(pgbench, self.database, self.folder, clients, replay_wanted, cases.start - 1)?;
                self.must_have_moved(cases, run.transactions)?;
                replayed.push(run);
            }
        }
        let served = middle(served, |run| run.per_second).ok_or("nothing was measured")?;
        Ok(Compared { served, replayed: middle(replayed, |run| run.per_second) })
    }

    /// The replay has to do what the action did: each transaction moves its case.
    fn must_have_moved(&self, cases: Cases, transactions: usize) -> Outcome {
        let (from, to) = (self.database.uuid(CASE, cases.start), self.database.uuid(CASE, cases.end - 1));
        let (from, to) = (self.database.literal(from), self.database.literal(to));
        let version = self.world.submitted.version;
        let question = format!(
            "SELECT count(*) FROM application a JOIN event e ON e.application = a.id AND e.sequence = a.head_sequence \
             WHERE a.id BETWEEN {from} AND {to} AND a.version = {version} + 1"
        );
        let moved = self.database.number(&question)?;
        if usize::try_from(moved) == Ok(transactions) {
            Ok(())
        } else {
            Err(format!("{transactions} replayed actions moved {moved} cases"))
        }
    }

    /// (c): each applicant saves a draft and submits it with its documents, one case after the other.
    pub async fn submit(&mut self, server: &Server, clients: usize) -> Outcome<Measured> {
        let probe = self.drafts(clients, 50)?;
        let probed = self.submitting(server, probe).await?;
        let rate = load::run(server, probed, Duration::from_secs(1)).await?.per_second;
        let each = whole(rate * self.time.as_secs_f64() * MARGIN) / count(clients) + 1;
        let drafts = self.drafts(clients, each)?;
        self.database.settle()?;
        load::run(server, self.submitting(server, drafts).await?, self.time).await
    }

    fn drafts(&mut self, clients: usize, each: u64) -> Outcome<Vec<(Applicant, Cases)>> {
        let mut made = Vec::new();
        for applicant in self.world.applicants.iter().take(clients) {
            let (from, to) = (self.cases + 1, self.cases + each);
            self.database.copy_cases(&Copies {
                template: self.world.drafted.id,
                number: None,
                from,
                to,
                business: self.database.literal(applicant.business),
                drafted_by: Some(applicant.person.account),
            })?;
            self.cases = to;
            made.push((applicant.clone(), from..to + 1));
        }
        Ok(made)
    }

    async fn submitting(&self, server: &Server, drafts: Vec<(Applicant, Cases)>) -> Outcome<Vec<Acting>> {
        let mut all = Vec::new();
        for (applicant, cases) in drafts {
            all.push(Acting {
                connection: Connection::open(server.address, &applicant.person.token).await?,
                action: "submit",
                database: self.database.clone(),
                version: self.world.drafted.version,
                cases,
                draft: Some(self.world.values.clone()),
            });
        }
        Ok(all)
    }

    /// (e): the last signatures of as many grants as fit into the time, all on one budget line.
    pub async fn grant(&mut self, server: &Server, clients: usize) -> Outcome<(Measured, Option<i64>)> {
        /// Grants a second, beyond what one row allows.
        const MOST: u64 = 400;
        let under_review = self.world.under_review.clone();
        let cases = self.copies(&under_review, MOST * self.time.as_secs().max(1))?;
        // The copies' reservations are not in the ledger; the line has to hold them all the same.
        let held = i128::from(cases.end - cases.start) * i128::from(self.world.held_yen);
        self.database.run(&format!(
            "UPDATE budget_line SET held = held + {held} WHERE fiscal_year = {} AND code = 'sales_channel'",
            self.world.year
        ))?;
        let mut version = under_review.version;
        for (action, by) in [("grant", &self.world.reviewer), ("sign", &self.world.chief)] {
            let preparing = self.clients(server, Job { action, by, version }, 8, cases.clone()).await?;
            load::run(server, preparing, Duration::from_secs(600)).await?;
            version += 1;
        }
        self.database.settle()?;
        let before = self.rolled_back()?;
        let job = Job { action: "sign", by: &self.world.manager, version };
        // What the key says of the second signature must differ from the first; they are of different people.
        let signing = self.clients(server, job, clients, cases).await?;
        let measured = load::run(server, signing, self.time).await?;
        let after = self.rolled_back()?;
        Ok((measured, before.zip(after).map(|(before, after)| after - before)))
    }

    /// Transactions that were given up: each retry is one.
    fn rolled_back(&self) -> Outcome<Option<i64>> {
        if !self.database.is_postgres() {
            return Ok(None);
        }
        // Counters of idle connections are reported within a second or so.
        std::thread::sleep(Duration::from_millis(1_500));
        let question = "SELECT xact_rollback FROM pg_stat_database WHERE datname = current_database()";
        self.database.number(question).map(Some)
    }
}

impl Asked {
    fn of(action: &'static str, heard: &Recording) -> Self {
        let Recording { asked, round_trips, probes, .. } = heard;
        Self { action, statements: asked.len(), round_trips: *round_trips, probes: *probes }
    }
}

/// Two actions of a client, each with the number of its case.
async fn heard(tap: &Tap, clients: Vec<Acting>) -> Outcome<[(u64, Recording); 2]> {
    const A_WHILE: Duration = Duration::from_millis(50);
    let mut acting = clients.into_iter().next().ok_or("no client")?;
    for _ in 0..BEFORE {
        acting.turn().await?;
    }
    let mut heard = Vec::new();
    while let Some(number) = acting.prepare().await? {
        // The pool probes a connection that it takes back, after the answer is on its way.
        tokio::time::sleep(A_WHILE).await;
        tap.start();
        acting.perform(number).await?;
        tokio::time::sleep(A_WHILE).await;
        heard.push((number, tap.stop()));
    }
    if heard.iter().any(|(_, recording)| recording.prepared > 0) {
        return Err("statements are prepared again and again".to_owned());
    }
    heard.try_into().map_err(|_| "two actions were to be heard".to_owned())
}

fn count(clients: usize) -> u64 {
    u64::try_from(clients).unwrap_or(u64::MAX)
}

/// Up to the next whole number; none below zero.
fn whole(value: f64) -> u64 {
    Duration::try_from_secs_f64(value.max(0.0)).map_or(0, |value| value.as_secs() + 1)
}

/// The one in the middle.
fn middle<T>(mut runs: Vec<T>, of: impl Fn(&T) -> f64) -> Option<T> {
    runs.sort_by(|one, other| of(one).total_cmp(&of(other)));
    let middle = runs.len() / 2;
    runs.into_iter().nth(middle)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_of_several_runs_counts() {
        assert_eq!(middle(vec![3.0, 1.0, 2.0], |run| *run), Some(2.0));
        assert_eq!(middle(Vec::<f64>::new(), |run| *run), None);
        assert_eq!((whole(2.5), whole(-1.0)), (3, 1));
    }
}
