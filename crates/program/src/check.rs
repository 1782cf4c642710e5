//! x
use crate::definition::Definition;
use crate::finding::Finding;
use crate::resolve::Merged;
pub(crate) fn as_written(_: &Definition) -> Vec<Finding> { Vec::new() }
pub(crate) fn as_resolved(_: &Definition, _: &Merged) -> Vec<Finding> { Vec::new() }
