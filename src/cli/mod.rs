//! The command line: arguments, reading the tree, git, printing, exit codes. The only floor that touches the disk, the
//! clock, the environment and other programs.

mod arguments;
mod baseline;
mod check;
mod conditions;
mod diff;
mod docs;
pub mod examples;
mod explain;
mod failure;
mod fix;
mod git;
mod hops;
mod iam;
mod init;
mod migrate;
mod output;
mod outside;
mod plan;
mod progress;
mod rules;
mod session;
mod since;
mod suppressions;
mod terminal;
mod test;
mod tree;

use std::ffi::OsString;
use std::path::Path;

use clap::error::ErrorKind;
use clap::{CommandFactory, Parser};

use crate::eval::terraform::deeply;

use arguments::{Arguments, VERBS, Verb};
use failure::Failure;
use terminal::{Streams, Surroundings};

/// Runs the program with the arguments of the process; the exit code.
pub fn main(arguments: Vec<OsString>) -> u8 {
    let surroundings = Surroundings::read();
    let streams = Streams { in_github_actions: surroundings.in_github_actions };
    let arguments = match with_verb(arguments) {
        Ok(arguments) => arguments,
        Err(failure) => return told(streams, &failure),
    };
    let parsed = match Arguments::try_parse_from(arguments) {
        Ok(parsed) => parsed,
        Err(error) => {
            let text = error.render().to_string();
            return match error.kind() {
                ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
                    streams.out(&text);
                    0
                }
                _ => {
                    streams.note(text.trim_end());
                    2
                }
            };
        }
    };
    match run(&parsed.verb, &surroundings, streams) {
        Ok(code) => code,
        Err(failure) => told(streams, &failure),
    }
}

fn told(streams: Streams, failure: &Failure) -> u8 {
    streams.note(failure.to_string().trim_end());
    2
}

/// All work is done on threads of our own: their number is as asked, and their stacks are deep.
fn run(verb: &Verb, surroundings: &Surroundings, streams: Streams) -> Result<u8, Failure> {
    deeply(verb.threads(), || work(verb, surroundings, streams)).unwrap_or_else(|_| work(verb, surroundings, streams))
}

fn work(verb: &Verb, surroundings: &Surroundings, streams: Streams) -> Result<u8, Failure> {
    match verb {
        Verb::Check(arguments) => check::run(arguments, surroundings),
        Verb::Explain(arguments) => explain::run(arguments, streams),
        Verb::Rules(arguments) => rules::run(arguments, streams),
        Verb::Test(arguments) => test::run(arguments, streams),
        Verb::Init(arguments) => init::run(arguments, streams),
        Verb::Fix(arguments) => fix::run(arguments, surroundings),
        Verb::Hops(arguments) => hops::run(arguments, surroundings),
        Verb::Suppressions(arguments) => suppressions::run(arguments, surroundings),
        Verb::Iam(arguments) => iam::run(arguments, surroundings),
        Verb::Baseline(arguments) => baseline::run(arguments, surroundings),
        Verb::Migrate(arguments) => migrate::run(arguments, surroundings),
        Verb::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(*shell, &mut Arguments::command(), "secure-lint", &mut script);
            streams.out(&String::from_utf8_lossy(&script));
            Ok(0)
        }
        Verb::Man => {
            streams.out(&docs::man_page()?);
            Ok(0)
        }
        Verb::Docs { dir } => docs::run(dir, streams),
    }
}

/// A call without a verb is `check`. A first word that is neither verb nor path is told with the nearest verb.
fn with_verb(mut arguments: Vec<OsString>) -> Result<Vec<OsString>, Failure> {
    let first = arguments.get(1).map(|word| word.to_string_lossy().into_owned());
    let is_verb = match first.as_deref() {
        Some("-h" | "--help" | "-V" | "--version") => true,
        Some(word) => VERBS.contains(&word),
        None => false,
    };
    if is_verb {
        return Ok(arguments);
    }
    if let Some(word) = first.filter(|word| !word.starts_with('-') && !Path::new(word).exists()) {
        let help =
            crate::source::nearest(&word, VERBS).map_or_else(String::new, |verb| format!("; did you mean `{verb}`?"));
        return Err(Failure::said(format!("no such file or verb `{word}`{help}")));
    }
    arguments.insert(1.min(arguments.len()), "check".into());
    Ok(arguments)
}
