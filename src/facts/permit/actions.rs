//! What stands in `Action` or `NotAction`: which actions it names, and all those of the table that it allows. Statements
//! with the same entries share one of these, so that each list is worked out once.

use std::borrow::Cow;
use std::sync::{Arc, LazyLock, OnceLock};

use super::escalate::Power;
use super::index::ByService;
use super::pattern::{Case, Extent, Pattern, Reading, Symbol};
use super::statement::{Listing, has_odd_service};
use crate::data::actions::{self, Action, Level, Service};
use crate::data::{lists, paths};
use crate::logic::Tri;
use crate::source::{QuickMap, QuickSet};

/// An action that is asked about, in lower case.
#[derive(Clone, Debug)]
pub struct ActionName {
    text: String,
    service: u16,
    /// What the table says of it, once somebody asks.
    known: OnceLock<Known>,
}

/// A service and an action of the table, if it has them.
type Known = Option<(&'static Service, &'static Action)>;

/// Services that the table does not have share this number.
const OTHER_SERVICE: u16 = u16::MAX;

impl ActionName {
    pub fn new(name: &str) -> ActionName {
        let text = name.to_ascii_lowercase();
        let service = number(text.split(':').next().unwrap_or(""));
        ActionName { text, service, known: OnceLock::new() }
    }

    /// An action of the table.
    pub fn of(service: &'static Service, action: &'static Action) -> ActionName {
        let mut text = [service.prefix, ":", &action.name].concat();
        text.make_ascii_lowercase();
        ActionName { text, service: number(service.prefix), known: OnceLock::from(Some((service, action))) }
    }

    /// What the table has of this name.
    pub fn known(&self) -> Known {
        *self.known.get_or_init(|| actions::find(&self.text))
    }

    /// Whether it is the one of this name in lower case.
    pub fn is(&self, name: &str) -> bool {
        self.text == name
    }

    /// The number of its service; those that the table does not have share one.
    pub(super) fn service(&self) -> u16 {
        self.service
    }
}

/// The actions of the table of paths and of the lists, made ready once.
static LISTED: LazyLock<QuickMap<&'static str, ActionName>> = LazyLock::new(|| {
    let of_paths = paths::all().iter().flat_map(|path| &path.actions);
    let groups = [lists::read_data(), lists::expose(), lists::blind(), lists::credential()];
    let of_lists = groups.into_iter().flatten().flatten();
    of_paths.chain(of_lists).map(|name| (*name, ActionName::new(name))).collect()
});

/// An action, ready to be asked about. Those that a table names are made once.
pub fn listed(name: &str) -> Cow<'static, ActionName> {
    LISTED.get(name).map_or_else(|| Cow::Owned(ActionName::new(name)), Cow::Borrowed)
}

fn number(prefix: &str) -> u16 {
    actions::number(prefix).and_then(|number| u16::try_from(number).ok()).unwrap_or(OTHER_SERVICE)
}

/// What stands before the colon, if all of it is known.
fn literal_service(pattern: &Pattern) -> Option<String> {
    let before = pattern.symbols().iter().take_while(|symbol| **symbol != Symbol::Literal(':'));
    before.map(literal).collect()
}

fn literal(symbol: &Symbol) -> Option<char> {
    match symbol {
        Symbol::Literal(character) => Some(*character),
        Symbol::Star { .. } | Symbol::Question | Symbol::Hole(_) | Symbol::Variable(_) => None,
    }
}

/// The entries of `Action` or `NotAction`.
#[derive(Debug)]
pub struct Actions {
    listing: Listing,
    by_service: ByService,
    allowed: OnceLock<Arc<[Allowed]>>,
    data_groups: OnceLock<Vec<&'static [&'static str]>>,
    nameable: OnceLock<Vec<Allowed>>,
}

/// An action of the table that a statement allows.
#[derive(Clone, Copy, Debug)]
pub struct Allowed {
    pub service: &'static Service,
    pub action: &'static Action,
    pub named: Tri,
    /// What it alone makes of its holder, without escalation.
    pub power: Power,
}

impl Allowed {
    /// `service:Action`.
    pub fn name(&self) -> String {
        format!("{}:{}", self.service.prefix, self.action.name)
    }

    /// The action, ready to be asked about.
    pub fn asked(&self) -> ActionName {
        ActionName::of(self.service, self.action)
    }
}

impl std::ops::Deref for Actions {
    type Target = Listing;

    fn deref(&self) -> &Listing {
        &self.listing
    }
}

/// Longer lists are those of `*` and of exceptions: worked out again rather than kept for every statement.
const LONGEST_KEPT: usize = 4_000;

impl Actions {
    pub fn new(listing: Listing) -> Actions {
        let service = |pattern| literal_service(pattern).map(|prefix| [number(&prefix)]);
        let by_service = ByService::new(listing.patterns.iter().map(service));
        Actions {
            listing,
            by_service,
            allowed: OnceLock::new(),
            data_groups: OnceLock::new(),
            nameable: OnceLock::new(),
        }
    }

    /// Whether an action is among them. IAM refuses wildcards in the service, so they match at most maybe.
    pub fn name(&self, action: &ActionName) -> Tri {
        let listed = self.list(action.service, &action.text);
        if self.is_negated { !listed } else { listed }
    }

    /// The same for all actions that a pattern stands for.
    pub fn name_all(&self, wanted: &Pattern) -> Tri {
        let answer = |pattern: &Pattern| match pattern.answers(wanted, Extent::All) {
            Tri::Unknown if !pattern.is_loose() => Tri::True,
            answer => answer,
        };
        let listed = self.any(self.patterns.iter(), answer);
        if self.is_negated { !listed } else { listed }
    }

