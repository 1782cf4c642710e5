//! From arguments to a service that works.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use service::{Deps, MailTransport, Service, Settings};
use store::Store;
use vocabulary::{Clock, Ids as _};

use crate::adapters::{FileFolder, MailFolder, RandomIds, SmtpMail, SystemClock};
use crate::cli::{Common, SiteArgs};
use crate::demonstration;
use crate::keys;
use crate::outcome::{Failure, Outcome};
use crate::providers;

/// The service with what belongs to this machine.
pub struct Installation {
    pub service: Service,
    pub store: Store,
    pub ids: Arc<RandomIds>,
    pub clock: Arc<dyn Clock>,
    pub data: PathBuf,
    pub base_url: String,
    /// None when mails become files.
    pub smtp_url: Option<String>,
    pub development: bool,
}

/// Connections of a command that does one thing.
const FEW_CONNECTIONS: u32 = 4;

impl Installation {
    /// For commands that do one thing and end.
    ///
    /// # Errors
    /// When the database cannot be reached or is not up to date.
    pub async fn for_command(common: &Common) -> Outcome<Self> {
        let installation = Self::for_migration(common).await?;
        installation.must_be_current().await?;
        Ok(installation)
    }

    /// As [`Installation::for_command`], on a database of any age.
    ///
    /// # Errors
    /// When the database cannot be reached.
    pub async fn for_migration(common: &Common) -> Outcome<Self> {
        let site = SiteArgs {
            listen: ([127, 0, 0, 1], 8080).into(),
            smtp_url: None,
            development: true,
            max_connections: FEW_CONNECTIONS,
            fresh_minutes: service::FRESH_MINUTES,
            staff_second_factor: false,
            key_file: None,
            key: None,
            providers: None,
        };
        Self::open(common, &site, false).await
    }

    /// # Errors
    /// When an argument contradicts another, or the database cannot be reached or migrated.
    pub async fn open(common: &Common, site: &SiteArgs, migrate: bool) -> Outcome<Self> {
        // What was made under the demonstration's clock goes on under it.
        let clock: Arc<dyn Clock> = match demonstration::clock(&common.data).filter(|_| site.development) {
            Some(clock) => Arc::new(clock),
            None => Arc::new(SystemClock),
        };
        Self::with_clock(common, site, migrate, clock).await
    }

    /// As [`Installation::open`], with another clock: the demonstration lives through months in a moment.
    ///
    /// # Errors
    /// As [`Installation::open`].
    pub async fn with_clock(common: &Common, site: &SiteArgs, migrate: bool, clock: Arc<dyn Clock>) -> Outcome<Self> {
        let base_url = base_url(common.base_url.as_deref(), site)?;
        let store = connect(common, site.max_connections).await?;
        if migrate {
            store.migrate().await?;
        }
        let ids = Arc::new(RandomIds::default());
        let service = Service::new(Deps {
            store: store.clone(),
            clock: clock.clone(),
            ids: ids.clone(),
            keys: keys::read(common, site)?,
            providers: providers::read(site)?,
            files: Arc::new(FileFolder::new(common.data.join("files"))),
            settings: Settings {
                base_url: base_url.clone(),
                mail_from: common.mail_from.clone(),
                production: !site.development,
                fresh_minutes: site.fresh_minutes,
                staff_second_factor: site.staff_second_factor,
            },
        });
        let (data, smtp_url, development) = (common.data.clone(), site.smtp_url.clone(), site.development);
        Ok(Self { service, store, ids, clock, data, base_url, smtp_url, development })
    }

    /// # Errors
    /// When the schema is older than this binary.
    pub async fn must_be_current(&self) -> Outcome {
        match self.store.pending_migrations().await?.as_slice() {
            [] => Ok(()),
            pending => {
                let names = pending.join(", ");
                Err(Failure::fault(format!("the database is not up to date; run `hojokin migrate` ({names})")))
            }
        }
    }

    /// By SMTP, or into files.
    ///
    /// # Errors
    /// When the address of the mail server cannot be understood.
    pub fn mail(&self) -> Outcome<Arc<dyn MailTransport>> {
        Ok(match &self.smtp_url {
            Some(url) => Arc::new(SmtpMail::new(url).map_err(|error| Failure::misuse(format!("SMTP: {error}")))?),
            None => Arc::new(MailFolder::new(self.mail_folder())),
        })
    }

    #[must_use]
    pub fn mail_folder(&self) -> PathBuf {
        self.data.join("mail")
    }

    /// A key for a command that was given none.
    #[must_use]
    pub fn fresh_key(&self) -> String {
        format!("cli-{}", self.ids.next())
    }
}

/// `https` everywhere but on this very machine and in development.
fn base_url(given: Option<&str>, site: &SiteArgs) -> Outcome<String> {
    let given = given.map_or_else(|| format!("http://{}", site.listen), str::to_owned);
    let url = given.trim_end_matches('/').to_owned();
    let local = site.development || site.listen.ip().is_loopback();
    if url.starts_with("https://") || (local && url.starts_with("http://")) {
        Ok(url)
    } else {
        Err(Failure::misuse(
            "outside this machine people need TLS: give --base-url https://… and put a proxy with TLS in front",
        ))
    }
}

async fn connect(common: &Common, max_connections: u32) -> Outcome<Store> {
    let url = common
        .database
        .clone()
        .unwrap_or_else(|| format!("sqlite://{}?mode=rwc", common.data.join("hojokin.db").display()));
    let url = if url.starts_with("sqlite:") && !url.contains('?') { format!("{url}?mode=rwc") } else { url };
    if let Some(folder) = sqlite_path(&url).and_then(Path::parent).filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).map_err(|error| Failure::fault(format!("{}: {error}", folder.display())))?;
    }
    let known = ["sqlite:", "postgres:", "postgresql:"].iter().any(|scheme| url.starts_with(scheme));
    if !known {
        return Err(Failure::misuse("the database is sqlite://… or postgres://…"));
    }
    Ok(Store::connect(&store::Settings { url, max_connections }).await?)
}

fn sqlite_path(url: &str) -> Option<&Path> {
    let rest = url.strip_prefix("sqlite:")?;
    let path = rest.strip_prefix("//").unwrap_or(rest);
    Some(Path::new(path.split_once('?').map_or(path, |(path, _)| path)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(listen: &str, given: Option<&str>) -> Outcome<String> {
        let listen = listen.parse().unwrap();
        base_url(
            given,
            &SiteArgs {
                listen,
                smtp_url: None,
                development: false,
                max_connections: 1,
                fresh_minutes: 10,
                staff_second_factor: false,
                key_file: None,
                key: None,
                providers: None,
            },
        )
    }

    #[test]
    fn plain_http_is_for_this_machine_only() {
        assert_eq!(url("127.0.0.1:8080", None).unwrap(), "http://127.0.0.1:8080");
        assert!(url("0.0.0.0:8080", None).is_err());
        assert!(url("0.0.0.0:8080", Some("http://hojokin.example.jp")).is_err());
        assert_eq!(url("0.0.0.0:8080", Some("https://hojokin.example.jp/")).unwrap(), "https://hojokin.example.jp");
    }

    #[test]
    fn the_file_of_a_database_is_found_in_its_address() {
        assert_eq!(sqlite_path("sqlite://./data/a.db?mode=rwc"), Some(Path::new("./data/a.db")));
        assert_eq!(sqlite_path("sqlite:///tmp/a.db"), Some(Path::new("/tmp/a.db")));
        assert_eq!(sqlite_path("postgres://x"), None);
    }
}
