//! From some permissions to more: which paths of the table a set of policies opens, and how strong that makes a principal.
//! Roles lead to roles by passing, hijacking or assuming them; what follows is computed until nothing changes.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};

use super::actions::listed;
use super::condition::Context;
use super::grant::{Bound, PolicySet};
use super::pattern::{Case, Extent, Pattern, Reading as How, Symbol};
use super::principal::{self, Granted, Grants, Holding, Source};
use super::roles::RolesByName;
use super::statement::Question;
use super::takeover::Things;
use super::trusted::{self, Trusts};
use crate::data::actions::Level;
use crate::data::paths::{self, EscalationPath, PathClass};
use crate::facts::{Analysis, Facts, trust};
use crate::logic::{Reason, Tri};
use crate::model::identity::Role;
use crate::model::{AnyId, Id, Model};
use crate::source::Place;

/// How strong a principal is, from nothing to everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Power {
    None,
    Metadata,
    Data,
    Write,
    /// May change what runs with another role.
    Deploy,
    Administrator,
}

/// A path that a principal can go.
pub struct Escalation {
    pub path: &'static EscalationPath,
    pub tri: Tri,
    /// The role that it takes over, where one is in view.
    pub target: Option<Id<Role>>,
    pub places: Vec<Place>,
}

/// What all principals can become.
pub struct Powers {
    of: BTreeMap<AnyId, PowerOf>,
    /// Who can take a role over, each with the number of the way.
    leading: BTreeMap<u32, Vec<(AnyId, usize)>>,
}

pub struct PowerOf {
    /// With escalation.
    pub power: Power,
    /// By its own policies.
    pub own: Power,
    /// Why it may be more.
    pub open: Option<Reason>,
    pub is_administrator: Tri,
    pub administrator_places: Vec<Place>,
    pub escalations: Vec<Escalation>,
    pub places: Vec<Place>,
}

impl Analysis for Powers {
    fn compute(facts: &Facts<'_>) -> Powers {
        let model = facts.model;
        let grants = facts.analysis::<Grants>();
        let trusts = facts.analysis::<Trusts>();
        let mut of: BTreeMap<AnyId, PowerOf> = BTreeMap::new();
        for (id, granted) in grants.iter() {
            of.insert(id, base(model, id, granted));
        }
        let things = Things::new(facts);
        let roles = facts.analysis::<RolesByName>();
        let around = Around { facts, trusts: &trusts, roles: &roles, gates: Gates::default() };
        let mut found: Vec<(AnyId, Vec<Escalation>)> = Vec::new();
        for (id, granted) in grants.iter() {
            let is_administrator = of.get(&id).is_some_and(|power| power.is_administrator == Tri::True);
            if !is_administrator {
                let mut paths = escalations(&around, id, granted);
                paths.extend(things.open_to(model, id, granted, &trusts));
                found.push((id, paths));
            }
        }
        settle(&mut of, &found);
        for (id, escalations) in found {
            if let Some(power) = of.get_mut(&id) {
                power.escalations = escalations;
            }
        }
        let mut leading: BTreeMap<u32, Vec<(AnyId, usize)>> = BTreeMap::new();
        for (id, power) in &of {
            for (number, escalation) in power.escalations.iter().enumerate() {
                if let Some(target) = escalation.target {
                    leading.entry(target.index).or_default().push((*id, number));
                }
            }
        }
        Powers { of, leading }
    }
}

impl Powers {
    pub fn of(&self, principal: impl Into<AnyId>) -> Option<&PowerOf> {
        self.of.get(&principal.into())
    }

    /// The ways by which others take over a role.
    pub fn leading_to(&self, role: Id<Role>) -> impl Iterator<Item = (AnyId, &Escalation)> {
        let ways = self.leading.get(&role.index).into_iter().flatten();
        ways.filter_map(|(id, number)| Some((*id, self.of.get(id)?.escalations.get(*number)?)))
    }
}

