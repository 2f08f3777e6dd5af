//! All rules of a run: the built-in ones, compiled in, and those of the user's folders. There is no list of rules but
//! the folder.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::file::{folded, peer_of};
use super::{RuleError, RuleFile, RuleSource};
use crate::finding::{Cover, RuleMeta};

/// Path and text of every built-in rule, in order of path.
static BUILTIN: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/rules.rs"));

/// The built-in rule files as they stand in the repository.
pub fn builtin_sources() -> Vec<RuleSource> {
    BUILTIN.iter().map(|(path, text)| RuleSource::builtin(path, text)).collect()
}

/// Rules by id, in the order of their ids.
#[derive(Debug, Default)]
pub struct Catalog {
    /// Sorted by id.
    rules: Vec<Arc<RuleFile>>,
    /// Old ids.
    aliases: BTreeMap<String, usize>,
}

impl Catalog {
    pub fn builtin() -> Result<Catalog, Vec<RuleError>> {
        Catalog::read(builtin_sources())
    }

    /// Reads all files; if anything is wrong with any of them, all that is.
    pub fn read(sources: impl IntoIterator<Item = RuleSource>) -> Result<Catalog, Vec<RuleError>> {
        let mut rules = Vec::new();
        let mut errors = Vec::new();
        for source in sources {
            match RuleFile::read(source) {
                Ok(rule) => rules.push(Arc::new(rule)),
                Err(mut wrong) => errors.append(&mut wrong),
            }
        }
        rules.sort_by(|a, b| (a.id(), &a.meta.path).cmp(&(b.id(), &b.meta.path)));
        let mut catalog = Catalog { rules, aliases: BTreeMap::new() };
        let exists = |rule: &RuleFile, name: &str, other: &RuleFile| {
            rule.source.error(0..0, format!("a rule `{name}` exists already: {}", other.meta.path))
        };
        for pair in catalog.rules.windows(2) {
            if pair[0].id() == pair[1].id() {
                errors.push(exists(&pair[1], pair[1].id(), &pair[0]));
            }
        }
        for (index, rule) in catalog.rules.iter().enumerate() {
            for name in &rule.meta.aliases {
                let same_id = catalog.position(name);
                if let Some(other) = same_id.or_else(|| catalog.aliases.insert(name.clone(), index)) {
                    errors.push(exists(rule, name, &catalog.rules[other]));
                }
            }
        }
        // Names of rules that were not read would be missing for no fault of those who use them.
        if errors.is_empty() {
            catalog.check_names(&mut errors);
        }
        errors.sort();
        if errors.is_empty() { Ok(catalog) } else { Err(errors) }
    }

    /// Every rule that another names must be there.
    fn check_names(&self, errors: &mut Vec<RuleError>) {
        for rule in &self.rules {
            for name in rule.meta.absorbs.iter().chain(&rule.meta.replaced_by) {
                if self.get(name).is_none() {
                    let at = rule.source.text.find(name.as_str()).unwrap_or(0);
                    let error = rule.source.error(at..at + name.len(), format!("there is no rule `{name}`"));
                    errors.push(match self.nearest(name) {
                        Some(nearest) => error.help(format!("did you mean `{nearest}`?")),
                        None => error,
                    });
                }
            }
        }
    }

    pub fn rules(&self) -> &[Arc<RuleFile>] {
        &self.rules
    }

    pub fn metas(&self) -> impl Iterator<Item = &Arc<RuleMeta>> {
        self.rules.iter().map(|rule| &rule.meta)
    }

    /// The rule with this id, now or formerly.
    pub fn get(&self, name: &str) -> Option<&Arc<RuleFile>> {
        let index = self.position(name).or_else(|| self.aliases.get(name).copied())?;
        Some(&self.rules[index])
    }

    fn position(&self, id: &str) -> Option<usize> {
        self.rules.binary_search_by(|rule| rule.id().cmp(id)).ok()
    }

    /// Every rule that says the same as this check of another tool, or a part of it, or more. The tool may stand in
    /// front (`zizmor:unpinned-uses`); without it any tool's id counts.
    pub fn by_peer<'a>(&'a self, name: &str) -> Vec<(&'a RuleFile, &'a Cover)> {
        let (peer, id) = match name.split_once(':') {
            Some(("tfsec", id)) => (Some("trivy"), id),
            Some((peer, id)) => (Some(peer), id),
            None => (peer_of(name), name),
        };
        let wanted = folded(id);
        let mut found: Vec<(&RuleFile, &Cover)> = Vec::new();
        for rule in &self.rules {
            for cover in &rule.meta.covers {
                if peer.is_none_or(|peer| peer == cover.peer) && folded(&cover.id) == wanted {
                    found.push((rule, cover));
                }
            }
        }
        found
    }

    /// The id that a misspelt one was probably meant to be.
    pub fn nearest(&self, name: &str) -> Option<&str> {
        let ids = self.rules.iter().map(|rule| rule.id());
        crate::source::nearest(name, ids.chain(self.aliases.keys().map(String::as_str)))
    }
}
