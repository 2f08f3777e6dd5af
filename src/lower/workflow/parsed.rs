//! What is written once and asked often in a repository: a condition in every way in which its job begins, an expression
//! by whoever looks at its step, a block of permissions by every job.

use std::cell::RefCell;
use std::rc::Rc;

use super::permission;
use crate::source::{FileId, QuickMap, Span, World};
use crate::syntax::expression::{self, Condition, Hole, has_hole};
use crate::syntax::shell::{self, Dialect, Script};
use crate::syntax::yaml::{Node, Scalar};
use crate::value::Value;

/// By the address of the node that holds the text; the trees outlive this and do not move.
#[derive(Default)]
pub(super) struct Parsed {
    holes: RefCell<QuickMap<*const Node, Rc<[Rc<Hole>]>>>,
    conditions: RefCell<QuickMap<*const Node, Rc<Condition>>>,
    levels: RefCell<QuickMap<*const Node, Value>>,
    scripts: RefCell<QuickMap<*const Node, Rc<Script>>>,
    names_secrets: RefCell<QuickMap<FileId, bool>>,
}

impl Parsed {
    pub(super) fn holes(&self, node: &Node) -> Rc<[Rc<Hole>]> {
        let node = node.resolved();
        let mut known = self.holes.borrow_mut();
        let read = || expression::holes(node.as_str().unwrap_or("")).into_iter().map(Rc::new).collect();
        known.entry(std::ptr::from_ref(node)).or_insert_with(read).clone()
    }

    /// All expressions of a scalar with their spans.
    pub(super) fn placed(&self, node: &Node) -> Vec<(Rc<Hole>, Span)> {
        if !node.as_str().is_some_and(has_hole) {
            return Vec::new();
        }
        self.holes(node).iter().map(|hole| (hole.clone(), node.span_of(hole.range.clone()))).collect()
    }

    /// The levels that a block of permissions gives.
    pub(super) fn levels(&self, block: &Node) -> Value {
        let mut known = self.levels.borrow_mut();
        known.entry(std::ptr::from_ref(block)).or_insert_with(|| permission::levels(Some(block), block.span)).clone()
    }

    /// Whether a file may read the context of secrets: most do not, and need no closer look.
    pub(super) fn may_name_secrets(&self, world: &World, file: FileId) -> bool {
        let look = || {
            let text = world.file(file).text().unwrap_or("").as_bytes();
            // An escape may spell any letter.
            let begins = |word: &[u8]| matches!(word.first(), Some(b's' | b'S'));
            text.windows(7).any(|word| begins(word) && word.eq_ignore_ascii_case(b"secrets")) || text.contains(&b'\\')
        };
        *self.names_secrets.borrow_mut().entry(file).or_insert_with(look)
    }

    /// The script that a `run` holds.
    pub(super) fn script(&self, node: &Node, scalar: &Scalar) -> Rc<Script> {
        let node = node.resolved();
        let read = || Rc::new(shell::read(&scalar.mapped(node.span.file), Dialect::WORKFLOW));
        self.scripts.borrow_mut().entry(std::ptr::from_ref(node)).or_insert_with(read).clone()
    }

    /// What an `if` says; nothing if it is no scalar.
    pub(super) fn condition(&self, node: &Node) -> Option<Rc<Condition>> {
        let node = node.resolved();
        let text = node.scalar_text()?;
        let mut known = self.conditions.borrow_mut();
        let read = || Rc::new(expression::condition(text));
        Some(known.entry(std::ptr::from_ref(node)).or_insert_with(read).clone())
    }
}