/// A principal is as strong as the strongest that it can take over; repeated, for those whose targets changed, until
/// nothing does.
fn settle(of: &mut BTreeMap<AnyId, PowerOf>, found: &[(AnyId, Vec<Escalation>)]) {
    let mut leading: BTreeMap<AnyId, Vec<usize>> = BTreeMap::new();
    for (index, (_, escalations)) in found.iter().enumerate() {
        for target in escalations.iter().filter_map(|escalation| escalation.target) {
            leading.entry(target.into()).or_default().push(index);
        }
    }
    let mut now: BTreeSet<usize> = (0..found.len()).collect();
    let mut next: BTreeSet<usize> = BTreeSet::new();
    while let Some(index) = now.pop_first() {
        let (id, escalations) = &found[index];
        if raise(of, *id, escalations) {
            for leader in leading.get(id).into_iter().flatten().copied() {
                // Those that were looked at in this round are looked at in the next.
                if leader > index {
                    now.insert(leader)
                } else {
                    next.insert(leader)
                };
            }
        }
        if now.is_empty() {
            std::mem::swap(&mut now, &mut next);
        }
    }
}

/// Whether what a principal can take over makes it stronger than it was known to be.
fn raise(of: &mut BTreeMap<AnyId, PowerOf>, id: AnyId, escalations: &[Escalation]) -> bool {
    let mut changed = false;
    for escalation in escalations.iter().filter(|escalation| escalation.tri == Tri::True) {
        let of_target = escalation.target.and_then(|target| of.get(&target.into())).map(|power| power.power);
        let reached = match (escalation.path.class, of_target) {
            (PathClass::Own | PathClass::Credentials | PathClass::Trust, None) => Power::Administrator,
            // Whoever assumes a role is as strong as the role.
            (PathClass::Trust, Some(power)) => power,
            (_, Some(Power::Administrator)) => Power::Administrator,
            (_, Some(_) | None) => Power::Deploy,
        };
        let Some(own) = of.get_mut(&id) else { continue };
        if reached > own.power {
            own.power = reached;
            own.places.clone_from(&escalation.places);
            changed = true;
        }
    }
    changed
}

/// Whether an action is granted on everything. A grant on things that are named is a sure no.
fn everywhere(set: &PolicySet, action: &str, context: &Context) -> Tri {
    let ask = |extent| set.grants(&Question::new(action, Pattern::anything(), extent, context.clone()));
    match ask(Extent::All) {
        Tri::True => Tri::True,
        Tri::False => Tri::False,
        Tri::Unknown => match ask(Extent::Some) {
            // Something is granted for certain: what is named, and nothing else.
            Tri::True if !set.is_open && !may_name_all(set, action, context) => Tri::False,
            Tri::True | Tri::Unknown | Tri::False => Tri::Unknown,
        },
    }
}

/// Whether a resource that is granted is hidden as a whole.
fn may_name_all(set: &PolicySet, action: &str, context: &Context) -> bool {
    let question = Question::new(action, Pattern::anything(), Extent::Some, context.clone());
    set.granting(&question).any(|index| {
        let resources = &set.statements[index].resources;
        let is_hidden = |pattern: &Pattern| matches!(pattern.symbols().first(), Some(Symbol::Hole(_)));
        resources.is_open || resources.patterns.iter().any(is_hidden)
    })
}

/// What a principal may do by its own policies.
fn base(model: &Model, id: AnyId, granted: &Granted) -> PowerOf {
    let (is_administrator, administrator_places) = administrator(model, id, granted);
    let (power, places) = match is_administrator {
        Tri::True => (Power::Administrator, administrator_places.clone()),
        Tri::Unknown | Tri::False => own_power(model, granted),
    };
    PowerOf {
        power,
        own: power,
        open: granted.doubt(model),
        is_administrator,
        administrator_places,
        escalations: Vec::new(),
        places,
    }
}

/// Everything on everything, or the right to give itself that.
fn administrator(model: &Model, id: AnyId, granted: &Granted) -> (Tri, Vec<Place>) {
    let own = || granted.arn.clone();
    let rewrites: &[(&str, bool)] = match principal::kind(id) {
        "role" => &[("iam:PutRolePolicy", true), ("iam:AttachRolePolicy", true)],
        "user" => &[("iam:PutUserPolicy", true), ("iam:AttachUserPolicy", true)],
        _ => &[("iam:PutGroupPolicy", true), ("iam:AttachGroupPolicy", true)],
    };
    let of_all = [("iam:CreatePolicyVersion", false), ("iam:UpdateAssumeRolePolicy", false)];
    let mut verdict = Tri::False;
    for (action, on_itself) in rewrites.iter().chain(&of_all) {
        let resource = if *on_itself { own() } else { Pattern::anything() };
        let question = Question::all(action, resource);
        let tri = match on_itself {
            true => granted.grants(&question),
            false => everywhere(&granted.set, action, &Context::default()),
        };
        match tri {
            Tri::True => return (Tri::True, granted.places(model, action, &question)),
            Tri::Unknown => verdict = Tri::Unknown,
            Tri::False => {}
        }
    }
    (verdict, Vec::new())
}

