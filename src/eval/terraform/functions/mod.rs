//! The functions of the language, on values that may be partly unknown.
