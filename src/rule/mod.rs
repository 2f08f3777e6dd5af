//! Rule files: front matter, condition, examples, catalog.