/// What a session of a principal may do at most, by its policies and what bounds it.
pub(super) fn power_within(model: &Model, granted: &Granted, bound: Bound) -> Power {
    own_power(model, &granted.within(bound)).0
}

fn own_power(model: &Model, granted: &Granted) -> (Power, Vec<Place>) {
    let mut power = Power::None;
    let mut places = Vec::new();
    for (index, statement) in granted.set.statements.iter().enumerate() {
        if statement.effect != Some(super::statement::Effect::Allow) {
            continue;
        }
        for allowed in statement.actions.allowed().iter().filter(|allowed| allowed.named == Tri::True) {
            if allowed.power <= power {
                continue;
            }
            let name = allowed.name();
            if granted.grants(&Question::somewhere(allowed.asked())) == Tri::False {
                continue;
            }
            power = allowed.power;
            places = match granted.sources[index] {
                Source::Written(id) => principal::action_place(model, id, &name).into_iter().collect(),
                Source::Managed(id) => {
                    vec![Place::new(super::spelling::arn_span(model, id), format!("this policy allows {name}"))]
                }
            };
            if power == Power::Write {
                return (power, places);
            }
        }
    }
    (power, places)
}

/// The paths that a principal can go with what it has. Paths that need something are open only where it is in view, or
/// where nobody can see that it is not.
fn escalations(around: &Around<'_, '_>, id: AnyId, granted: &Granted) -> Vec<Escalation> {
    let model = around.facts.model;
    let mut found = Vec::new();
    if !may_touch_iam_or_compute(granted) {
        return found;
    }
    let candidates = around.roles.candidates(granted, "iam:PassRole");
    for path in paths::all() {
        if is_everyday(path) || !fits(path, principal::kind(id)) {
            continue;
        }
        match path.class {
            PathClass::Pass => found.extend(passes(model, id, granted, path, &candidates, around.trusts)),
            PathClass::Own | PathClass::Credentials | PathClass::Trust => {
                let tri = opens(&granted.set, path, &granted.arn);
                if tri != Tri::False && !is_told_by_attachment(granted, path) {
                    found.push(Escalation { path, tri, target: None, places: every_action(model, granted, path) });
                }
            }
            PathClass::Guard => found.extend(freed(model, granted, path)),
            PathClass::Provider | PathClass::Organization => {
                let gate = if path.class == PathClass::Provider { around.has_gate(path) } else { Tri::True };
                if gate == Tri::False {
                    continue;
                }
                let tri = gate.and(opens(&granted.set, path, &granted.arn));
                // Which issuers AWS knows by other means than a thumbprint is nowhere said.
                let tri = if path.id == "oidc-thumbprint" { tri.and(Tri::Unknown) } else { tri };
                if tri != Tri::False && !is_told_by_attachment(granted, path) {
                    found.push(Escalation { path, tri, target: None, places: every_action(model, granted, path) });
                }
            }
            // Their actions are everyday ones: they count where the thing itself is in view, which other facts judge.
            PathClass::Hijack | PathClass::Supply => {}
        }
    }
    found
}

/// What all principals of a model have around them.
struct Around<'f, 'm> {
    facts: &'f Facts<'m>,
    trusts: &'f Trusts,
    roles: &'f RolesByName,
    gates: Gates,
}

/// By which edits of an identity provider some role here can be had, found out once.
#[derive(Default)]
struct Gates {
    any_audience: OnceCell<Tri>,
    thumbprint: OnceCell<Tri>,
    saml: OnceCell<Tri>,
}

impl Around<'_, '_> {
    /// Whether a role here can be had by the edit that a path makes: the role asks for no audience, or trusts a SAML
    /// provider.
    fn has_gate(&self, path: &EscalationPath) -> Tri {
        let facts = self.facts;
        let roles = facts.model.identity.roles.ids();
        let gates = &self.gates;
        match path.id {
            "oidc-provider-create" => Tri::any(roles.map(|_| Tri::True)),
            "oidc-audience" => {
                *gates.any_audience.get_or_init(|| Tri::any(roles.map(|role| trust::takes_any_audience(facts, role))))
            }
            "oidc-thumbprint" => {
                *gates.thumbprint.get_or_init(|| Tri::any(roles.map(|role| trust::rests_on_thumbprint(facts, role))))
            }
            _ => *gates.saml.get_or_init(|| Tri::any(roles.map(|role| trust::trusts_saml(facts.model, role)))),
        }
    }
}

