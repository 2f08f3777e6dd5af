//! Secrets, parameters, variables and where secrets end up.

use super::entities;

entities! { in secret; }
