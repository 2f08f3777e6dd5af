//! The one typed model of everything that was read.
