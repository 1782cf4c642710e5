//! The command line, in one place.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use chrono::NaiveDate;
use clap::{Args, Parser, Subcommand, ValueEnum};
use vocabulary::Locale;

/// The engine that a municipality runs its subsidies on.
#[derive(Debug, Parser)]
#[command(name = "hojokin", version, propagate_version = true, max_term_width = 120)]
#[command(after_help = "Exit codes: 0 done, 1 refused, 2 misuse, 3 fault.")]
pub struct Cli {
    #[command(flatten)]
    pub common: Common,
    #[command(subcommand)]
    pub command: Command,
}

impl Cli {
    /// Whether it stays.
    pub const fn serves(&self) -> bool {
        matches!(self.command, Command::Serve(_) | Command::Worker(_) | Command::Demo(_))
    }
}

#[derive(Debug, Args)]
pub struct Common {
    /// `sqlite://path/to/file.db` or `postgres://user@host/name`; a file in the data folder when absent.
    #[arg(long, global = true, env = "HOJOKIN_DATABASE_URL", value_name = "URL", hide_env_values = true)]
    pub database: Option<String>,
    /// Folder of uploaded files, and of mails in development.
    #[arg(long, global = true, env = "HOJOKIN_DATA", value_name = "DIR", default_value = "./data")]
    pub data: PathBuf,
    /// Where people reach this installation, for links in mails; `https://…` outside this machine.
    #[arg(long, global = true, env = "HOJOKIN_BASE_URL", value_name = "URL")]
    pub base_url: Option<String>,
    /// The sender of mails.
    #[arg(
        long,
        global = true,
        env = "HOJOKIN_MAIL_FROM",
        value_name = "ADDRESS",
        default_value = "no-reply@hojokin.example.jp"
    )]
    pub mail_from: String,
    /// Print JSON for machines.
    #[arg(long, global = true)]
    pub json: bool,
    /// What is logged, e.g. `info` or `warn,service=debug`.
    #[arg(long, global = true, env = "HOJOKIN_LOG", value_name = "FILTER")]
    pub log: Option<String>,
    /// Log JSON, one object a line.
    #[arg(long, global = true, env = "HOJOKIN_LOG_JSON")]
    pub log_json: bool,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make a demonstration: programs, people, cases, payments; then serve it.
    Demo(DemoArgs),
    /// Serve the API and the pages, and work off mails and deadlines.
    Serve(ServeArgs),
    /// Only work off mails and deadlines.
    Worker(WorkerArgs),
    /// Bring the database's schema up to date.
    Migrate,
    /// Practice: let it be another day in this data folder, and do what falls due until then. Never with real cases.
    Practice {
        #[arg(value_name = "DAY")]
        day: NaiveDate,
    },
    /// Print a file that the program writes about itself.
    #[command(subcommand)]
    Schema(SchemaCommand),
    /// Accounts, roles and positions.
    #[command(subcommand)]
    User(UserCommand),
    /// Personal API tokens.
    #[command(subcommand)]
    Token(TokenCommand),
    /// Check that this installation can work.
    Doctor(SiteArgs),
    /// Grant programs as files.
    #[command(subcommand)]
    Program(ProgramCommand),
    /// Register a business for somebody, who becomes its owner.
    #[command(subcommand)]
    Business(BusinessCommand),
    /// Start an application and keep what is typed and attached as its draft.
    Apply(ApplyArgs),
    /// Move a case.
    Act(ActArgs),
    /// Calls: targets and results, judges, rankings.
    #[command(subcommand)]
    Calls(CallsCommand),
    /// Batches of payments and the bank's files.
    #[command(subcommand)]
    Payments(PaymentsCommand),
    /// The history of all cases.
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Mails that wait or were given up.
    #[command(subcommand)]
    Outbox(OutboxCommand),
    /// A document from standard input as a picture: what the server asks of itself, in a process of its own.
    #[command(hide = true)]
    Preview { media_type: String, page: usize },
}

