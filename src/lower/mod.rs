//! Each language into the model, and the links between them.
