//! The statements of a set by the services that they can name. Most questions are about one action, and most statements
//! are about other services.

use std::sync::Arc;

use super::actions::{ActionName, Services};
use super::statement::Statement;

/// Numbers of statements, ascending.
#[derive(Clone, Debug)]
pub(super) struct ByService {
    /// Those that may name actions of any service.
    any: Vec<u32>,
    /// Services, each with a statement that can name its actions; in order.
    of: Vec<(u16, u32)>,
}

impl ByService {
    pub(super) fn new(statements: &[Arc<Statement>]) -> ByService {
        let (mut any, mut of) = (Vec::new(), Vec::new());
        for (statement, number) in statements.iter().zip(0u32..) {
            match statement.actions.services() {
                Services::These(services) if !statement.actions.is_negated => {
                    of.extend(services.iter().map(|service| (*service, number)));
                }
                Services::These(_) | Services::Any => any.push(number),
            }
        }
        of.sort_unstable();
        ByService { any, of }
    }

    /// The numbers of the statements that can name an action, in order.
    pub(super) fn of(&self, action: &ActionName) -> impl Iterator<Item = usize> {
        let service = action.service();
        let start = self.of.partition_point(|(other, _)| *other < service);
        let named = self.of[start..].iter().take_while(move |(other, _)| *other == service).map(|(_, number)| *number);
        let (mut named, mut any) = (named.peekable(), self.any.iter().copied().peekable());
        std::iter::from_fn(move || match (named.peek(), any.peek()) {
            (Some(one), Some(other)) if other < one => any.next(),
            (Some(_), _) => named.next(),
            (None, _) => any.next(),
        })
        .map(|number| number as usize)
    }
}