/// How this installation is reached and how it sends mail.
#[derive(Clone, Debug, Args)]
pub struct SiteArgs {
    /// Address and port to listen on.
    #[arg(long, env = "HOJOKIN_LISTEN", value_name = "ADDR", default_value = "127.0.0.1:8080")]
    pub listen: SocketAddr,
    /// `smtps://user:password@host` or `smtp://host?tls=required`; without it mails become files in the data folder.
    #[arg(long, env = "HOJOKIN_SMTP_URL", value_name = "URL", hide_env_values = true)]
    pub smtp_url: Option<String>,
    /// Adds the helpers for development: mails to look at, a console, signing in with one click. Never in production.
    #[arg(long, env = "HOJOKIN_DEVELOPMENT")]
    pub development: bool,
    /// Connections to the database at most.
    #[arg(long, env = "HOJOKIN_MAX_CONNECTIONS", value_name = "COUNT", default_value_t = 16)]
    pub max_connections: u32,
    /// How long a sign-in is fresh enough to approve, export and sign what moves money.
    #[arg(long, env = "HOJOKIN_FRESH_MINUTES", value_name = "MINUTES", default_value_t = service::FRESH_MINUTES)]
    pub fresh_minutes: u32,
    /// Staff may do nothing in a browser before they have set up a second factor.
    #[arg(long, env = "HOJOKIN_STAFF_SECOND_FACTOR")]
    pub staff_second_factor: bool,
    /// File with the key of the installation, which seals secrets in the database; `installation.key` in the data folder when
    /// absent, made at the first start.
    #[arg(long, env = "HOJOKIN_KEY_FILE", value_name = "FILE")]
    pub key_file: Option<PathBuf>,
    /// The key itself (32 bytes in Base64), instead of a file.
    #[arg(long, env = "HOJOKIN_KEY", value_name = "KEY", hide_env_values = true)]
    pub key: Option<String>,
    /// Providers of identities (OpenID Connect) by which people may also sign in, as a JSON file.
    #[arg(long, env = "HOJOKIN_PROVIDERS", value_name = "FILE")]
    pub providers: Option<PathBuf>,
}

#[derive(Clone, Debug, Args)]
pub struct ServeArgs {
    #[command(flatten)]
    pub site: SiteArgs,
    /// Leave mails and deadlines to another process.
    #[arg(long)]
    pub no_worker: bool,
    /// Bring the schema up to date first.
    #[arg(long, value_name = "BOOL", default_value_t = true, action = clap::ArgAction::Set)]
    pub migrate: bool,
    /// Proxies whose `X-Forwarded-For` is believed.
    #[arg(long, env = "HOJOKIN_TRUSTED_PROXIES", value_name = "IP", value_delimiter = ',')]
    pub trusted_proxy: Vec<IpAddr>,
    /// `Authorization: Bearer` for `/metrics` from other machines.
    #[arg(long, env = "HOJOKIN_METRICS_TOKEN", value_name = "TOKEN", hide_env_values = true)]
    pub metrics_token: Option<String>,
}

#[derive(Debug, Args)]
pub struct DemoArgs {
    #[command(flatten)]
    pub serve: ServeArgs,
    /// Make the data, print accounts, tokens, addresses and the bank file's path, and end.
    #[arg(long)]
    pub no_serve: bool,
}

#[derive(Debug, Args)]
pub struct WorkerArgs {
    #[command(flatten)]
    pub site: SiteArgs,
    /// Do what is due now, and end.
    #[arg(long)]
    pub once: bool,
}

