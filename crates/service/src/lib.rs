//! Use cases: one file a subject, one transaction a use case; and the workers. Everything that the API, the pages and
//! the command line can do is a method of [`Service`].

mod error;
mod view;

pub use error::{Error, Result};
pub use view::{
    Application, ApplicationFilter, ApplicationOrder, AvailableAction, BatchView, BudgetView, BusinessView, CallView,
    EventView, FileView, LedgerEntryView, LetterView, Member, MemberRole, MessageView, NewBusiness, NewSession, Page,
    PayableView, Performed, ProgramVersion, Task, Viewer,
};
