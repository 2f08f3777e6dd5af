//! Network ACLs: which one guards a subnet, and whom its rules let in. The first rule that fits decides.

use std::collections::HashMap;

use super::rules::protocol_name;
use crate::facts::{Analysis, Facts};
use crate::logic::{Fact, Reason, Tri};
use crate::model::network::{AclRule, NetworkAcl, Subnet};
use crate::model::range::{Family, Range, RangeSet};
use crate::model::{Cell, Id, Link, Model, Reading, mark};
use crate::source::Place;

/// The ACLs that are declared, by the subnets that they guard.
struct Guards {
    of: HashMap<Id<Subnet>, Id<NetworkAcl>>,
    /// Why one of them may guard other subnets too.
    open: Option<Reason>,
}

impl Analysis for Guards {
    fn compute(facts: &Facts<'_>) -> Guards {
        let mut guards = Guards { of: HashMap::new(), open: None };
        for (id, acl) in facts.model.network.network_acls.iter() {
            guards.of.extend(acl.subnets.ids().map(|subnet| (subnet, id)));
            guards.open = guards.open.or_else(|| acl.subnets.open.clone());
        }
        guards
    }
}

/// Whether the ACL of a subnet lets the internet in on a port. The one that AWS makes with a VPC lets everything in, until
/// a block adopts it.
pub(super) fn lets_in(facts: &Facts<'_>, subnet: Id<Subnet>, family: Family, port: (&str, i64)) -> Fact {
    let model = facts.model;
    let guards = facts.analysis::<Guards>();
    if let Some(acl) = guards.of.get(&subnet) {
        return admits_world(model, *acl, &[family], Some(port));
    }
    if let Some(reason) = &guards.open {
        return Fact::unknown(reason.clone());
    }
    let vpc = match (model[subnet].vpc.id(), &model[subnet].vpc.link) {
        (Some(vpc), _) => vpc,
        (None, Link::Unknown(reason)) => return Fact::unknown(reason.clone()),
        (None, Link::Absent | Link::To(_)) => return Fact::yes(Vec::new()),
    };
    let mut defaults = model.network.network_acls.iter().filter(|(_, acl)| acl.is_default.tri() == Tri::True);
    match defaults.find(|(_, acl)| acl.vpc.id() == Some(vpc)) {
        Some((adopted, _)) => admits_world(model, adopted, &[family], Some(port)),
        None => Fact::yes(Vec::new()),
    }
}

/// Whether a network ACL lets the internet in on a port of remote shells or desktops: the first rule that fits decides.
pub(super) fn opens_admin_port(facts: &Facts<'_>, id: Id<NetworkAcl>) -> Fact {
    Fact::any(super::ports::ADMIN.map(|port| admits_world(facts.model, id, &Family::BOTH, Some(("tcp", port)))))
}

/// Whether a network ACL lets the internet in on every port.
pub(super) fn opens_every_port(facts: &Facts<'_>, id: Id<NetworkAcl>) -> Fact {
    admits_world(facts.model, id, &Family::BOTH, None)
}

/// Whether the rules of an ACL let the internet of one of these families in on a port, or on all of them.
fn admits_world(model: &Model, id: Id<NetworkAcl>, families: &[Family], port: Option<(&str, i64)>) -> Fact {
    let acl = &model[id];
    let mut rules: Vec<(i64, &AclRule)> = Vec::new();
    for rule in acl.rules.ids().map(|rule| &model[rule]) {
        if rule.outbound.tri() == Tri::True || rule.head.presence == Tri::False {
            continue;
        }
        match rule.number.get() {
            Reading::Known(number) => rules.push((number.as_i64().unwrap_or(i64::MAX), rule)),
            Reading::Absent => rules.push((i64::MAX, rule)),
            Reading::Unknown(reason) => return Fact::unknown(reason),
        }
    }
    rules.sort_by_key(|(number, _)| *number);
    let mut denied: Vec<Range> = Vec::new();
    let mut doubt: Option<Reason> = None;
    for (_, rule) in rules {
        let covers = covers(rule, port);
        if covers == Tri::False {
            continue;
        }
        let range = rule.range.as_str().and_then(Range::parse);
        let (Some(range), Tri::True, Some(allow)) = (range, covers.and(rule.head.presence), rule.allow.get().known())
        else {
            doubt = Some(Reason::at("no-value", acl.head.name.clone(), rule.head.span));
            continue;
        };
        if !allow {
            denied.push(range);
            continue;
        }
        if !families.contains(&range.family) {
            continue;
        }
        let left = RangeSet::of(range.family, [range]).without(&RangeSet::of(range.family, denied.iter().copied()));
        if left.is_world() {
            return match doubt {
                Some(reason) => Fact::unknown(reason),
                None => Fact::yes(vec![Place::new(rule.head.span, "this rule lets the whole internet in")]),
            };
        }
    }
    match doubt.or(acl.rules.open.clone()) {
        Some(reason) => Fact::unknown(reason),
        None => Fact::no(Vec::new()),
    }
}

fn covers(rule: &AclRule, port: Option<(&str, i64)>) -> Tri {
    let asked = port.map_or("tcp", |(protocol, _)| protocol);
    match rule.protocol.as_str().map(protocol_name).as_deref() {
        Some("-1") => return Tri::True,
        Some(own) if own == asked => {}
        Some(_) => return Tri::False,
        None => return Tri::Unknown,
    }
    let number = |cell: &Cell<mark::Number>| cell.get().known().and_then(|number| number.as_i64());
    match (number(&rule.from_port), number(&rule.to_port), port) {
        (Some(from), Some(to), Some((_, port))) => Tri::from(from <= port && port <= to),
        (Some(from), Some(to), None) => Tri::from(from <= 1 && to >= 65535),
        (_, None, _) | (None, _, _) => Tri::Unknown,
    }
}
