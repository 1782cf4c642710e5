//! `practice`: another day, for whoever tries a program from its first day to its last.

use casework::scenario::moment;
use chrono::NaiveDate;
use serde_json::json;
use store::Demonstration;
use vocabulary::{Clock as _, Ids as _, day_in_japan};

use super::{serve, tell};
use crate::adapters::SystemClock;
use crate::cli::Common;
use crate::demonstration;
use crate::outcome::{Failure, Outcome};
use crate::startup::Installation;

/// Moves the clock of a data folder and its database, and does what falls due until then.
///
/// # Errors
/// When real applications may be there, or the day is over already.
pub async fn run(common: &Common, day: NaiveDate) -> Outcome {
    let installation = Installation::for_command(common).await?;
    let made = demonstration::earlier(&common.data);
    match (installation.store.demonstration().await?, &made) {
        (Some(Demonstration::Finished), Some(_)) => {
            let today = day_in_japan(installation.clock.now());
            if day <= today {
                return Err(Failure::misuse(format!("it is {today} here already; days do not come back")));
            }
        }
        // Also where an earlier beginning was interrupted.
        (begun, None) => {
            if !installation.service.programs(None, None, 1, None).await?.items.is_empty() {
                return Err(Failure::refused(
                    "this database is in use; practice needs one of its own (--database, --data), before anything is \
                     published",
                ));
            }
            if begun.is_none() {
                installation.store.begin_demonstration(installation.ids.next()).await?;
            }
            installation.store.finish_demonstration().await?;
        }
        (_, Some(_)) => {
            return Err(Failure::refused(
                "the data folder and the database do not belong together; practice in new ones (--database, --data)",
            ));
        }
    }
    let clock_ahead_seconds = (moment(day) - SystemClock.now()).num_seconds();
    std::fs::create_dir_all(&common.data).map_err(|error| Failure::fault(error.to_string()))?;
    demonstration::keep(
        &common.data,
        &demonstration::Demonstration { clock_ahead_seconds, ..made.unwrap_or_default() },
    )?;
    let done = serve::work_off(&Installation::for_command(common).await?).await?;
    tell(common, &json!({ "day": day, "done": done }), || {
        format!("it is {day} here now; {done} mails, letters and deadlines were done")
    })
}
