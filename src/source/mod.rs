//! Where text stands: files in memory, spans in bytes, lines and columns for printing. No parsing here, and no IO:
//! the command line fills a `World`, everything else reads it.

mod comment;
mod error;
mod hash;
mod lines;
mod mapped;
mod nearest;
mod place;
mod problem;
mod watch;
mod world;

pub use comment::{Comment, CommentPosition, starts_in};
pub use error::TextError;
pub use hash::{QuickMap, QuickSet};
pub use lines::{LineIndex, Position};
pub use mapped::MappedText;
pub use nearest::{nearest, nearest_within};
pub use place::{Place, Span};
pub use problem::{Problem, ProblemLevel};
pub use watch::{Watch, Watched};
pub use world::{Content, FileId, SourceFile, World, WorldBuilder, clean_path, lies_in, parent_of};
