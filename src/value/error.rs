//! What Terraform itself would refuse. An error sits in an unknown value as its reason: the code, and the message as
//! the reason's object.

use std::sync::Arc;

use super::{Kind, Origin, Unknown, Value, fingerprint};
use crate::logic::Reason;
use crate::source::Span;

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct TerraformError {
    pub code: &'static str,
    pub message: String,
}

impl TerraformError {
    pub fn new(code: &'static str, message: impl Into<String>) -> TerraformError {
        TerraformError { code, message: message.into() }
    }

    pub fn wrong_type(message: impl Into<String>) -> TerraformError {
        TerraformError::new("wrong-type", message)
    }

    /// The unknown value that stands where the refused expression stood.
    pub fn at(self, span: Span) -> Value {
        let reason = Reason::at(self.code, self.message, span);
        let unknown =
            Unknown { identity: fingerprint(&reason), reason, may_be_null: false, may_fail: true, settles: None };
        Value::new(Kind::Unknown(Arc::new(unknown)), Origin::missing(self.code, span))
    }
}

/// Codes of what Terraform refuses; every other code is something that is merely not known.
const ERROR_CODES: [&str; 23] = [
    "undeclared-variable",
    "undeclared-local",
    "undeclared-resource",
    "undeclared-module",
    "undeclared-output",
    "undeclared-module-argument",
    "missing-module-argument",
    "duplicate-declaration",
    "no-such-attribute",
    "invalid-index",
    "null-operand",
    "null-in-template",
    "wrong-type",
    "inconsistent-types",
    "duplicate-key",
    "wrong-argument",
    "wrong-argument-count",
    "no-such-function",
    "count-type",
    "for-each-type",
    "for-each-sensitive",
    "template-key-missing",
    "cycle",
];

pub fn is_error_code(code: &str) -> bool {
    ERROR_CODES.contains(&code)
}
