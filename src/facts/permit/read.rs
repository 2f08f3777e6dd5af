//! From what stands in a policy to patterns and statements: which texts are globs, which are compared as they stand.

use super::condition::{Comparison, Operator};
use super::pattern::{Case, Reading};

/// How the values of a condition are read.
pub fn value_reading(operator: Operator) -> (Reading, Case) {
    let reading = match operator.comparison {
        Comparison::StringLike | Comparison::ArnLike => Reading::Glob,
        Comparison::StringEquals
        | Comparison::Bool
        | Comparison::NumericEquals
        | Comparison::NumericLess
        | Comparison::NumericLessOrEqual
        | Comparison::NumericGreater
        | Comparison::NumericGreaterOrEqual
        | Comparison::Date
        | Comparison::IpAddress
        | Comparison::Binary
        | Comparison::Null => Reading::Exact,
    };
    (reading, if operator.ignores_case { Case::Folded } else { Case::Kept })
}
