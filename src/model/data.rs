//! What keeps data, keys, and the hops between client and store.

use super::entities;

entities! { in data; }
