//! What variables hold at a line of a Dockerfile, for its instructions and for the shell of RUN.

use std::collections::{BTreeMap, BTreeSet};

use crate::eval::actions::Operand;
use crate::eval::shell::Surroundings;
use crate::logic::Reason;
use crate::source::Span;
use crate::value::{Origin, Value};

/// Arguments that the builder gives: to FROM without declaration, to a stage after a bare ARG.
const PLATFORM: [&str; 8] = [
    "BUILDPLATFORM",
    "BUILDOS",
    "BUILDARCH",
    "BUILDVARIANT",
    "TARGETPLATFORM",
    "TARGETOS",
    "TARGETARCH",
    "TARGETVARIANT",
];

/// Arguments that RUN sees without declaration, in either case.
const PROXY: [&str; 5] = ["HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "NO_PROXY", "ALL_PROXY"];

#[derive(Clone, Debug, Default)]
pub(super) struct Scope {
    /// ENV wins over ARG of the same name.
    pub(super) environment: BTreeMap<String, Value>,
    pub(super) arguments: BTreeMap<String, Value>,
    /// Nobody outside the file sets variables here: above the first FROM, or on `scratch`.
    pub(super) is_closed: bool,
    pub(super) is_global: bool,
}

impl Scope {
    /// Whether somebody declares a variable; unknown variables of an external base do not count.
    pub(super) fn declares(&self, name: &str) -> bool {
        self.environment.contains_key(name) || self.arguments.contains_key(name) || self.is_given(name)
    }

    fn is_given(&self, name: &str) -> bool {
        (self.is_global && PLATFORM.contains(&name))
            || PROXY.iter().any(|proxy| proxy.eq_ignore_ascii_case(name))
            || name == "SOURCE_DATE_EPOCH"
            || name.starts_with("BUILDKIT_")
            || matches!(name, "PATH" | "HOME" | "HOSTNAME" | "TERM" | "PWD" | "USER" | "SHELL")
    }

    pub(super) fn declared(&self) -> BTreeSet<&str> {
        self.environment.keys().chain(self.arguments.keys()).map(String::as_str).collect()
    }

    /// The value of an argument of this name that only its builder knows.
    pub(super) fn unset(name: &str, span: Span) -> Value {
        let reason = match PLATFORM.contains(&name) {
            true => Reason::at("no-value", format!("platform argument {name}"), span),
            false => Reason::at("no-value", format!("build argument {name}"), span),
        };
        Value::unknown(reason, Origin::missing("no-value", span))
    }
}

impl Surroundings for Scope {
    fn variable(&self, name: &str, span: Span) -> Option<Operand> {
        if let Some(value) = self.environment.get(name).or_else(|| self.arguments.get(name)) {
            return Some(Operand::known(value.clone()));
        }
        if self.is_given(name) || !self.is_closed {
            return None;
        }
        Some(Operand::known(Value::text("", Origin::written(span))))
    }

    fn expression(&self, text: &str, span: Span) -> Operand {
        Operand::unknown(Reason::at("unsupported", text, span))
    }
}
