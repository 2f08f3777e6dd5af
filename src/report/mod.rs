//! A run written down: for people (text, concise, Markdown), for machines (JSON, NDJSON, CSV, SARIF, JUnit, GitLab) and
//! as commands of a GitHub log. One input, `finding::Report`, masked once; no reporter decides anything.

mod chain;
mod concise;
mod escape;
mod github;
mod gitlab;
mod json;
mod junit;
mod markdown;
mod mask;
mod mermaid;
mod reasons;
mod rows;
mod sarif;
mod text;
mod view;

pub(crate) use escape::visible;
pub use github::defuse;
pub use mask::mask;
pub(crate) use reasons::words as reason_words;
pub(crate) use rows::csv_field;
pub use sarif::{SarifOptions, SarifProfile};
pub use text::{Charset, Colour, Detail, GroupBy, Links, ShowSuppressed, Statistics, TextOptions};

use crate::finding::{Report, RuleMeta};

/// The page of a built-in rule at the tag of this release; a user's own rule has none.
pub(crate) fn page_url(rule: &RuleMeta) -> Option<String> {
    let is_built_in = rule.path.starts_with("rules/");
    is_built_in.then(|| format!("{}/blob/v{}/{}", env!("CARGO_PKG_REPOSITORY"), env!("CARGO_PKG_VERSION"), rule.path))
}

/// The formats of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Format {
    Text,
    Concise,
    Json,
    Ndjson,
    Sarif,
    Junit,
    Github,
    Markdown,
    Gitlab,
    Csv,
}

impl Format {
    pub const ALL: [Format; 10] = [
        Format::Text,
        Format::Concise,
        Format::Json,
        Format::Ndjson,
        Format::Sarif,
        Format::Junit,
        Format::Github,
        Format::Markdown,
        Format::Gitlab,
        Format::Csv,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Format::Text => "text",
            Format::Concise => "concise",
            Format::Json => "json",
            Format::Ndjson => "ndjson",
            Format::Sarif => "sarif",
            Format::Junit => "junit",
            Format::Github => "github",
            Format::Markdown => "markdown",
            Format::Gitlab => "gitlab",
            Format::Csv => "csv",
        }
    }

    pub fn parse(text: &str) -> Option<Format> {
        Format::ALL.into_iter().find(|format| format.name() == text)
    }
}

/// What the formats need beside the report.
#[derive(Clone, Debug, Default)]
pub struct Options {
    pub text: TextOptions,
    pub sarif: SarifOptions,
}

/// A written report, with what its reader should be told beside it.
#[derive(Debug)]
pub struct Written {
    pub text: String,
    pub note: Option<String>,
}

/// Writes a report, which has been masked, in one format.
pub fn write(report: &Report<'_>, format: Format, options: &Options) -> Written {
    let text = match format {
        Format::Text => text::write(report, &options.text),
        Format::Concise => concise::write(report, &options.text),
        Format::Json => escape::harmless_json(json::write(report)),
        Format::Ndjson => escape::harmless_json(rows::write_ndjson(report)),
        Format::Csv => rows::write_csv(report),
        Format::Junit => junit::write(report),
        Format::Github => github::write(report),
        Format::Markdown => markdown::write(report),
        Format::Gitlab => escape::harmless_json(gitlab::write(report)),
        Format::Sarif => {
            let sarif = sarif::write(report, &options.sarif);
            let left_out = sarif.left_out;
            let note = (left_out > 0)
                .then(|| format!("{left_out} results of the lowest severities do not fit into the SARIF file"));
            return Written { text: escape::harmless_json(sarif.text), note };
        }
    };
    Written { text, note: None }
}
