//! The account's switch that keeps VPCs off the internet: what it lets through, per subnet.

use crate::logic::{Fact, Reason, Tri};
use crate::model::network::{Subnet, VpcPublicAccessBlock};
use crate::model::{Entity, Id, Link, Model, One, Reading};
use crate::source::Place;

/// What crosses the internet gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Traffic {
    Inbound,
    OutboundByOwnAddress,
    Nat,
    EgressOnlyGateway,
    /// What a firewall sends on: blocked both ways, unless its own subnet is left out.
    Inspected,
}

/// Whether the switch lets this traffic of the subnet pass. Off unless the repository declares it.
pub(super) fn lets_through(model: &Model, subnet: Id<Subnet>, traffic: Traffic) -> Fact {
    let root = |entity: &crate::model::Head| entity.terraform.as_ref().map(|reference| reference.root.clone());
    let home = root(&model[subnet].head);
    let blocks = model.network.vpc_public_access_blocks.iter().filter(|(_, block)| root(&block.head) == home);
    Fact::all(blocks.map(|(_, block)| one_block(model, block, subnet, traffic)))
}

fn one_block(model: &Model, block: &VpcPublicAccessBlock, subnet: Id<Subnet>, traffic: Traffic) -> Fact {
    let place = || block.mode.origin().span().unwrap_or(block.head.span);
    let mode = match block.mode.get() {
        Reading::Known(mode) => mode.known().map(str::to_owned),
        Reading::Absent => Some("off".to_owned()),
        Reading::Unknown(reason) => return Fact::unknown(reason),
    };
    let Some(mode) = mode else {
        return Fact::unknown(Reason::at("no-value", block.head.name.clone(), place()));
    };
    let places = vec![Place::new(place(), format!("public access is blocked (`{mode}`)"))];
    let with = |exclusion: &str| passes(&mode, exclusion, traffic);
    let plain = with("none");
    let mut verdict = plain;
    let mut reasons = Vec::new();
    for exclusion in block.exclusions.ids().map(|id| &model[id]) {
        let applies =
            exclusion.head.presence.and(same(&exclusion.subnet, subnet).or(covers_vpc(model, exclusion, subnet)));
        let allowed = match exclusion.mode.as_str() {
            Some(word) => with(word),
            None => Tri::Unknown,
        };
        match applies.and(allowed) {
            Tri::True => verdict = Tri::True,
            Tri::Unknown if verdict == Tri::False => {
                verdict = Tri::Unknown;
                reasons.push(Reason::at("exclusion-unknown", exclusion.head.name.clone(), exclusion.head.span));
            }
            Tri::Unknown | Tri::False => {}
        }
    }
    let not_there = Fact::new(!block.head.presence, Vec::new());
    let decided = Fact { reasons, ..Fact::new(verdict, places) };
    let mut fact = not_there.or(decided);
    if fact.tri == Tri::Unknown && fact.reasons.is_empty() {
        fact.reasons.extend(block.head.presence_reason.clone());
    }
    fact
}

fn covers_vpc(model: &Model, exclusion: &crate::model::network::VpcPublicAccessExclusion, subnet: Id<Subnet>) -> Tri {
    match (&exclusion.vpc.link, &model[subnet].vpc.link) {
        (Link::To(of_exclusion), Link::To(of_subnet)) => Tri::from(of_exclusion == of_subnet),
        (Link::Absent, _) | (_, Link::Absent) => Tri::False,
        (Link::Unknown(_), _) | (_, Link::Unknown(_)) => Tri::Unknown,
    }
}

fn same<E: Entity>(edge: &One<E>, id: Id<E>) -> Tri {
    match &edge.link {
        Link::To(_) => Tri::from(edge.id() == Some(id)),
        Link::Absent => Tri::False,
        Link::Unknown(_) => Tri::Unknown,
    }
}

/// AWS's table of modes and exclusions.
fn passes(mode: &str, exclusion: &str, traffic: Traffic) -> Tri {
    let allowed = match (mode, exclusion) {
        ("off", _) | ("block-ingress" | "block-bidirectional", "allow-bidirectional") => true,
        ("block-ingress", "none" | "allow-egress") | ("block-bidirectional", "allow-egress") => {
            matches!(traffic, Traffic::Nat | Traffic::EgressOnlyGateway)
        }
        ("block-bidirectional", "none") => false,
        _ => return Tri::Unknown,
    };
    Tri::from(allowed)
}

#[cfg(test)]
mod tests {
    use super::{Traffic, passes};
    use crate::logic::Tri::{False, True};

    #[test]
    fn modes_and_exclusions() {
        assert_eq!(passes("block-bidirectional", "none", Traffic::Nat), False);
        assert_eq!(passes("block-bidirectional", "allow-egress", Traffic::Nat), True);
        assert_eq!(passes("block-ingress", "none", Traffic::Inbound), False);
        assert_eq!(passes("block-ingress", "none", Traffic::OutboundByOwnAddress), False);
        assert_eq!(passes("block-ingress", "none", Traffic::EgressOnlyGateway), True);
        assert_eq!(passes("block-bidirectional", "allow-bidirectional", Traffic::Inbound), True);
        assert_eq!(passes("off", "none", Traffic::Inbound), True);
    }
}
