//! Grant programs as data: files → definition → verified program.

pub mod definition;
pub mod expression;

mod award;
mod compiled;
mod deadline;
mod facts;
mod finding;
mod forms;
mod load;

pub use award::{Award, AwardStep};
pub use compiled::{ActionRef, CompiledNeed, Program, canonical, from_canonical};
pub use deadline::{Span, SpanUnit, StateDue, span_from};
pub use expression::{Blocked, Explanation, Expression};
pub use facts::CaseFacts;
pub use finding::{Finding, Severity};
pub use forms::{DocumentAsked, Fault, Form, FormCheck, FormField, check_fields};
pub use load::{Loaded, LoadedProgram, SchemaKind, SourceFile, load, schema};
