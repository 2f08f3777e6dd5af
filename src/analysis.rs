//! The whole way as one pure function: a world and settings in, an outcome out. Nothing here decides; it only hands
//! each floor what the one below made.

use std::collections::{BTreeMap, BTreeSet};

use crate::check::{self, Rule, Sites};
use crate::facts::permit::need::view::{PrincipalView, principals as principal_views};
use crate::facts::{self, Facts};
use crate::finding::{Edit, Outcome, Read, RootRead, UnresolvedRead, VariantRead};
use crate::logic::{Reason, Tri};
use crate::lower::{self, Addresses, Description, Edits};
use crate::model::data::Hop;
use crate::model::{Cell, Head, Model, mark};
use crate::source::{Span, World};

/// Analyses a world with these rules. Triage and reports come after.
pub fn analyse(world: &World, description: &Description, rules: &[Rule]) -> Outcome {
    analyse_keeping(world, description, rules, OfUndecided::Addresses).0
}

/// What an outcome says of verdicts that could not be decided. To tell an address, a file of Terraform is read once more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OfUndecided {
    Addresses,
    /// Rule, name, place and reasons, but no address.
    Places,
}

/// The same, with all that the outcome was made of: whoever ends soon may spare the work of giving it back.
pub fn analyse_keeping<'w>(
    world: &'w World,
    description: &Description,
    rules: &[Rule],
    of_undecided: OfUndecided,
) -> (Outcome, lower::Lowered<'w>) {
    let mut lowered = lower::lower(world, description);
    for model in &mut lowered.models {
        facts::derive(model);
    }
    let addresses = Addresses::new(&lowered.sources);
    let sites = TreeSites { addresses, edits: Edits::new(&lowered.sources), of_undecided };
    let checked = check::check(world, &lowered.models, rules, &sites);
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
    let unresolved = UnresolvedRead {
        n_expressions: lowered.unresolved.n_expressions,
        n_unresolved: lowered.unresolved.n_unresolved,
        reasons: lowered.unresolved.reasons.clone(),
    };
    let roots = lowered.roots.iter().map(|root| RootRead {
        path: root.path.clone(),
        variants: root
            .variants
            .iter()
            .map(|(name, var_files)| VariantRead { name: name.clone(), var_files: var_files.clone() })
            .collect(),
    });
    let outcome = Outcome {
        findings: checked.findings,
        undecided: checked.undecided,
        problems,
        comments: lowered.comments.clone(),
        held: BTreeSet::new(),
        secrets,
        read: Read { files, kinds, roots: roots.collect(), unresolved },
    };
    (outcome, lowered)
}

/// The way of the data of every service of a world, step by step, and what is kept at rest: one view per model.
pub fn hops(world: &World, description: &Description, telling: Telling) -> Vec<HopView> {
    let mut lowered = lower::lower(world, description);
    for model in &mut lowered.models {
        facts::derive(model);
    }
    lowered.models.iter().map(|model| HopView::of(model, telling)).collect()
}

/// Who is heard about the way of the data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Telling {
    /// What is deployed: commands, environments, images, infrastructure.
    Deployed,
    /// Files of settings as well; they come first where both speak.
    WithSettings,
}

/// What one consistent world shows of encryption.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HopView {
    /// The sets of variables that this view holds for, where a root has several.
    pub variants: Vec<String>,
    pub services: Vec<ServiceHops>,
    pub at_rest: Vec<Kept>,
}

/// The steps of one service, or of a task that no service of the tree runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceHops {
    pub name: String,
    pub hops: Vec<Step>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    pub from: String,
    pub to: String,
    /// The word, or why it is not known.
    pub state: Result<String, Reason>,
    pub remark: String,
    pub place: Span,
}

/// One thing that keeps data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    pub name: String,
    pub kind: String,
    pub encrypted: Tri,
    pub has_own_key: Tri,
    pub place: Span,
}

