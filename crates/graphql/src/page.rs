//! Connections: one page of a list with opaque cursors.

use async_graphql::{Error, SimpleObject};
use service::Page;

use crate::fault::bad_input;

const DEFAULT_PAGE: i32 = 20;
const MAXIMUM_PAGE: i32 = 100;

#[derive(SimpleObject)]
pub(crate) struct PageInfo {
    pub has_next_page: bool,
    pub has_previous_page: bool,
    pub start_cursor: Option<String>,
    pub end_cursor: Option<String>,
}

/// Which part of a list is asked for.
pub(crate) struct Window {
    pub first: usize,
    pub after: Option<String>,
}

impl Window {
    /// # Errors
    /// `BAD_INPUT` unless 1 ≤ first ≤ 100.
    pub(crate) fn new(first: Option<i32>, after: Option<String>) -> Result<Self, Error> {
        let first = first.unwrap_or(DEFAULT_PAGE);
        match usize::try_from(first) {
            Ok(count) if (1..=MAXIMUM_PAGE).contains(&first) => Ok(Self { first: count, after }),
            _ => Err(bad_input("first", format!("first must be between 1 and {MAXIMUM_PAGE}"))),
        }
    }

    /// The page shown as a connection's parts.
    pub(crate) fn shown<T, N>(&self, page: Page<T>, node: impl Fn(T) -> N) -> Shown<N> {
        let info = PageInfo {
            has_next_page: page.has_next,
            has_previous_page: self.after.is_some(),
            start_cursor: page.items.first().map(|(cursor, _)| cursor.clone()),
            end_cursor: page.items.last().map(|(cursor, _)| cursor.clone()),
        };
        Shown { items: page.items.into_iter().map(|(cursor, item)| (cursor, node(item))).collect(), info }
    }
}

pub(crate) struct Shown<N> {
    pub items: Vec<(String, N)>,
    pub info: PageInfo,
}

/// The cost of a page, for the complexity limit.
pub(crate) fn page_cost(first: Option<i32>, child_complexity: usize) -> usize {
    let rows = usize::try_from(first.unwrap_or(DEFAULT_PAGE).clamp(1, MAXIMUM_PAGE)).unwrap_or(1);
    child_complexity.saturating_mul(rows).saturating_add(1)
}

/// Defines `$Connection` and `$Edge` over the node type `$Node`.
macro_rules! connection {
    ($Connection:ident, $Edge:ident, $Node:ty) => {
        pub(crate) struct $Connection(pub crate::page::Shown<$Node>);

        #[async_graphql::Object]
        impl $Connection {
            async fn edges(&self) -> Vec<$Edge<'_>> {
                self.0.items.iter().map(|(cursor, node)| $Edge { cursor, node }).collect()
            }
            /// The nodes without their cursors.
            async fn nodes(&self) -> Vec<&$Node> {
                self.0.items.iter().map(|(_, node)| node).collect()
            }
            async fn page_info(&self) -> &crate::page::PageInfo {
                &self.0.info
            }
        }

        pub(crate) struct $Edge<'a> {
            cursor: &'a str,
            node: &'a $Node,
        }

        #[async_graphql::Object]
        impl<'a> $Edge<'a> {
            async fn cursor(&self) -> &str {
                self.cursor
            }
            async fn node(&self) -> &$Node {
                self.node
            }
        }
    };
}
pub(crate) use connection;