/// Where each action of a path is granted.
fn every_action(model: &Model, granted: &Granted, path: &EscalationPath) -> Vec<Place> {
    let of = |action: &&'static str| granted.places(model, action, &Question::some(action, Pattern::anything()));
    path.actions.iter().flat_map(of).collect()
}

/// Who may take away what holds the own permissions back has all that they allow. Counts where something is held back.
fn freed(model: &Model, granted: &Granted, path: &'static EscalationPath) -> Option<Escalation> {
    if path.actions.iter().any(|action| !granted.set.may_name(&listed(action))) {
        return None;
    }
    let free = match path.id {
        "delete-deny-inline" => granted.without_denials(model, Holding::Inline),
        "detach-deny-managed" => granted.without_denials(model, Holding::Attached),
        _ => granted.without_boundary(),
    }?;
    let of_weight = free.actions().iter().filter(|action| action.level() != Level::List);
    let is_held_back =
        Tri::any(of_weight.map(|action| !granted.grants(&Question::some(&action.name(), Pattern::anything()))));
    let asked = path.actions.iter().map(|action| granted.grants(&Question::all(action, granted.arn.clone())));
    let tri = Tri::all(asked).and(is_held_back);
    let is_open = tri != Tri::False;
    is_open.then(|| Escalation { path, tri, target: None, places: every_action(model, granted, path) })
}

/// A cheap look before all paths are tried.
fn may_touch_iam_or_compute(granted: &Granted) -> bool {
    let iam = Pattern::parse("iam:*", How::PlainGlob, Case::Folded);
    let organization = || paths::all().iter().filter(|path| path.class == PathClass::Organization);
    granted.set.statements.iter().any(|statement| {
        statement.actions.is_negated || statement.actions.patterns.iter().any(|pattern| pattern.may_meet(&iam))
    }) || organization().any(|path| path.actions.iter().all(|action| granted.set.names(&listed(action))))
}

/// `sts:AssumeRole` alone, what every deploy role does, and what reads data only.
fn is_everyday(path: &EscalationPath) -> bool {
    matches!(path.id, "assume-role" | "ecs-update-service" | "set-default-policy-version" | "tf-state-read")
}

/// A role cannot add itself to a group, nor does it have a password.
fn fits(path: &EscalationPath, kind: &str) -> bool {
    if !matches!(path.class, PathClass::Own | PathClass::Guard) {
        return true;
    }
    let of = |word: &str| path.actions.iter().any(|action| action.contains(word));
    match kind {
        "role" => !of("User") && !of("Group"),
        "user" => !of("Role"),
        _ => of("Group") || of("PolicyVersion"),
    }
}

/// Whether a set of policies opens a path, whatever it leads to. To rewrite itself a principal must reach its own ARN.
pub fn opens(set: &PolicySet, path: &'static EscalationPath, own: &Pattern) -> Tri {
    if path.actions.iter().any(|action| !set.may_name(&listed(action))) {
        return Tri::False;
    }
    Tri::all(path.actions.iter().map(|action| {
        let ask = |context: &Context| match path.class {
            PathClass::Own if !action.contains("PolicyVersion") && !action.contains("Group") => {
                set.grants(&Question::new(action, own.clone(), Extent::All, context.clone()))
            }
            PathClass::Own
            | PathClass::Credentials
            | PathClass::Trust
            | PathClass::Provider
            | PathClass::Organization => everywhere(set, action, context),
            PathClass::Pass | PathClass::Hijack | PathClass::Supply | PathClass::Guard => {
                set.grants(&Question::new(action, Pattern::anything(), Extent::Some, context.clone()))
            }
        };
        if *action == "iam:PassRole" && !path.passed_to.is_empty() {
            return Tri::any(path.passed_to.iter().map(|service| ask(&passed_to(service))));
        }
        ask(&Context::default())
    }))
}

pub fn passed_to(service: &str) -> Context {
    Context::default().with("iam:PassedToService", Pattern::parse(service, How::Literal, Case::Kept))
}