impl HopView {
    fn of(model: &Model, telling: Telling) -> HopView {
        let mut services: Vec<((&'static str, u32), ServiceHops)> = Vec::new();
        let mut heads: Vec<(&str, &Head)> = Vec::new();
        for (_, hop) in model.data.hops.iter() {
            let (key, head) = match (hop.service.id(), hop.task.id()) {
                (Some(service), _) => (("service", service.index), &model[service].head),
                (None, Some(task)) => (("task", task.index), &model[task].head),
                (None, None) => continue,
            };
            let is_told = hop.from_settings.tri() == Tri::True;
            if is_told && telling == Telling::Deployed {
                continue;
            }
            let step = step(hop);
            match services.last_mut() {
                Some((last, service)) if *last == key => {
                    let mut known = service.hops.iter_mut().filter(|it| it.from == step.from && it.to == step.to);
                    match known.next().filter(|_| is_told) {
                        Some(known) => *known = step,
                        None => service.hops.push(step),
                    }
                }
                Some(_) | None => {
                    services.push((key, ServiceHops { name: head.name.clone(), hops: vec![step] }));
                    heads.push((key.0, head));
                }
            }
        }
        for ((_, service), name) in services.iter_mut().zip(told_apart(&heads)) {
            service.name = name;
        }
        let kinds = model.data.at_rests.iter().map(|(_, thing)| (thing.kind.as_str().unwrap_or_default(), &thing.head));
        let kept: Vec<(&str, &Head)> = kinds.collect();
        let names = told_apart(&kept);
        let facts = facts::Facts::new(model);
        let at_rest = model.data.at_rests.ids().zip(names).map(|(id, name)| {
            let thing = &model[id];
            Kept {
                name,
                kind: thing.kind.as_str().unwrap_or_default().to_owned(),
                encrypted: facts::is_encrypted(&facts, id),
                has_own_key: facts::has_own_key(&facts, id),
                place: thing.head.span,
            }
        });
        let variants = model.variants.iter().filter(|variant| variant.n_variants > 1);
        HopView {
            variants: variants.map(|variant| variant.label.clone()).collect(),
            services: services.into_iter().map(|(_, service)| service).collect(),
            at_rest: at_rest.collect(),
        }
    }
}

/// The names of things; those that several of a kind bear with their addresses, and with their roots if need be.
fn told_apart(things: &[(&str, &Head)]) -> Vec<String> {
    let address = |head: &Head| head.terraform.as_ref().map_or_else(|| head.name.clone(), |it| it.address.to_string());
    let mut names: BTreeMap<(&str, &str), BTreeSet<String>> = BTreeMap::new();
    let mut roots: BTreeMap<(&str, String), BTreeSet<&str>> = BTreeMap::new();
    for (kind, head) in things {
        names.entry((kind, &head.name)).or_default().insert(address(head));
        let root = head.terraform.as_ref().map_or("", |it| &*it.root);
        roots.entry((kind, address(head))).or_default().insert(root);
    }
    let told = things.iter().map(|(kind, head)| {
        let address = address(head);
        let is_in_several = roots.get(&(*kind, address.clone())).is_some_and(|roots| roots.len() > 1);
        let is_shared = names.get(&(*kind, head.name.as_str())).is_some_and(|addresses| addresses.len() > 1);
        match (is_in_several, &head.terraform) {
            (true, Some(it)) if it.root.is_empty() => address,
            (true, Some(it)) => format!("{address} in {}", it.root),
            (true, None) | (false, _) if is_shared => address,
            (true, None) | (false, _) => head.name.clone(),
        }
    });
    told.collect()
}

fn step(hop: &Hop) -> Step {
    let text = |cell: &Cell<mark::Text>| cell.as_str().unwrap_or_default().to_owned();
    Step {
        from: text(&hop.from),
        to: text(&hop.to),
        state: match (hop.state.as_str(), hop.state.value().reason()) {
            (Some(state), _) => Ok(state.to_owned()),
            (None, Some(reason)) => Err(reason.clone()),
            (None, None) => Err(Reason::at("no-value", "state", hop.head.span)),
        },
        remark: text(&hop.remark),
        place: hop.head.span,
    }
}

/// What is known of the roles, users and groups of a world. A principal of several variable sets is shown once.
pub fn principals(world: &World, description: &Description) -> Vec<PrincipalView> {
    let mut lowered = lower::lower(world, description);
    let mut found: Vec<PrincipalView> = Vec::new();
    for model in &mut lowered.models {
        facts::derive(model);
        for view in principal_views(&Facts::new(model)) {
            if !found.iter().any(|known| known.span == view.span && known.name == view.name) {
                found.push(view);
            }
        }
    }
    found
}

/// What `check` asks of the trees that `lower` read.
struct TreeSites<'s, 'w> {
    addresses: Addresses<'s, 'w>,
    edits: Edits<'s, 'w>,
    of_undecided: OfUndecided,
}

impl Sites for TreeSites<'_, '_> {
    fn address(&self, span: Span) -> String {
        self.addresses.of(span)
    }

    fn address_of_undecided(&self, span: Span) -> String {
        match self.of_undecided {
            OfUndecided::Addresses => self.addresses.of(span),
            OfUndecided::Places => String::new(),
        }
    }

    fn insertion(&self, block: Span, attribute: &str, literal: &str) -> Option<Edit> {
        self.edits.insertion(block, attribute, literal).map(edit)
    }

    fn removal(&self, value: Span) -> Option<Edit> {
        self.edits.removal(value).map(edit)
    }

    fn replacement(&self, place: Span, text: &str) -> Option<Edit> {
        self.edits.replacement(place, text).map(edit)
    }

    fn named(&self, name: &str, primary: Span) -> Option<Vec<Edit>> {
        Some(self.edits.named(name, primary)?.into_iter().map(edit).collect())
    }
}

fn edit((span, text): (Span, String)) -> Edit {
    Edit { span, text }
}
