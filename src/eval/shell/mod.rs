//! What a script's commands are, with variables replaced where they are known.