    /// Whether an entry takes an action in, whatever the entries mean.
    fn list(&self, service: u16, action: &str) -> Tri {
        let patterns = self.by_service.of(service).map(|number| &self.patterns[number]);
        self.any(patterns, |pattern| match pattern.is_loose() {
            true => pattern.answers(&Pattern::parse(action, Reading::Literal, Case::Kept), Extent::All),
            false => Tri::from(pattern.takes(action.as_bytes())),
        })
    }

    fn any<'a>(&self, patterns: impl Iterator<Item = &'a Pattern>, answer: impl Fn(&Pattern) -> Tri) -> Tri {
        let listed = Tri::any(patterns.map(|pattern| match answer(pattern) {
            Tri::True if has_odd_service(pattern) => Tri::Unknown,
            answer => answer,
        }));
        if self.is_open { listed.or(Tri::Unknown) } else { listed }
    }

    /// The actions of the table that are allowed, with how sure that is. Patterns that name no known service are left
    /// out.
    pub fn allowed(&self) -> Arc<[Allowed]> {
        if let Some(known) = self.allowed.get() {
            return known.clone();
        }
        if let ([pattern], false) = (&*self.patterns, self.is_negated)
            && pattern.is_everything()
            && !self.is_open
        {
            return EVERYTHING.clone();
        }
        let found: Arc<[Allowed]> = self.work_out().into();
        if found.len() <= LONGEST_KEPT {
            return self.allowed.get_or_init(|| found).clone();
        }
        found
    }

    /// The groups of actions that read data together, as far as all of a group is among them for certain.
    pub fn data_groups(&self) -> &[&'static [&'static str]] {
        self.data_groups.get_or_init(|| {
            let is_whole = |group: &&Vec<&'static str>| group.iter().all(|name| self.name(&listed(name)) == Tri::True);
            super::sets::data_groups().filter(is_whole).map(Vec::as_slice).collect()
        })
    }

    /// The services that the entries can name; none where that may be any.
    pub(super) fn services(&self) -> Option<impl Iterator<Item = u16>> {
        if self.is_open { None } else { self.by_service.services() }
    }

    /// Those of them that `select` takes, worked out once.
    pub fn nameable(&self, select: impl FnOnce(&Actions) -> Vec<Allowed>) -> &[Allowed] {
        self.nameable.get_or_init(|| select(self))
    }

    fn work_out(&self) -> Vec<Allowed> {
        let mut found = Vec::new();
        let mut name = String::new();
        for service in self.services_named() {
            let number = number(service.prefix);
            let is_untouched = self.is_negated && !self.is_open && self.by_service.of(number).next().is_none();
            for action in self.candidates(service).into_iter().filter_map(|index| service.actions.get(index)) {
                let listed = match is_untouched {
                    true => Tri::False,
                    false => {
                        name.clear();
                        name.extend([service.prefix, ":", &action.name]);
                        name.make_ascii_lowercase();
                        self.list(number, &name)
                    }
                };
                let named = if self.is_negated { !listed } else { listed };
                if named != Tri::False {
                    found.push(Allowed { service, action, named, power: power_of(service, action) });
                }
            }
        }
        found
    }

    /// The numbers of the actions of a service that the literal beginnings of the patterns leave over, in order.
    fn candidates(&self, service: &Service) -> Vec<usize> {
        let all = 0..service.actions.len();
        if self.is_negated || self.is_open {
            return all.collect();
        }
        let mut found: Vec<usize> = Vec::new();
        for pattern in &self.patterns {
            let beginning: String = pattern.symbols().iter().map_while(literal).collect();
            match beginning.split_once(':') {
                Some((prefix, beginning)) if prefix == service.prefix => {
                    found.extend(service.beginning_with(beginning))
                }
                Some(_) => {}
                None => return all.collect(),
            }
        }
        found.sort_unstable();
        found.dedup();
        found
    }

    /// The services whose actions can be named; all of them where a pattern begins with a wildcard.
    fn services_named(&self) -> Vec<&'static Service> {
        if self.is_negated {
            return actions::services().collect();
        }
        let mut prefixes: Vec<String> = Vec::new();
        for pattern in &self.patterns {
            // What is hidden may be anything; only names that are written are listed.
            if matches!(pattern.symbols().first(), Some(Symbol::Hole(_))) {
                continue;
            }
            match literal_service(pattern) {
                Some(prefix) => prefixes.push(prefix),
                None => return actions::services().collect(),
            }
        }
        prefixes.sort();
        prefixes.dedup();
        prefixes.iter().filter_map(|prefix| actions::service(prefix)).collect()
    }
}

/// All that `*` allows.
static EVERYTHING: LazyLock<Arc<[Allowed]>> = LazyLock::new(|| {
    let of = |service: &'static Service| {
        let all = service.actions.iter();
        all.map(move |action| Allowed { service, action, named: Tri::True, power: power_of(service, action) })
    };
    actions::services().flat_map(of).collect()
});

/// The actions that read data alone, in lower case.
static DATA_READS: LazyLock<QuickSet<String>> = LazyLock::new(|| {
    let alone = super::sets::data_groups().filter(|group| group.len() == 1);
    alone.map(|group| group[0].to_ascii_lowercase()).collect()
});

fn power_of(service: &Service, action: &Action) -> Power {
    let reads_data = || {
        lists::is_data_service(service.prefix)
            && DATA_READS.contains(&format!("{}:{}", service.prefix, action.name).to_ascii_lowercase())
    };
    match action.level {
        _ if reads_data() => Power::Data,
        Level::Write | Level::Permissions | Level::Tagging => Power::Write,
        Level::List | Level::Read => Power::Metadata,
    }
}
