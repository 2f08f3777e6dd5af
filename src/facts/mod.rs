//! Hard reasoning over the model, written once.