/// One escalation for the strongest role that a pass path leads to, and one without target where any role of the account
/// can be passed.
fn passes(
    model: &Model,
    id: AnyId,
    granted: &Granted,
    path: &'static EscalationPath,
    candidates: &[Id<Role>],
    trusts: &Trusts,
) -> Vec<Escalation> {
    let opened = opens(&granted.set, path, &granted.arn);
    if opened == Tri::False || is_told_by_attachment(granted, path) {
        return Vec::new();
    }
    let places = || every_action(model, granted, path);
    let mut found = Vec::new();
    for role in candidates.iter().copied() {
        let trusted = Tri::any(path.passed_to.iter().map(|service| trusts.trusts_service(role, service)));
        if AnyId::from(role) == id || trusted == Tri::False {
            continue;
        }
        let arn = trusted::arn_of(model, role);
        let ask = |service: &&str| {
            granted.grants(&Question::new("iam:PassRole", arn.clone(), Extent::All, passed_to(service)))
        };
        let tri = opened.and(trusted).and(Tri::any(path.passed_to.iter().map(ask)));
        if tri == Tri::True {
            found.push(Escalation { path, tri, target: Some(role), places: places() });
        }
    }
    let tri = opened.and(passes_any_role(&granted.set, path));
    if tri != Tri::False {
        found.push(Escalation { path, tri, target: None, places: places() });
    }
    found
}

/// A path that one attached policy of AWS opens alone is told by the attachment.
fn is_told_by_attachment(granted: &Granted, path: &'static EscalationPath) -> bool {
    granted.managed.iter().any(|managed| managed.opens(path, &granted.arn))
}

/// The paths that a policy of AWS opens alone, on everything.
pub fn dangerous_paths(set: &PolicySet) -> Vec<&'static EscalationPath> {
    let names = |text: &str| {
        let asked = Pattern::parse(text, How::PlainGlob, Case::Folded);
        set.statements.iter().any(|statement| {
            statement.actions.is_negated || statement.actions.patterns.iter().any(|pattern| pattern.may_meet(&asked))
        })
    };
    if !names("iam:*") && !names("sts:AssumeRole") {
        return Vec::new();
    }
    let dangerous = |path: &&EscalationPath| {
        matches!(path.class, PathClass::Own | PathClass::Trust | PathClass::Credentials | PathClass::Pass)
    };
    let on_everything = |path: &EscalationPath, action: &&str| match *action {
        "iam:PassRole" => passes_any_role(set, path),
        action => match everywhere(set, action, &Context::default()) {
            // Everything but a few named things is enough to start something that is not among them.
            Tri::False | Tri::Unknown if path.class == PathClass::Pass && allows_all_but(set, action) => Tri::True,
            tri => tri,
        },
    };
    let opened = |path: &&EscalationPath| path.actions.iter().all(|action| on_everything(path, action) == Tri::True);
    paths::all().iter().filter(dangerous).filter(opened).collect()
}

/// Whether an action is allowed on all resources but some that are named, without conditions.
fn allows_all_but(set: &PolicySet, action: &str) -> bool {
    let question = Question::some(action, Pattern::anything());
    set.grants(&question) == Tri::True
        && set.granting(&question).any(|index| {
            let statement = &set.statements[index];
            statement.resources.is_negated && statement.conditions.is_empty()
        })
}

/// Whether the role that a path passes may be any that trusts the service.
fn passes_any_role(set: &PolicySet, path: &EscalationPath) -> Tri {
    Tri::any(path.passed_to.iter().map(|service| everywhere(set, "iam:PassRole", &passed_to(service))))
}

#[cfg(test)]
mod tests {
    use super::super::managed;
    use crate::data::managed::names;

    /// Computed, never listed by hand: this is what the table of paths makes of the table of policies.
    #[test]
    fn policies_of_aws_that_are_dangerous_alone() {
        let open = |name: &str| managed::named(name).expect("a policy of the table").paths();
        assert!(!open("AdministratorAccess").is_empty());
        assert!(!open("IAMFullAccess").is_empty());
        assert_eq!(open("AmazonECS_FullAccess").len(), 9);
        assert!(open("AmazonEC2ContainerRegistryPowerUser").is_empty());
        assert!(open("service-role/AmazonECSTaskExecutionRolePolicy").is_empty());
        assert!(open("ReadOnlyAccess").is_empty());
        let all: Vec<&str> = names().filter(|name| !open(name).is_empty()).collect();
        assert!(!open("job-function/DataScientist").is_empty());
        assert_eq!(all.len(), 23, "{all:?}");
    }
}
