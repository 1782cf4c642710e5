//! `outbox`: what waits, what was given up, and trying it again.

use serde_json::json;

use super::tell;
use crate::cli::{Common, OutboxCommand};
use crate::outcome::Outcome;
use crate::startup::Installation;

pub async fn run(common: &Common, command: &OutboxCommand) -> Outcome {
    let installation = Installation::for_command(common).await?;
    match command {
        OutboxCommand::List => {
            let (depth, dead) = installation.service.outbox().await?;
            let listed: Vec<_> = dead
                .iter()
                .map(|message| {
                    json!({
                        "id": message.id, "kind": message.kind, "attempts": message.attempts,
                        "deadAt": message.dead_at, "lastError": message.last_error,
                    })
                })
                .collect();
            let answer =
                json!({ "waiting": depth.waiting, "oldest": depth.oldest, "dead": depth.dead, "list": listed });
            tell(common, &answer, || {
                let mut lines: Vec<String> = dead
                    .iter()
                    .map(|message| {
                        let error = message.last_error.as_deref().unwrap_or("?");
                        format!("{}\t{}\t{} attempts\t{error}", message.id, message.kind, message.attempts)
                    })
                    .collect();
                lines.push(format!("{} wait, {} were given up", depth.waiting, depth.dead));
                lines.join("\n")
            })
        }
        OutboxCommand::Retry { id } => {
            let count = installation.service.retry_notices(*id).await?;
            tell(common, &json!({ "retried": count }), || format!("{count} are tried again"))
        }
    }
}
