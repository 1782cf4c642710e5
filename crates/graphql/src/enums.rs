//! The closed lists of the domain, as GraphQL enums.

use async_graphql::Enum;

#[derive(Enum, Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum Locale {
    Ja,
    En,
}

impl From<Locale> for vocabulary::Locale {
    fn from(locale: Locale) -> Self {
        match locale {
            Locale::Ja => Self::Ja,
            Locale::En => Self::En,
        }
    }
}

impl From<vocabulary::Locale> for Locale {
    fn from(locale: vocabulary::Locale) -> Self {
        match locale {
            vocabulary::Locale::Ja => Self::Ja,
            vocabulary::Locale::En => Self::En,
        }
    }
}

/// What a state means, whatever its name.
#[derive(Enum, Copy, Clone, Debug, PartialEq, Eq)]
#[graphql(remote = "program::definition::StateKind")]
pub(crate) enum StateKind {
    Drafting,
    WithApplicant,
    WithOffice,
    InProject,
    AwaitingPayment,
    ClosedPaid,
    ClosedUnpaid,
}

/// Who may act.
#[derive(Enum, Copy, Clone, Debug, PartialEq, Eq)]
#[graphql(remote = "program::definition::Role")]
pub(crate) enum Role {
    Applicant,
    Clerk,
    Reviewer,
    Approver,
    FinanceMaker,
    FinanceChecker,
    ProgramOfficer,
    Auditor,
    Administrator,
    Clock,
    Treasury,
    Partner,
    Panelist,
}

#[derive(Enum, Copy, Clone, Debug, PartialEq, Eq)]
#[graphql(remote = "program::definition::FieldType")]
pub(crate) enum FieldType {
    Text,
    LongText,
    Number,
    Yen,
    Date,
    YesNo,
    Choice,
    Rate,
    Costs,
    File,
    CorporateNumber,
    BankAccount,
    Business,
    FieldMarks,
}

#[derive(Enum, Copy, Clone, Debug, PartialEq, Eq)]
#[graphql(remote = "program::definition::LegalNature")]
pub(crate) enum LegalNature {
    Contract,
    Disposition,
}

#[derive(Enum, Copy, Clone, Debug, PartialEq, Eq)]
#[graphql(remote = "program::definition::IntakeMode")]
pub(crate) enum IntakeMode {
    FirstCome,
    Window,
}

#[derive(Enum, Copy, Clone, Debug, PartialEq, Eq)]
#[graphql(remote = "program::definition::ApplicantKind")]
pub(crate) enum ApplicantKind {
    Company,
    SoleProprietor,
    Group,
    Association,
}

#[derive(Enum, Copy, Clone, Debug, PartialEq, Eq)]
#[graphql(remote = "program::definition::BusinessSize")]
pub(crate) enum BusinessSize {
    Micro,
    Sme,
    Large,
}

#[derive(Enum, Copy, Clone, Debug, PartialEq, Eq)]
#[graphql(remote = "program::definition::SignMode")]
pub(crate) enum SignMode {
    Approve,
    Concur,
    Standing,
}

#[derive(Enum, Copy, Clone, Debug, PartialEq, Eq)]
#[graphql(remote = "casework::SignedHow")]
pub(crate) enum SignedHow {
    Regular,
    Acting,
    Skipped,
}

/// What kind of step an event was.
#[derive(Enum, Copy, Clone, Debug, PartialEq, Eq)]
#[graphql(remote = "casework::history::Stage")]
pub(crate) enum Stage {
    Performed,
    Drafted,
    Signed,
    ReturnedInternally,
    TakenBack,
    Reminded,
    /// The case went on to a newer version of its program.
    Migrated,
}

#[derive(Enum, Copy, Clone, Debug, PartialEq, Eq)]
#[graphql(remote = "service::MemberRole")]
pub(crate) enum MemberRole {
    Owner,
    Member,
    Delegate,
}

#[derive(Enum, Copy, Clone, Debug, PartialEq, Eq)]
#[graphql(remote = "service::ApplicationOrder")]
pub(crate) enum ApplicationOrder {
    Received,
    Deadline,
    Updated,
}

#[derive(Enum, Copy, Clone, Debug, PartialEq, Eq)]
#[graphql(remote = "treasury::BatchState", name = "PaymentBatchState")]
pub(crate) enum BatchState {
    Drafted,
    Approved,
    Exported,
    HandedOver,
    Confirmed,
    PartlyReturned,
    Cancelled,
}

#[derive(Enum, Copy, Clone, Debug, PartialEq, Eq)]
#[graphql(remote = "vocabulary::AccountKind")]
pub(crate) enum AccountKind {
    Ordinary,
    Checking,
    Savings,
    Other,
}

/// What became of a transfer.
#[derive(Enum, Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum TransferOutcome {
    Transferred,
    /// 振込不能: never credited.
    TransferFailed,
    /// 組戻: called back.
    Recalled,
}

/// What a target counts, and when.
#[derive(Enum, Copy, Clone, Debug, PartialEq, Eq)]
#[graphql(remote = "program::definition::TargetOf")]
pub(crate) enum TargetOf {
    DistinctCompaniesAtApplication,
    CasesAtApplication,
    DistinctCompaniesAtDecision,
    CasesAtDecision,
    DistinctCompaniesAtPayment,
    CasesAtPayment,
}

/// What decides between equals of a ranking.
#[derive(Enum, Copy, Clone, Debug, PartialEq, Eq)]
#[graphql(remote = "program::definition::Ties")]
pub(crate) enum Ties {
    Arrival,
    Lot,
}

/// A version of a program: drafts and checks of it are files, what is published is here.
#[derive(Enum, Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum ProgramStatus {
    Published,
    /// Takes no applications any more; running cases go on.
    Closed,
}

#[derive(Enum, Copy, Clone, Debug, PartialEq, Eq)]
#[graphql(remote = "service::ProgramEventKind")]
pub(crate) enum ProgramEventKind {
    Published,
    Closed,
}

#[derive(Enum, Copy, Clone, Debug, PartialEq, Eq)]
#[graphql(remote = "service::MigrationOutcome")]
pub(crate) enum MigrationOutcome {
    /// Could be moved; nothing has happened.
    Possible,
    Moved,
    /// Is on that version already.
    Already,
    Refused,
}
