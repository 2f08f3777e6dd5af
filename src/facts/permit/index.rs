//! Entries by the services that they can name. Most questions are about one action, and most entries are about other
//! services: the patterns of a list as well as the statements of a set.

use std::sync::Arc;

use super::statement::Statement;

/// Numbers of entries, ascending.
#[derive(Clone, Debug, Default)]
pub(super) struct ByService {
    /// Those that may name actions of any service.
    any: Vec<u32>,
    /// Services, each with an entry that can name its actions; in order.
    of: Vec<(u16, u32)>,
}

impl ByService {
    /// Of each entry the services that it can name; none where that may be any.
    pub(super) fn new<S: IntoIterator<Item = u16>>(entries: impl Iterator<Item = Option<S>>) -> ByService {
        let (mut any, mut of) = (Vec::new(), Vec::new());
        for (services, number) in entries.zip(0u32..) {
            match services {
                Some(services) => of.extend(services.into_iter().map(|service| (service, number))),
                None => any.push(number),
            }
        }
        of.sort_unstable();
        of.dedup();
        ByService { any, of }
    }

    pub(super) fn of_statements(statements: &[Arc<Statement>]) -> ByService {
        ByService::new(statements.iter().map(|statement| match statement.actions.is_negated {
            true => None,
            false => statement.actions.services(),
        }))
    }

    /// The numbers of the entries that can name actions of a service, in order.
    pub(super) fn of(&self, service: u16) -> impl Iterator<Item = usize> {
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

    /// All services that an entry can name; none where that may be any.
    pub(super) fn services(&self) -> Option<impl Iterator<Item = u16>> {
        self.any.is_empty().then(|| self.of.iter().map(|(service, _)| *service))
    }
}
