//! The tables of `data/`, packed at build time, decoded when asked.
