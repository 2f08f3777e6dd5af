//! Names of rules, areas and tags, as flags and the configuration use them, checked against the rules that there are.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::finding::{Param, RuleMeta};
use crate::source::{TextError, nearest};

use super::{Config, Preview};

/// One entry of `select` or `ignore`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selector {
    All,
    Rule(String),
    Area(String),
    Tag(String),
}

impl Selector {
    pub fn matches(&self, rule: &RuleMeta) -> bool {
        match self {
            Selector::All => true,
            Selector::Rule(id) => rule.id == *id,
            Selector::Area(area) => rule.area == *area,
            Selector::Tag(tag) => rule.tags.iter().any(|it| it.eq_ignore_ascii_case(tag)),
        }
    }
}

/// The rules of a run by all the names that they answer to.
#[derive(Clone, Copy, Debug)]
pub struct Names<'a> {
    rules: &'a [Arc<RuleMeta>],
}

impl<'a> Names<'a> {
    pub fn new(rules: &'a [Arc<RuleMeta>]) -> Names<'a> {
        Names { rules }
    }

    /// A rule by its id or an old id.
    pub fn rule(&self, name: &str) -> Option<&'a Arc<RuleMeta>> {
        let by_id = self.rules.iter().find(|rule| rule.id == name);
        by_id.or_else(|| self.rules.iter().find(|rule| rule.aliases.iter().any(|alias| alias == name)))
    }

    /// What an entry selects; for a name that nothing answers to, the nearest one that something does.
    pub fn selector(&self, name: &str) -> Result<Selector, Option<String>> {
        if name == "*" {
            return Ok(Selector::All);
        }
        if let Some(tag) = name.strip_prefix("tag:") {
            let tags: BTreeSet<&str> =
                self.rules.iter().flat_map(|rule| rule.tags.iter().map(String::as_str)).collect();
            if tags.iter().any(|it| it.eq_ignore_ascii_case(tag)) {
                return Ok(Selector::Tag(tag.to_owned()));
            }
            return Err(nearest(tag, tags).map(|tag| format!("tag:{tag}")));
        }
        if let Some(rule) = self.rule(name) {
            return Ok(Selector::Rule(rule.id.clone()));
        }
        let areas: BTreeSet<&str> = self.rules.iter().map(|rule| &*rule.area).collect();
        if areas.contains(name) {
            return Ok(Selector::Area(name.to_owned()));
        }
        let ids = self.rules.iter().map(|rule| rule.id.as_str());
        Err(nearest(name, ids.chain(areas.iter().copied())).map(str::to_owned))
    }

    /// The nearest id of a rule.
    pub fn nearest(&self, name: &str) -> Option<&'a str> {
        nearest(name, self.rules.iter().map(|rule| rule.id.as_str()))
    }
}

impl Config {
    /// What is wrong with the names of rules and parameters, now that the rules are known.
    pub fn check_names(&self, path: &str, text: &str, names: Names<'_>) -> Vec<TextError> {
        let mut errors = Vec::new();
        let error = |range, message: String, help: Option<String>| {
            let error = TextError::new(path, text, range, message);
            match help {
                Some(help) => error.help(format!("did you mean `{help}`?")),
                None => error,
            }
        };
        for named in self.select.iter().chain(&self.ignore) {
            if let Err(nearest) = names.selector(&named.text) {
                errors.push(error(named.range(), format!("no rule, area or tag `{}`", named.text), nearest));
            }
        }
        let preview: &[_] = match &self.preview {
            Preview::Rules(rules) => rules,
            Preview::Off | Preview::On => &[],
        };
        let rules =
            self.severity.iter().map(|(rule, _)| rule).chain(preview).chain(self.params.iter().map(|it| &it.rule));
        for named in rules {
            if names.rule(&named.text).is_none() {
                let nearest = names.nearest(&named.text).map(str::to_owned);
                errors.push(error(named.range(), format!("no rule `{}`", named.text), nearest));
            }
        }
        for params in &self.params {
            let Some(rule) = names.rule(&params.rule.text) else { continue };
            for (name, value, range) in &params.values {
                match rule.params.get(&name.text) {
                    None => {
                        let nearest = nearest(&name.text, rule.params.keys().map(String::as_str)).map(str::to_owned);
                        let message = format!("`{}` has no parameter `{}`", rule.id, name.text);
                        errors.push(error(name.range(), message, nearest));
                    }
                    Some(default) if !same_type(default, value) => {
                        let message = format!("expected {}, found {}", default.type_name(), value.type_name());
                        errors.push(error(range.clone(), message, None));
                    }
                    Some(_) => {}
                }
            }
        }
        errors.sort_by_key(|error| (error.line, error.column));
        errors
    }
}

/// Whether a value fits a parameter with this default; an empty list fits every list.
fn same_type(default: &Param, value: &Param) -> bool {
    std::mem::discriminant(default) == std::mem::discriminant(value)
}
