//! Grant programs as data: files → definition → verified program.
//!
//! [`load`] reads files, [`Program::compile`] understands a definition; a [`Program`] then answers what a case may do:
//! states and actions, forms, awards, deadlines, holdings. Nothing here does I/O or knows the time.

pub mod definition;
pub mod expression;

mod amounts;
mod archetypes;
mod award;
mod canonical;
mod catalogue;
mod certain;
mod change;
mod check;
mod compile;
mod compiled;
mod cross;
mod deadline;
mod describe;
mod diagram;
mod diff;
mod edit;
mod exact;
mod facts;
mod finding;
mod forms;
mod language;
mod layout;
mod linear;
mod lives;
mod load;
mod municipality;
mod parts;
mod picture;
mod published;
mod reference;
mod resolve;
mod sample;
mod schema;
mod span;
mod start;
mod values;
mod versions;
mod yaml;

pub use archetypes::archetypes_page;
pub use award::{Award, AwardStep};
pub use canonical::{canonical, from_canonical};
pub use catalogue::catalogue_tables;
pub use certain::{Certain, Certainty};
pub use compiled::{ActionRef, Program};
pub use deadline::StateDue;
pub use describe::explain;
pub use diagram::mermaid;
pub use diff::{Difference, DifferenceKind, Weight, deadline_called, diff, weight_of};
pub use edit::Written;
pub use expression::{Blocked, Explanation, Expression};
pub use facts::{
    CallFacts, CaseFacts, Past, evidence_of, keep_evidence, says_evidence, with_evidence, without_evidence,
};
pub use finding::{Finding, Severity};
pub use language::language_page;
pub use load::{Loaded, LoadedProgram, SourceFile, load, load_checking};
pub use parts::{Attached, CompiledNeed, DocumentAsked, Fault, Form, FormCheck, FormField};
pub use picture::svg;
pub use published::PublishedField;
pub use reference::{Change, FindingGroup, KnownFinding, findings_page, known_findings, sample};
pub use schema::{SchemaKind, schema, schema_of_files};
pub use span::{Span, SpanUnit, span_from};
pub use start::{NewMunicipality, NewProgram};
pub use values::check_fields;
pub use versions::Typed;
