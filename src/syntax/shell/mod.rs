//! Shell words, commands and pipelines with positions, for bash and sh.
