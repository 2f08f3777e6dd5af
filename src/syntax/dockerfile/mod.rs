//! Dockerfiles as BuildKit splits them: instructions, words, heredocs, with positions.