#[derive(Clone, Copy, Debug, Subcommand)]
pub enum SchemaCommand {
    /// The API's schema.
    Graphql,
    /// JSON Schema of program files.
    Program,
    /// JSON Schema of archetype files.
    Archetype,
    /// JSON Schema of municipality files.
    Municipality,
    /// JSON Schema of the fragments that municipality files include.
    MunicipalityFragment,
    /// JSON Schema of files of calls.
    Calls,
    /// JSON Schema of scenario files.
    Scenarios,
    /// JSON Schema of the list of schemes that planning documents name.
    Catalogue,
    /// The page of everything that `program check` may say.
    Findings,
    /// The page of everything that definition files may say.
    Language,
    /// The page of the names that each archetype gives to its programs.
    Archetypes,
    /// The database's schema.
    Database {
        /// PostgreSQL needs the address of an empty database in `TEST_DATABASE_URL`.
        #[arg(long, value_enum, default_value_t = Backend::Sqlite)]
        backend: Backend,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Backend {
    Sqlite,
    Postgres,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Language {
    Ja,
    En,
}

impl From<Language> for Locale {
    fn from(language: Language) -> Self {
        match language {
            Language::Ja => Self::Ja,
            Language::En => Self::En,
        }
    }
}

#[derive(Debug, Subcommand)]
pub enum UserCommand {
    /// Add an account; its password is read from standard input.
    Add {
        email: String,
        #[arg(long)]
        name: String,
        #[arg(long, value_enum, default_value_t = Language::Ja)]
        locale: Language,
    },
    /// The staff of a municipality, with roles and positions.
    List { municipality: String },
    /// Give a person roles in a municipality from today on, or take them away.
    Role {
        email: String,
        municipality: String,
        /// clerk, reviewer, approver, finance_maker, finance_checker, program_officer, auditor, administrator
        #[arg(required = true)]
        roles: Vec<String>,
        /// Take them away.
        #[arg(long)]
        end: bool,
    },
    /// Give a person a post for a period.
    Position {
        email: String,
        municipality: String,
        position: String,
        #[arg(long)]
        from: NaiveDate,
        /// The last day.
        #[arg(long)]
        until: Option<NaiveDate>,
        /// While the post is vacant (職務代理).
        #[arg(long)]
        acting: bool,
    },
    /// Set a new password, read from standard input; ends all sessions.
    Password {
        email: String,
        /// End the second factor too, for whoever has lost the device and the recovery codes.
        #[arg(long)]
        end_second_factor: bool,
    },
}

#[derive(Debug, Subcommand)]
pub enum TokenCommand {
    /// Make a token and print it once.
    Create {
        email: String,
        #[arg(long)]
        name: String,
        /// What it may do: read, apply, act, pay.
        #[arg(long, value_delimiter = ',', default_value = "read")]
        scopes: Vec<String>,
        /// Days that it is valid.
        #[arg(long, default_value_t = 90)]
        days: i64,
    },
    /// A person's tokens.
    List { email: String },
    /// End a token.
    Revoke { email: String, id: uuid::Uuid },
}

#[derive(Debug, Subcommand)]
pub enum ProgramCommand {
    /// Say everything that is wrong with the files.
    Check(Checked),
    /// Run the scenarios beside the programs and the lives of their archetypes, and say what they tried.
    Test(TestArgs),
    /// Draw the machine, as Mermaid or SVG.
    Diagram(DiagramArgs),
    /// Print the program in words.
    Explain(Shown),
    /// Print which program is which scheme of the planning documents, as tables in Markdown.
    Catalogue(Paths),
    /// Live random lives in memory, and say what came of them.
    Simulate(SimulateArgs),
    /// Go everywhere in memory that state, approval, procedures and money can come to together, and say where nothing
    /// leads to an end.
    Explore(Paths),
    /// Write a new program with its scenarios and its call; asks for what is not said.
    New(Box<NewArgs>),
    /// Say in words what a version changes against another, and whether that is major.
    Diff(DiffArgs),
    /// Check, test, and publish into the database, with the municipality and its calls.
    Publish(PublishArgs),
    /// Take no new applications on a version any more; running cases go on.
    Close(CloseArgs),
    /// Say what moving running cases to a newer version would do, and move those that are chosen.
    Migrate(MigrateArgs),
}

#[derive(Debug, Args)]
pub struct Paths {
    /// Files or folders; the catalogue in the binary when absent.
    pub paths: Vec<PathBuf>,
}

#[derive(Debug, Args)]
pub struct PublishArgs {
    /// Files or folders; the catalogue in the binary when absent.
    pub paths: Vec<PathBuf>,
    /// Who publishes: the address of an account, kept with the version.
    #[arg(long = "as", value_name = "EMAIL")]
    pub actor: Option<String>,
}

#[derive(Debug, Args)]
pub struct CloseArgs {
    /// `<municipality>/<slug>`, or `<municipality>/<slug>@<version>`; the newest version when none is named.
    pub program: String,
    /// Who closes: the address of a program officer.
    #[arg(long = "as", value_name = "EMAIL")]
    pub actor: String,
}

#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("chosen").required(true).multiple(true).args(["dry_run", "only", "all_possible"]))]
pub struct MigrateArgs {
    /// `<municipality>/<slug>`
    pub program: String,
    /// The version that cases go on to.
    #[arg(long, value_name = "VERSION")]
    pub to: i32,
    /// Only say what would happen to each case, or to those that are named.
    #[arg(long)]
    pub dry_run: bool,
    /// Move these cases, by number.
    #[arg(long, value_name = "NUMBER", num_args = 1.., conflicts_with = "all_possible")]
    pub only: Vec<String>,
    /// Move every case that can be moved.
    #[arg(long)]
    pub all_possible: bool,
    /// Who moves them: the address of a program officer.
    #[arg(long = "as", value_name = "EMAIL", required_unless_present = "dry_run")]
    pub actor: Option<String>,
    #[arg(long, value_enum, default_value_t = Language::Ja)]
    pub locale: Language,
}

#[derive(Debug, Args)]
pub struct DiffArgs {
    /// A file, or `<municipality>/<slug>[@<version>]` as it is published; the newest version when none is named.
    pub old: String,
    /// As the first.
    pub new: String,
    #[arg(long, value_enum, default_value_t = Language::Ja)]
    pub locale: Language,
}

#[derive(Debug, Args)]
pub struct TestArgs {
    /// Files or folders; the catalogue in the binary when absent.
    pub paths: Vec<PathBuf>,
    /// Also say which transitions, rules, figures and limits no scenario tries.
    #[arg(long)]
    pub coverage: bool,
}

#[derive(Debug, Args)]
pub struct SimulateArgs {
    /// Files or folders; the catalogue in the binary when absent.
    pub paths: Vec<PathBuf>,
    /// How many lives of each program.
    #[arg(short = 'n', long, value_name = "COUNT", default_value_t = 100)]
    pub lives: u32,
    /// The same seed gives the same lives.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
}

#[derive(Debug, Args)]
pub struct NewArgs {
    /// `<municipality>/<slug>`
    pub program: Option<String>,
    /// The folder in which `programs/` is.
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub into: PathBuf,
    #[arg(long)]
    pub archetype: Option<String>,
    #[arg(long, value_name = "TEXT")]
    pub title_ja: Option<String>,
    #[arg(long, value_name = "TEXT")]
    pub title_en: Option<String>,
    /// The document it stands on, e.g. an outline (要綱).
    #[arg(long, value_name = "TEXT")]
    pub grounds: Option<String>,
    /// e.g. 1/2
    #[arg(long)]
    pub rate: Option<String>,
    /// In yen.
    #[arg(long, value_name = "YEN")]
    pub cap: Option<String>,
    /// The award is truncated to this many yen; 1,000 when absent.
    #[arg(long, value_name = "YEN")]
    pub round_down: Option<String>,
    /// Below it nothing is granted.
    #[arg(long, value_name = "YEN")]
    pub minimum: Option<String>,
    /// A category of costs, once for each; one for all when absent.
    #[arg(long, value_name = "NAME=JA=EN")]
    pub category: Vec<String>,
    /// Documents of the archetype that the application asks for.
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub documents: Option<Vec<String>>,
    /// Options of the archetype to switch: `name`, or `name=false`.
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub options: Option<Vec<String>>,
    /// The first day of the call.
    #[arg(long, value_name = "DAY")]
    pub opens: Option<String>,
    /// Its last day; open until the budget is used when absent.
    #[arg(long, value_name = "DAY")]
    pub closes: Option<String>,
    /// Yen that the budget line has in that fiscal year.
    #[arg(long, value_name = "YEN")]
    pub budget: Option<String>,
    /// The budget line in the municipality's file; the first one, or `industry`, when absent.
    #[arg(long, value_name = "NAME")]
    pub budget_line: Option<String>,
    /// Of a municipality that has no file yet: its six digits.
    #[arg(long)]
    pub code: Option<String>,
    #[arg(long, value_name = "TEXT")]
    pub municipality_ja: Option<String>,
    #[arg(long, value_name = "TEXT")]
    pub municipality_en: Option<String>,
}

#[derive(Debug, Args)]
pub struct DiagramArgs {
    #[command(flatten)]
    pub shown: Shown,
    #[arg(long, value_enum, default_value_t = DiagramFormat::Mermaid)]
    pub format: DiagramFormat,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum DiagramFormat {
    Mermaid,
    Svg,
}

#[derive(Debug, Args)]
pub struct Checked {
    /// Files or folders; the catalogue in the binary when absent.
    pub paths: Vec<PathBuf>,
    /// Also say what the check leaves open.
    #[arg(long)]
    pub notes: bool,
}

#[derive(Debug, Args)]
pub struct Shown {
    #[arg(required = true)]
    pub paths: Vec<PathBuf>,
    #[arg(long, value_enum, default_value_t = Language::Ja)]
    pub locale: Language,
}

#[derive(Debug, Subcommand)]
pub enum BusinessCommand {
    /// Add a business.
    Add(BusinessArgs),
}

#[derive(Debug, Args)]
pub struct BusinessArgs {
    pub name: String,
    #[arg(long)]
    pub kana: String,
    #[arg(long)]
    pub address: String,
    #[arg(long)]
    pub representative: String,
    #[arg(long, value_name = "DIGITS")]
    pub corporate_number: Option<String>,
    /// company, sole_proprietor, group, association
    #[arg(long)]
    pub kind: String,
    /// micro, sme, large
    #[arg(long)]
    pub size: String,
    /// In business in the municipality since.
    #[arg(long, value_name = "DAY")]
    pub since: NaiveDate,
    #[arg(long, value_name = "COUNT", default_value_t = 0)]
    pub employees: u32,
    /// In yen; 0 for a sole proprietor.
    #[arg(long, value_name = "YEN", default_value_t = 0)]
    pub capital: i64,
    /// One of the trades of the definition language, e.g. manufacturing
    #[arg(long, default_value = "")]
    pub trade: String,
    /// Whose it is: the address of an account.
    #[arg(long = "as", value_name = "EMAIL")]
    pub actor: String,
}

#[derive(Debug, Args)]
pub struct ApplyArgs {
    /// `<municipality>/<slug>`
    pub program: String,
    /// The business that applies, by its id.
    #[arg(long, value_name = "ID")]
    pub business: String,
    /// Who writes for it: the address of an account.
    #[arg(long = "as", value_name = "EMAIL")]
    pub actor: String,
    /// The form's values: JSON, or `@` and the file that it is in.
    #[arg(long, value_name = "JSON")]
    pub values: Option<String>,
    /// A file for a document that the form asks for; once for each.
    #[arg(long, value_name = "NAME=FILE")]
    pub document: Vec<String>,
}

#[derive(Debug, Args)]
pub struct ActArgs {
    /// The application's number, or its id.
    pub number: String,
    pub action: String,
    /// Who acts: the address of an account.
    #[arg(long = "as", value_name = "EMAIL")]
    pub actor: String,
    /// The form's values, over those of the draft: JSON, or `@` and the file that it is in.
    #[arg(long, value_name = "JSON")]
    pub values: Option<String>,
    /// A file for a document that the form asks for; once for each.
    #[arg(long, value_name = "NAME=FILE")]
    pub document: Vec<String>,
    #[arg(long)]
    pub comment: Option<String>,
    /// Field to correct and its remark, e.g. `costs=内訳が分かりません`.
    #[arg(long, value_name = "FIELD=REMARK")]
    pub mark: Vec<String>,
    /// The procedure beside the case that moves; needed only when the action could move more than one.
    #[arg(long, value_name = "ID")]
    pub procedure: Option<String>,
    /// Refuse unless the case still has this version; the version of now when absent.
    #[arg(long)]
    pub expected_version: Option<i64>,
    /// For sending the same command twice safely.
    #[arg(long)]
    pub idempotency_key: Option<String>,
}

/// One call, and who works on it.
#[derive(Debug, Args)]
pub struct CallArgs {
    /// `<municipality>/<slug>`
    pub program: String,
    /// The fiscal year of the call.
    #[arg(long)]
    pub year: i32,
    /// The window of the year, where there are several.
    #[arg(long, default_value = "year")]
    pub window: String,
    /// The address of a program officer.
    #[arg(long = "as", value_name = "EMAIL")]
    pub actor: String,
}

#[derive(Debug, Subcommand)]
pub enum CallsCommand {
    /// Write the calls with their targets and what came of them, as a table (CSV).
    Export {
        /// Standard output when absent.
        file: Option<PathBuf>,
        /// Only of this municipality.
        #[arg(long)]
        municipality: Option<String>,
        /// Only of this fiscal year.
        #[arg(long)]
        year: Option<i32>,
        #[arg(long, value_enum, default_value_t = Language::Ja)]
        locale: Language,
    },
    /// Rank the scored cases of a call as far as money and places reach, and record it.
    Rank {
        #[command(flatten)]
        call: CallArgs,
        /// Only say what the ranking would be; lots are not drawn.
        #[arg(long)]
        dry_run: bool,
        #[arg(long, value_enum, default_value_t = Language::Ja)]
        locale: Language,
    },
    /// The judges of a call, with the cases that they keep away from.
    Judges {
        #[command(flatten)]
        call: CallArgs,
    },
    /// Appoint a judge; somebody without an account is invited.
    Appoint {
        #[command(flatten)]
        call: CallArgs,
        email: String,
        #[arg(long)]
        from: NaiveDate,
        /// The last day; until the dismissal when absent.
        #[arg(long)]
        until: Option<NaiveDate>,
    },
    /// Dismiss a judge at once.
    Dismiss {
        #[command(flatten)]
        call: CallArgs,
        email: String,
    },
    /// Bar a judge from a case in which they have an interest.
    Recuse {
        #[command(flatten)]
        call: CallArgs,
        email: String,
        /// The application's number.
        number: String,
        #[arg(long)]
        reason: String,
    },
}

#[derive(Debug, Subcommand)]
pub enum PaymentsCommand {
    /// Put all payments that are ordered into a new batch.
    Batch {
        municipality: String,
        /// When the bank transfers; the first day that it can when absent.
        #[arg(long, value_name = "DAY")]
        on: Option<NaiveDate>,
        #[arg(long = "as", value_name = "EMAIL")]
        actor: String,
    },
    /// Approve a batch that somebody else made.
    Approve {
        batch: String,
        #[arg(long = "as", value_name = "EMAIL")]
        actor: String,
    },
    /// Say that the file of a batch is with the bank.
    HandOver {
        batch: String,
        #[arg(long = "as", value_name = "EMAIL")]
        actor: String,
    },
    /// Say that the bank has transferred all of a batch.
    Settle {
        batch: String,
        #[arg(long = "as", value_name = "EMAIL")]
        actor: String,
    },
    /// Write the file of an approved batch.
    Export {
        file: PathBuf,
        #[arg(long)]
        batch: String,
        #[arg(long = "as", value_name = "EMAIL")]
        actor: String,
    },
    /// Check any file as a transfer file.
    Check { file: PathBuf },
}

#[derive(Debug, Subcommand)]
pub enum AuditCommand {
    /// Write all events and heads, one JSON object a line.
    Export {
        /// Standard output when absent.
        file: Option<PathBuf>,
        /// Also seal the heads of all chains, and write the seal here, to be kept elsewhere.
        #[arg(long, value_name = "FILE")]
        seals: Option<PathBuf>,
    },
    /// Check an export against itself and against seals that were kept elsewhere.
    Verify {
        file: PathBuf,
        #[arg(long, value_name = "FILE")]
        seals: Option<PathBuf>,
    },
}

#[derive(Debug, Subcommand)]
pub enum OutboxCommand {
    /// What was given up, and how much waits.
    List,
    /// Try again what was given up.
    Retry {
        /// One of them; all when absent.
        id: Option<uuid::Uuid>,
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }
}
