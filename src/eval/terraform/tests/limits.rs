//! Bombs and depths: a problem with its place, in bounded time and memory.


