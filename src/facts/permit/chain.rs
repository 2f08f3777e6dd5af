//! Chains of roles: who outside can have the first one, and what the last one holds.

use std::collections::{BTreeMap, VecDeque};

use super::escalate::{Escalation, Power, Powers};
use super::pattern::{Case, Pattern, Reading as How};
use super::principal::Grants;
use super::roles::Carriers;
use super::statement::Question;
use crate::facts::trust::alone::{opens_to_pull_requests, reach_of};
use crate::facts::trust::asking::pull_request_admitted;
use crate::facts::trust::subject::Reach;
use crate::facts::{Facts, facts};
use crate::logic::{Fact, Reason, Tri};
use crate::model::Id;
use crate::model::identity::Role;
use crate::source::Place;

facts! {
    Role {
        /// Whether others than those who may write to one branch or environment can have it: by its trust alone, or
        /// because a run of a pull request is let in.
        outside: Flag = outside,
        /// Whether a run of a pull request here surely gets it: then the finding is the job's.
        is_used_by_pull_requests: Flag = is_used_by_pull_requests,
        /// Whether somebody outside who has it comes to an administrator over other roles.
        leads_outsiders_to_administrator: Flag = leads_outsiders_to_administrator,
        /// Whether anybody outside who has it comes to data that only another role reads.
        leads_outsiders_to_data: Flag = leads_outsiders_to_data,
        /// Whether it may list all buckets and read all that is in them.
        reads_all_buckets: Flag = reads_all_buckets,
    }
}

fn outside(facts: &Facts<'_>, id: Id<Role>) -> Fact {
    let (reach, span) = reach_of(facts, id);
    let place = |words: &str| vec![Place::new(span.unwrap_or(facts.model[id].head.span), words)];
    let by_trust = match reach {
        Some(reach) if reach >= Reach::Kind => Fact::yes(place("whom the trust lets in")),
        Some(_) => Fact::no(place("")),
        None => Fact::unknown(Reason::at("no-value", "the subjects of the trust", facts.model[id].head.span)),
    };
    by_trust.or(pull_request_admitted(facts, id))
}

fn is_used_by_pull_requests(facts: &Facts<'_>, id: Id<Role>) -> Fact {
    let admitted = pull_request_admitted(facts, id);
    match admitted.tri {
        Tri::True => admitted,
        Tri::False | Tri::Unknown => Fact::no(vec![Place::new(facts.model[id].head.span, "")]),
    }
}

/// The shortest way over roles that ends where `is_end` says, one step per edge. The least that an edge and its end must
/// be is true, or not known.
fn shortest<'p>(
    powers: &'p Powers,
    start: Id<Role>,
    least: Tri,
    is_end: &dyn Fn(Id<Role>) -> Tri,
) -> Option<Vec<&'p Escalation>> {
    let mut came_by: BTreeMap<u32, (Id<Role>, &'p Escalation)> = BTreeMap::new();
    let mut open = VecDeque::from([start]);
    while let Some(role) = open.pop_front() {
        if role != start && is_end(role) >= least {
            let mut steps = Vec::new();
            let mut at = role;
            while let Some((before, step)) = came_by.get(&at.index) {
                steps.push(*step);
                at = *before;
            }
            steps.reverse();
            return Some(steps);
        }
        let escalations = powers.of(role).map(|of| of.escalations.as_slice()).unwrap_or_default();
        for escalation in escalations.iter().filter(|escalation| escalation.tri >= least) {
            let Some(target) = escalation.target else { continue };
            if target != start && !came_by.contains_key(&target.index) {
                came_by.insert(target.index, (role, escalation));
                open.push_back(target);
            }
        }
    }
    None
}

/// Who comes in, one step per edge, what stands at the end.
fn leads(facts: &Facts<'_>, id: Id<Role>, entry: Fact, is_end: &dyn Fn(Id<Role>) -> Tri, words: &str) -> Fact {
    let model = facts.model;
    let nothing = || Fact::no(vec![Place::new(model[id].head.span, "")]);
    if entry.tri == Tri::False {
        return nothing();
    }
    let powers = facts.analysis::<Powers>();
    let Some(of) = powers.of(id) else { return nothing() };
    // What the role may do itself is told of the role.
    if of.is_administrator == Tri::True || is_end(id) == Tri::True {
        return nothing();
    }
    let Some(steps) = shortest(&powers, id, Tri::True, is_end) else {
        return match (&of.open, shortest(&powers, id, Tri::Unknown, is_end)) {
            (Some(reason), _) => Fact::unknown(reason.clone()),
            (None, Some(_)) => Fact::unknown(Reason::at("no-value", "what it leads to", model[id].head.span)),
            (None, None) => nothing(),
        };
    };
    let mut places = Vec::new();
    for step in &steps {
        let Some(target) = step.target else { continue };
        places.extend(step.places.iter().take(1).cloned());
        let role = &model[target];
        places
            .push(Place::new(role.head.span, format!("so `{}` is had, too (path `{}`)", role.head.name, step.path.id)));
    }
    if let Some(last) = places.last_mut() {
        last.role = format!("{}: {words}", last.role);
    }
    entry.and(Fact::yes(places))
}

