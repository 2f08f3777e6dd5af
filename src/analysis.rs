//! The whole way as one pure function: a world and settings in, an outcome out. Nothing here decides; it only hands
//! each floor what the one below made.

use crate::check::{self, Rule, Sites};
use crate::facts;
use crate::finding::{Edit, Outcome, Read, RootRead, VariantRead};
use crate::lower::{self, Addresses, Description, Edits};
use crate::source::{Span, World};

/// Analyses a world with these rules. Triage and reports come after.
pub fn analyse(world: &World, description: &Description, rules: &[Rule]) -> Outcome {
    let mut lowered = lower::lower(world, description);
    for model in &mut lowered.models {
        facts::derive(model);
    }
    let addresses = Addresses::new(&lowered.sources);
    let checked =
        check::check(world, &lowered.models, rules, &TreeSites { addresses, edits: Edits::new(&lowered.sources) });
    let (files, kinds) = lowered.kinds();
    let mut problems = world.problems.clone();
    problems.extend(lowered.problems.iter().cloned());
    problems.extend(checked.problems);
    problems.sort();
    problems.dedup();
    let mut secrets = lowered.secrets.clone();
    secrets.extend(lowered.models.iter().flat_map(facts::secret::literals));
    secrets.sort_unstable();
    secrets.dedup();
    let roots = lowered.roots.iter().map(|root| RootRead {
        path: root.path.clone(),
        variants: root
            .variants
            .iter()
            .map(|(name, var_files)| VariantRead { name: name.clone(), var_files: var_files.clone() })
            .collect(),
    });
    Outcome {
        findings: checked.findings,
        undecided: checked.undecided,
        problems,
        comments: lowered.comments.clone(),
        secrets,
        read: Read { files, kinds, roots: roots.collect() },
    }
}

/// What `check` asks of the trees that `lower` read.
struct TreeSites<'s, 'w> {
    addresses: Addresses<'s, 'w>,
    edits: Edits<'s, 'w>,
}

impl Sites for TreeSites<'_, '_> {
    fn address(&self, span: Span) -> String {
        self.addresses.of(span)
    }

    fn insertion(&self, block: Span, attribute: &str, literal: &str) -> Option<Edit> {
        self.edits.insertion(block, attribute, literal).map(edit)
    }

    fn removal(&self, value: Span) -> Option<Edit> {
        self.edits.removal(value).map(edit)
    }

    fn named(&self, name: &str, primary: Span) -> Option<Vec<Edit>> {
        Some(self.edits.named(name, primary)?.into_iter().map(edit).collect())
    }
}

fn edit((span, text): (Span, String)) -> Edit {
    Edit { span, text }
}
