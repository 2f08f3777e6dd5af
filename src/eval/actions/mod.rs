//! Workflow expressions, evaluated with three truth values.