fn leads_outsiders_to_administrator(facts: &Facts<'_>, id: Id<Role>) -> Fact {
    let powers = facts.analysis::<Powers>();
    let is_end = |role: Id<Role>| powers.of(role).map_or(Tri::False, |of| of.is_administrator);
    leads(facts, id, outside(facts, id), &is_end, "it may do everything")
}

/// Data counts where the first role is open to more than those who may push.
fn leads_outsiders_to_data(facts: &Facts<'_>, id: Id<Role>) -> Fact {
    let (reach, span) = reach_of(facts, id);
    let span = span.unwrap_or(facts.model[id].head.span);
    let by_trust = match reach {
        Some(reach) if reach >= Reach::Repository => Fact::yes(vec![Place::new(span, "whom the trust lets in")]),
        Some(_) => Fact::no(vec![Place::new(span, "")]),
        None => Fact::unknown(Reason::at("no-value", "the subjects of the trust", span)),
    };
    let entry = by_trust.or(opens_to_pull_requests(facts, id)).or(pull_request_admitted(facts, id));
    let grants = facts.analysis::<Grants>();
    let powers = facts.analysis::<Powers>();
    let carriers = facts.analysis::<Carriers>();
    let is_end = |role: Id<Role>| {
        let is_administrator = powers.of(role).is_some_and(|of| of.power == Power::Administrator);
        if is_administrator || !carriers.run_code(role) {
            return Tri::False;
        }
        let Some(granted) = grants.of(role) else { return Tri::False };
        Tri::any(READS.iter().map(|action| granted.grants(&Question::some(action, Pattern::anything()))))
    };
    leads(facts, id, entry, &is_end, "it reads data")
}

/// What reads stores and secrets, and not only what describes them.
const READS: [&str; 9] = [
    "s3:GetObject",
    "secretsmanager:GetSecretValue",
    "ssm:GetParameter",
    "ssm:GetParameters",
    "ssm:GetParametersByPath",
    "dynamodb:GetItem",
    "dynamodb:Scan",
    "rds-data:ExecuteStatement",
    "rds-db:connect",
];

fn reads_all_buckets(facts: &Facts<'_>, id: Id<Role>) -> Fact {
    let model = facts.model;
    let span = model[id].head.span;
    let grants = facts.analysis::<Grants>();
    let Some(granted) = grants.of(id) else { return Fact::no(vec![Place::new(span, "")]) };
    let buckets = Pattern::parse("arn:aws:s3:::*", How::Literal, Case::Kept);
    let list = Question::all("s3:ListAllMyBuckets", buckets);
    let read = Question::all("s3:GetObject", Pattern::anything());
    let every = |pattern: &Pattern| {
        let part = super::scope::resource_part(pattern);
        pattern.is_everything()
            || part.is_some_and(|part| Pattern::of(part.to_vec()).to_string().trim_end_matches("/*") == "*")
    };
    let reads_all = granted.set.granting(&read).any(|index| {
        let statement = &granted.set.statements[index];
        !statement.resources.is_negated && statement.resources.patterns.iter().any(every)
    });
    match (granted.grants(&list), granted.grants(&read)) {
        (Tri::True, Tri::True) | (Tri::True, Tri::Unknown) if reads_all => {
            let mut places = granted.places(model, "s3:GetObject", &read);
            places.extend(granted.places(model, "s3:ListAllMyBuckets", &list));
            places.dedup();
            Fact::yes(places)
        }
        (Tri::False, _) | (_, Tri::False) | (Tri::True, _) => match &granted.open {
            Some(reason) => Fact::unknown(reason.clone()),
            None => Fact::no(vec![Place::new(span, "")]),
        },
        (Tri::Unknown, _) => Fact::unknown(Reason::at("scoped-by-condition", "s3:ListAllMyBuckets", span)),
    }
}
