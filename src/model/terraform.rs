//! Roots, backends, module calls, variables, outputs, variable files.

use super::entities;

entities! { in terraform; }
