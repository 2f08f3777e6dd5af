//! The binary. Everything it does stands in `secure_lint::cli`.

fn main() {}
