//! `test`: the examples of rule files, with the harness of the built-in rules.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::rule::{Catalog, RuleFile, RuleSource, builtin_sources};
use crate::triage::Config;

use super::arguments::TestArguments;
use super::examples::Examiner;
use super::failure::Failure;
use super::session::{CONFIG_FILE, OWN_RULES, rule_files};
use super::terminal::Streams;

pub(crate) fn run(arguments: &TestArguments, streams: Streams) -> Result<u8, Failure> {
    let folders = if arguments.dirs.is_empty() { configured()? } else { arguments.dirs.clone() };
    let mut sources: Vec<RuleSource> = Vec::new();
    for folder in &folders {
        sources.extend(rule_files(folder, &folder.to_string_lossy())?);
    }
    let mine: Vec<_> = sources.iter().map(|source| source.path.clone()).collect();
    let rules = read(sources)?;
    let tested: Vec<Arc<RuleFile>> =
        rules.rules().iter().filter(|rule| mine.contains(&rule.meta.path)).cloned().collect();
    let n_rules = tested.len();
    let examiner = Examiner::new(rules);
    let mut failures = Vec::new();
    let mut errors = Vec::new();
    for rule in &tested {
        match examiner.examine(rule) {
            Ok(mut failed) => failures.append(&mut failed),
            Err(mut wrong) => errors.append(&mut wrong),
        }
    }
    if !errors.is_empty() {
        return Err(Failure::Files(errors));
    }
    for failure in &failures {
        streams.out_text(&format!("{failure}\n"));
    }
    let rules = if n_rules == 1 { "rule" } else { "rules" };
    streams.out(&match failures.len() {
        0 => format!("{n_rules} {rules}: all examples hold\n"),
        1 => format!("{n_rules} {rules}: 1 example fails\n"),
        n => format!("{n_rules} {rules}: {n} examples fail\n"),
    });
    Ok(u8::from(!failures.is_empty()))
}

/// The rules of these folders beside the built-in ones; the repository of the built-in ones tests these themselves.
fn read(sources: Vec<RuleSource>) -> Result<Catalog, Failure> {
    let ids: Vec<String> = sources.iter().map(|source| source.id().to_owned()).collect();
    let texts: Vec<String> = sources.iter().map(|source| source.text.to_string()).collect();
    let is_same = |it: &RuleSource| ids.iter().zip(&texts).any(|(id, text)| id == it.id() && *text == it.text);
    let mut all: Vec<RuleSource> = builtin_sources().into_iter().filter(|it| !is_same(it)).collect();
    all.extend(sources);
    Catalog::read(all).map_err(Failure::Files)
}

/// The folders that the configuration here names, or the default one.
fn configured() -> Result<Vec<PathBuf>, Failure> {
    let path = Path::new(CONFIG_FILE);
    if let Ok(text) = std::fs::read_to_string(path) {
        let (config, errors) = Config::read(CONFIG_FILE, &text);
        if !errors.is_empty() {
            return Err(Failure::Files(errors));
        }
        if let Some(folders) = config.rules {
            return Ok(folders.into_iter().map(|named| PathBuf::from(named.text)).collect());
        }
    }
    if !Path::new(OWN_RULES).is_dir() {
        return Err(Failure::said(format!("there is no folder `{OWN_RULES}`; name the folder of your rules")));
    }
    Ok(vec![PathBuf::from(OWN_RULES)])
}
