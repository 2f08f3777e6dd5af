//! Who may do what: policies, statements, roles, users, providers.

use super::entities;

entities! { in identity; }
