//! What is built: images, stages, instructions, commands, repositories.

use super::entities;

entities! { in image; }
