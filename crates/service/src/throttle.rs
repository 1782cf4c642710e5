//! Limits on guessing: a bucket of tries for each address and each account, shared by all servers. Only what fails uses
//! them up, and whoever has signed in from a place before is not kept out there by what others guess elsewhere.

use chrono::TimeDelta;
use uuid::Uuid;

use crate::secrets::hashed;
use crate::service::Service;
use crate::{Error, Result};

/// Tries that may come at once, and the seconds that earn one more.
#[derive(Clone, Copy, Debug)]
struct Limit {
    burst: i32,
    seconds_per_try: i64,
}

/// Who guesses from one place waits.
const PER_ADDRESS: Limit = Limit { burst: 10, seconds_per_try: 60 };
/// For all places together, from which nobody has signed in to the account.
const PER_ACCOUNT: Limit = Limit { burst: 100, seconds_per_try: 9 };
/// Codes of a second factor have six digits: a day of guesses finds one in a thousand times.
const CODES: Limit = Limit { burst: 10, seconds_per_try: 300 };
/// Departures to providers of identities and requests for passkeys, each of which keeps a row: a whole office may begin its day at once.
const DEPARTURES: Limit = Limit { burst: 200, seconds_per_try: 5 };
/// Tries beyond a limit that are written down: the log is for people to read.
const NOTES: Limit = Limit { burst: 5, seconds_per_try: 600 };
/// A place is known for so long after it was last used.
const PLACE_DAYS: i64 = 180;

/// Whose tries, and how many.
#[derive(Clone, Debug)]
pub(crate) struct Bucket {
    name: Vec<u8>,
    limit: Limit,
}

impl Bucket {
    /// Requests that send a mail to an address.
    pub fn mails(kind: &str, email: &str) -> Self {
        Self { name: hashed(&format!("{kind}:{email}")), limit: PER_ADDRESS }
    }

    /// Codes after a password that was right, from a place of its own or from all others together.
    fn codes(account: Uuid, from: &str) -> Self {
        Self { name: hashed(&format!("codes:{account}:{from}")), limit: CODES }
    }

    /// What is written down of tries beyond a limit.
    pub fn notes(account: Option<Uuid>, client: Option<&str>) -> Self {
        let whose = account.map_or_else(|| client.unwrap_or_default().to_owned(), |account| account.to_string());
        Self { name: hashed(&format!("notes:{whose}")), limit: NOTES }
    }

    /// Who goes to a provider of identities, from one place.
    pub fn departures(client: &str) -> Self {
        Self { name: hashed(&format!("departures:{client}")), limit: DEPARTURES }
    }

    /// Requests for passkeys, from one place.
    pub fn passkeys(client: &str) -> Self {
        Self { name: hashed(&format!("passkeys:{client}")), limit: DEPARTURES }
    }

    fn address(client: &str) -> Self {
        Self { name: hashed(&format!("address:{client}")), limit: PER_ADDRESS }
    }

    fn account(email: &str) -> Self {
        Self { name: hashed(&format!("account:{email}")), limit: PER_ACCOUNT }
    }

    fn pair(account: Uuid, client: &str) -> Self {
        Self { name: hashed(&format!("pair:{account}:{client}")), limit: PER_ADDRESS }
    }
}

impl Limit {
    const fn cost(self) -> i64 {
        self.seconds_per_try * 1_000_000
    }

    fn capacity(self) -> TimeDelta {
        TimeDelta::seconds(self.seconds_per_try) * self.burst
    }
}

fn place(client: &str) -> Vec<u8> {
    hashed(&format!("place:{client}"))
}

impl Service {
    /// What a sign-in from there uses up if it fails.
    pub(crate) async fn tries_of(
        &self,
        account: Option<Uuid>,
        email: &str,
        client: Option<&str>,
    ) -> Result<Vec<Bucket>> {
        if let (Some(account), Some(client)) = (account, client)
            && self.reader().knows_place(account, &place(client), self.now()).await?
        {
            return Ok(vec![Bucket::pair(account, client)]);
        }
        Ok(client.map(Bucket::address).into_iter().chain([Bucket::account(email)]).collect())
    }

    /// What a code of a second factor uses up if it is wrong.
    pub(crate) async fn tries_of_codes(&self, account: Uuid, client: Option<&str>) -> Result<Vec<Bucket>> {
        let known = match client {
            Some(client) => self.reader().knows_place(account, &place(client), self.now()).await?,
            None => false,
        };
        Ok(vec![Bucket::codes(account, client.filter(|_| known).unwrap_or_default())])
    }

    /// Takes one try of each, or none.
    ///
    /// # Errors
    /// `RateLimited` when one has none left, with the seconds to wait.
    pub(crate) async fn take_tries(&self, buckets: &[Bucket]) -> Result<()> {
        let now = self.now();
        self.store()
            .write(|tx| {
                Box::pin(async move {
                    for Bucket { name, limit } in in_order(buckets) {
                        let over = tx.take_try(name, now, limit.cost()).await? - now - limit.capacity();
                        if over > TimeDelta::zero() {
                            let retry_after_seconds = u64::try_from(over.num_seconds() + 1).unwrap_or(1);
                            return Err(Error::RateLimited { retry_after_seconds });
                        }
                    }
                    Ok(())
                })
            })
            .await
    }

    /// It was them: the tries come back, and the place is known from now on.
    pub(crate) async fn was_right(&self, buckets: &[Bucket], account: Uuid, client: Option<&str>) -> Result<()> {
        let until = self.now() + TimeDelta::days(PLACE_DAYS);
        self.store()
            .write(|tx| {
                Box::pin(async move {
                    for Bucket { name, limit } in in_order(buckets) {
                        tx.give_back_try(name, limit.cost()).await?;
                    }
                    if let Some(client) = client {
                        tx.remember_place(account, &place(client), until).await?;
                    }
                    Ok::<_, Error>(())
                })
            })
            .await
    }
}

fn in_order(buckets: &[Bucket]) -> Vec<&Bucket> {
    let mut buckets: Vec<&Bucket> = buckets.iter().collect();
    buckets.sort_by(|one, other| one.name.cmp(&other.name));
    buckets
}
