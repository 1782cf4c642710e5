//! The statements of an action, replayed by `pgbench`: what the database alone could do on this machine.
//!
//! Two recorded actions are compared. What is the same in both is sent as it was; the case's own values, and
//! identifiers that must be fresh each time, are computed from a number that counts up for each client.

use std::collections::HashMap;
use std::path::Path;
use std::process::Command;

use crate::Outcome;
use crate::database::{Database, Postgres, output};
use crate::http::shortened;
use crate::wire::{Asked, Parameter, Recording};

/// A value of the recorded case, and how it follows from a case's number.
#[derive(Clone, Debug)]
pub struct Known {
    pub values: [String; 2],
    /// SQL over `:u`.
    pub expression: String,
}

/// What `pgbench` runs.
#[derive(Debug)]
pub struct Script {
    text: String,
    variables: Vec<(String, String)>,
    fresh: HashMap<String, usize>,
}

/// One run of `pgbench`.
#[derive(Clone, Copy, Debug)]
pub struct Replayed {
    pub transactions: usize,
    pub per_second: f64,
    pub latency_ms: f64,
}

/// Longer texts that differ are contents, not keys.
const LONGEST_KEY: usize = 160;

impl Script {
    pub fn of(recordings: [&Recording; 2], known: &[Known]) -> Outcome<Self> {
        let [first, second] = recordings;
        let mut script = Self { text: String::new(), variables: Vec::new(), fresh: HashMap::new() };
        script.text.push_str("\\set n :n + 1\n\\set u :base + :client_id * :span + :n\n");
        if first.asked.len() != second.asked.len() {
            return Err("the same action asked the database different things".to_owned());
        }
        for pair in first.asked.iter().zip(&second.asked) {
            let statement = match pair {
                (Asked::Simple(one), Asked::Simple(other)) if one == other => one.clone(),
                (Asked::Prepared { text, values }, Asked::Prepared { text: other, values: others })
                    if text == other =>
                {
                    script.statement(text, values, others, known)?
                }
                _ => return Err("the same action asked the database different things".to_owned()),
            };
            script.text.push_str(&statement);
            script.text.push_str(";\n");
        }
        Ok(script)
    }

    fn statement(&mut self, text: &str, one: &[Parameter], other: &[Parameter], known: &[Known]) -> Outcome<String> {
        if text.replace("::", "").contains(':') {
            return Err(format!("pgbench would read a variable in: {text}"));
        }
        let mut expressions = Vec::with_capacity(one.len());
        for (one, other) in one.iter().zip(other) {
            expressions.push(self.expression(one, other, known)?);
        }
        // Highest first, so that $1 does not match the beginning of $10.
        Ok(expressions
            .iter()
            .enumerate()
            .rev()
            .fold(text.to_owned(), |text, (index, expression)| text.replace(&format!("${}", index + 1), expression)))
    }

    fn expression(&mut self, one: &Parameter, other: &Parameter, known: &[Known]) -> Outcome<String> {
        let ((value, name), (again, _)) = (one.shown()?, other.shown()?);
        let (Some(value), Some(again)) = (value, again) else { return Ok(format!("CAST(NULL AS {name})")) };
        if let Some(known) = known.iter().find(|known| known.values[0] == value && known.values[1] == again) {
            return Ok(format!("CAST({} AS {name})", known.expression));
        }
        if value != again && name == "uuid" {
            let next = self.fresh.len();
            let place = *self.fresh.entry(value).or_insert(next);
            return Ok(format!("CAST({} AS uuid)", Postgres::id(&format!("f{place:02x}"), "CAST(:u AS text)")));
        }
        let is_key = value != again && name == "text" && value.len() <= LONGEST_KEY;
        let variable = format!("v{}", self.variables.len());
        let constant = format!("CAST(:{variable} AS {name})");
        self.variables.push((variable, value));
        Ok(if is_key { format!("({constant} || '.' || CAST(:u AS text))") } else { constant })
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    /// Each client takes `per_client` cases, the first client from `base` + 1 on.
    pub fn run(
        &self,
        pgbench: &Path,
        database: &Database,
        folder: &Path,
        clients: usize,
        per_client: u64,
        base: u64,
    ) -> Outcome<Replayed> {
        let file = folder.join("replay.sql");
        std::fs::write(&file, &self.text).map_err(|error| format!("{}: {error}", file.display()))?;
        let mut command = Command::new(pgbench);
        command.args(["--no-vacuum", "--protocol=prepared", "--client", &clients.to_string()]);
        command.args(["--jobs", &clients.min(2).to_string(), "--transactions", &per_client.to_string(), "--file"]);
        command.arg(&file);
        let numbers = [("n", 0), ("base", base), ("span", per_client)];
        let numbers = numbers.into_iter().map(|(name, value)| (name.to_owned(), value.to_string()));
        for (name, value) in numbers.chain(self.variables.iter().cloned()) {
            command.arg("--define").arg(format!("{name}={value}"));
        }
        let printed = output(command.arg(&database.url))?;
        let number = |label: &str| {
            let rest = printed.lines().find_map(|line| line.trim().strip_prefix(label))?;
            rest.split([' ', '/']).find_map(|word| word.parse::<f64>().ok())
        };
        let found = number("tps = ").zip(number("latency average = "));
        let processed =
            printed.lines().find_map(|line| line.strip_prefix("number of transactions actually processed: "));
        let processed = processed.and_then(|rest| rest.split('/').next()?.trim().parse().ok());
        let ((per_second, latency_ms), transactions) = found
            .zip(processed)
            .ok_or_else(|| format!("pgbench did not say how fast it was: {}", shortened(&printed)))?;
        Ok(Replayed { transactions, per_second, latency_ms })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recording(case: u128, fresh: u128, key: &str) -> Recording {
        let uuid = |number: u128| Parameter { oid: 2950, bytes: Some(number.to_be_bytes().to_vec()) };
        let text = |text: &str| Parameter { oid: 25, bytes: Some(text.as_bytes().to_vec()) };
        let values = vec![uuid(case), uuid(fresh), text(key), text("same"), Parameter { oid: 20, bytes: None }];
        let asked = vec![
            Asked::Simple("BEGIN".to_owned()),
            Asked::Prepared { text: "INSERT INTO t VALUES ($1, $2, $3, $4, $5)".to_owned(), values },
        ];
        Recording { asked, ..Recording::default() }
    }

    #[test]
    fn what_differs_is_computed_and_what_is_the_same_is_sent() {
        let known = Known {
            values: [uuid::Uuid::from_u128(1).to_string(), uuid::Uuid::from_u128(2).to_string()],
            expression: "case_of(:u)".to_owned(),
        };
        let script = Script::of([&recording(1, 8, "k1"), &recording(2, 9, "k2")], &[known]).unwrap();
        let fresh = Postgres::id("f00", "CAST(:u AS text)");
        let expected = format!(
            "INSERT INTO t VALUES (CAST(case_of(:u) AS uuid), CAST({fresh} AS uuid), \
             (CAST(:v0 AS text) || '.' || CAST(:u AS text)), CAST(:v1 AS text), CAST(NULL AS bigint));\n"
        );
        assert!(script.text.ends_with(&format!("BEGIN;\n{expected}")), "{}", script.text);
        assert_eq!(script.variables[1], ("v1".to_owned(), "same".to_owned()));
    }
}
