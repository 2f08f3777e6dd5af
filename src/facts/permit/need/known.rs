//! What a login tells of the place where its requests act: the account of its role, and the partition in which its Region
//! lies. Some policies write them out and others leave them to data sources; for one principal both mean the same.

use std::sync::Arc;

use super::index::{Index, field};
use super::scope::literal;
use super::{Need, NeedSet};
use crate::facts::Facts;
use crate::facts::permit::actions::listed;
use crate::facts::permit::condition::Condition;
use crate::facts::permit::grant::{Bound, PolicySet};
use crate::facts::permit::pattern::{Hole, Pattern, Symbol, shared_hole};
use crate::facts::permit::principal::Granted;
use crate::facts::permit::statement::{Listing, Statement};
use crate::logic::Tri;
use crate::model::{AnyId, Cell, mark};

/// What stands for the holes that a root module shares.
#[derive(Clone, Debug, Default)]
pub(super) struct Known {
    words: Vec<(Hole, Vec<Symbol>)>,
}

impl Known {
    /// What the needs of a principal and its logins tell.
    pub(super) fn of(facts: &Facts<'_>, principal: AnyId, set: &NeedSet) -> Known {
        let regions: Vec<String> = set
            .needs
            .iter()
            .filter_map(|need| Pattern::of(field(&need.target.pattern, 3)?.to_vec()).literal())
            .collect();
        let mut regions = regions.iter().map(String::as_str).filter(|region| !region.is_empty());
        let account = match set.accounts.first() {
            Some(account) if set.accounts.len() == 1 => Some(&**account),
            Some(_) | None => None,
        };
        Known::at(facts, principal, regions.next(), account)
    }

    /// What follows from a Region, that of the provider if no other is told, and an account.
    pub(super) fn at(facts: &Facts<'_>, principal: AnyId, region: Option<&str>, account: Option<&str>) -> Known {
        let own = facts.model.head(principal).terraform.as_ref();
        let root = own.map_or("", |own| &*own.root);
        let index = facts.analysis::<Index>();
        let partition = region.or_else(|| index.region(root)).map(|region| literal(partition_of(region)));
        // What is declared here lies in the Region of the provider, wherever the login acts.
        let own_region = index.region_word(root).map(<[Symbol]>::to_vec);
        let mut words = Vec::new();
        for (kind, word) in [("partition", partition), ("region", own_region), ("account", account.map(literal))] {
            let Some(word) = word else { continue };
            if !root.is_empty() {
                words.push((shared_hole(kind, root), word.clone()));
            }
            words.push((shared_hole(kind, ""), word));
        }
        Known { words }
    }

    /// Whether a principal has what it needs. What is open is asked again with all that is known written out.
    pub(super) fn grants(&self, granted: &Granted, need: &Need) -> Tri {
        match granted.grants(&need.question()) {
            Tri::Unknown if !self.words.is_empty() => {
                let asked = listed(need.action);
                let statements = granted.set.speaking_of(&asked).map(|(_, statement)| self.statement(statement));
                let set = PolicySet {
                    is_open: granted.set.is_open,
                    boundary: self.bound(&granted.set.boundary),
                    sessions: granted.set.sessions.iter().map(|bound| self.bound(bound)).collect(),
                    ..PolicySet::of(statements.collect())
                };
                set.grants(&need.question_with(&|pattern| self.filled(pattern)))
            }
            answer => answer,
        }
    }

    /// Whether a session is left what it needs.
    pub(super) fn admits(&self, bound: &Bound, need: &Need) -> Tri {
        match bound.admits(&need.question()) {
            Tri::Unknown if !self.words.is_empty() => {
                self.bound(bound).admits(&need.question_with(&|pattern| self.filled(pattern)))
            }
            answer => answer,
        }
    }

    fn bound(&self, bound: &Bound) -> Bound {
        match bound {
            Bound::Statements(statements) => {
                Bound::Statements(statements.iter().map(|statement| self.statement(statement)).collect())
            }
            Bound::None | Bound::Unresolved => bound.clone(),
        }
    }

    fn statement(&self, statement: &Arc<Statement>) -> Arc<Statement> {
        let all = |patterns: &[Pattern]| patterns.iter().map(|pattern| self.filled(pattern)).collect();
        let filled = |condition: &Condition| Condition { values: all(&condition.values), ..condition.clone() };
        Arc::new(Statement {
            resources: Listing { patterns: all(&statement.resources.patterns), ..statement.resources.clone() },
            conditions: statement.conditions.iter().map(filled).collect(),
            ..(**statement).clone()
        })
    }

    fn filled(&self, pattern: &Pattern) -> Pattern {
        let word = |symbol: &Symbol| match symbol {
            Symbol::Hole(hole) => self.words.iter().find(|(known, _)| known == hole).map(|(_, word)| word),
            Symbol::Literal(_) | Symbol::Star { .. } | Symbol::Question | Symbol::Variable(_) => None,
        };
        if !pattern.symbols().iter().any(|symbol| word(symbol).is_some()) {
            return pattern.clone();
        }
        let mut symbols = Vec::new();
        for symbol in pattern.symbols() {
            match word(symbol) {
                Some(word) => symbols.extend_from_slice(word),
                None => symbols.push(*symbol),
            }
        }
        Pattern::of(symbols)
    }
}

/// The account in the ARN of a role that is written out.
pub(super) fn account_in(arn: &Cell<mark::Text>) -> Option<&str> {
    let account = arn.as_str()?.split(':').nth(4)?;
    let is_account = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
    is_account.then_some(account)
}

/// A Region lies in one partition.
fn partition_of(region: &str) -> &'static str {
    const OTHERS: [(&str, &str); 7] = [
        ("cn-", "aws-cn"),
        ("us-gov-", "aws-us-gov"),
        ("us-iso-", "aws-iso"),
        ("us-isob-", "aws-iso-b"),
        ("eu-isoe-", "aws-iso-e"),
        ("us-isof-", "aws-iso-f"),
        ("eusc-", "aws-eusc"),
    ];
    OTHERS.iter().find(|(prefix, _)| region.starts_with(prefix)).map_or("aws", |(_, partition)| partition)
}
