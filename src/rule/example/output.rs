//! Writes the terminal's words into the `output` fences of a rule file.

use std::sync::Arc;

use super::{Linter, examples};
use crate::rule::{RuleError, RuleFile};

/// The file's text with every `output` fence as the linter prints it today. Fences are not added: an author asks for
/// one by writing it empty.
pub fn with_outputs(rule: &Arc<RuleFile>, linter: &impl Linter) -> Result<String, Vec<RuleError>> {
    let mut text = rule.source.text.to_string();
    // From the end, so that the places of those before stay true.
    for example in examples(rule)?.examples.iter().rev() {
        let Some(output) = &example.output else { continue };
        let world = example.world();
        let printed = linter.print(&linter.lint(&world, rule)?);
        let mut body = printed.trim_end().to_owned();
        body.push('\n');
        text.replace_range(output.body.clone(), &body);
    }
    Ok(text)
}
