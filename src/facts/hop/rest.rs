//! Data at rest: what is encrypted, and whose key it is.

use std::collections::BTreeMap;

use crate::facts::{Analysis, Facts};
use crate::logic::{Fact, Reason, Tri};
use crate::model::data::{AtRest, Bucket, Database, Disk, Key};
use crate::model::network::LoadBalancer;
use crate::model::{AnyId, Cell, Id, Link, Model, One, Reading, ResourceMode, mark};
use crate::source::Place;
use crate::value::{Origin, Value};

pub(in crate::facts) fn encrypted(facts: &Facts<'_>, id: Id<AtRest>) -> Fact {
    let thing = &facts.model[id];
    of_flag(&thing.encryption, thing.head.span)
}

fn of_flag(cell: &Cell<mark::Flag>, otherwise: crate::source::Span) -> Fact {
    match cell.get() {
        Reading::Known(flag) => {
            Fact::new(Tri::from(flag), vec![Place::new(cell.origin().span().unwrap_or(otherwise), "")])
        }
        Reading::Absent => Fact::unknown(Reason::at("no-value", "encryption", otherwise)),
        Reading::Unknown(reason) => Fact::unknown(reason),
    }
}

/// A key that somebody here holds: declared, or named by its ARN or alias; not one that AWS keeps for the service.
pub(super) fn own_key(model: &Model, edge: &One<Key>) -> Fact {
    match (&edge.link, edge.id()) {
        (Link::To(_), Some(key)) => match model[key].is_aws_managed.get() {
            Reading::Known(managed) => Fact::new(Tri::from(!managed), Vec::new()),
            Reading::Absent => Fact::yes(Vec::new()),
            Reading::Unknown(reason) => Fact::unknown(reason),
        },
        (Link::Absent, _) => Fact::no(Vec::new()),
        (Link::Unknown(reason), _) => Fact::unknown(reason.clone()),
        (Link::To(_), None) => Fact::yes(Vec::new()),
    }
}

pub(in crate::facts) fn has_own_key(facts: &Facts<'_>, id: Id<AtRest>) -> Fact {
    let thing = &facts.model[id];
    let mut fact = own_key(facts.model, &thing.key);
    fact.places
        .insert(0, Place::new(thing.head.span, format!("`{}` is under the key of the service", thing.head.name)));
    fact
}

/// Buckets that receive logs take AWS's encryption only.
pub(super) fn can_have_own_key(facts: &Facts<'_>, id: Id<AtRest>) -> Fact {
    let model = facts.model;
    let Some(bucket) = model[id].bucket.id() else {
        return Fact::yes(Vec::new());
    };
    let bucket = &model[bucket];
    let of_balancers = bucket.logging_load_balancers.ids().map(|balancer| {
        let balancer: &LoadBalancer = &model[balancer];
        !balancer.kind.equals("network")
    });
    let receives = Tri::any(of_balancers).or(Tri::from(!bucket.logging_buckets.members.is_empty()));
    match receives {
        Tri::Unknown => Fact::unknown(Reason::at("no-value", bucket.head.name.clone(), bucket.head.span)),
        known => Fact::new(!known, Vec::new()),
    }
}

/// Explicitly false, and no default of the account stands against it.
pub(super) fn refuses_encryption(facts: &Facts<'_>, id: Id<Disk>) -> Fact {
    let disk = &facts.model[id];
    if disk.encrypted.is_default() {
        return Fact::no(Vec::new());
    }
    !of_flag(&disk.encrypted, disk.head.span)
}

/// Resource types of snapshots, and the attribute that names what they copy.
const SNAPSHOTS: [(&str, &str); 5] = [
    ("aws_db_snapshot", "db_instance_identifier"),
    ("aws_db_cluster_snapshot", "db_cluster_identifier"),
    ("aws_docdb_cluster_snapshot", "db_cluster_identifier"),
    ("aws_neptune_cluster_snapshot", "db_cluster_identifier"),
    ("aws_ebs_snapshot", "volume_id"),
];

/// What is copied by a snapshot that is declared here.
struct Copied {
    by: BTreeMap<AnyId, Place>,
}

impl Analysis for Copied {
    fn compute(facts: &Facts<'_>) -> Copied {
        let model = facts.model;
        let mut by = BTreeMap::new();
        for (type_name, attribute) in SNAPSHOTS {
            for (_, resource) in model.resources_of(ResourceMode::Managed, type_name) {
                let value = resource.body.as_map().and_then(|body| body.entries.get(attribute));
                let Some(reference) = value.and_then(Value::as_reference) else { continue };
                let head = &resource.head;
                for copied in model.resolve(reference) {
                    let place = || Place::new(head.span, format!("`{}` copies it as it is", head.name));
                    by.entry(*copied).or_insert_with(place);
                }
            }
        }
        Copied { by }
    }
}

pub(super) fn database_snapshot_in_clear(facts: &Facts<'_>, id: Id<Database>) -> Fact {
    let database = &facts.model[id];
    let taken = copy_of(facts, id.into());
    // A cluster whose flag nobody wrote is AWS's to decide; only Aurora's clusters are known to begin encrypted.
    taken.and(!of_flag(&database.encrypted, database.head.span))
}

pub(super) fn disk_snapshot_in_clear(facts: &Facts<'_>, id: Id<Disk>) -> Fact {
    let disk = &facts.model[id];
    copy_of(facts, id.into()).and(!of_flag(&disk.encrypted, disk.head.span))
}

/// Whether a snapshot of something is declared here.
fn copy_of(facts: &Facts<'_>, id: AnyId) -> Fact {
    match facts.analysis::<Copied>().by.get(&id) {
        Some(place) => Fact::yes(vec![place.clone()]),
        None => Fact::no(Vec::new()),
    }
}

/// Which load balancers write their logs here, the strictest first.
pub(super) fn receives_lb_logs(facts: &Facts<'_>, id: Id<Bucket>) -> (Value, Vec<Place>) {
    let model = facts.model;
    let bucket = &model[id];
    let written = || Origin::written(bucket.head.span);
    for kind in ["application", "classic", "network"] {
        for (balancer, origin) in &bucket.logging_load_balancers.members {
            let Some(balancer) = balancer.typed::<LoadBalancer>() else { continue };
            let head = &model[balancer].head;
            let place = Place::new(origin.span().unwrap_or(head.span), format!("`{}` writes its logs here", head.name));
            match model[balancer].kind.equals(kind) {
                Tri::True => return (Value::text(kind, written()), vec![place]),
                Tri::False => {}
                Tri::Unknown => {
                    let reason = Reason::at("no-value", head.name.clone(), head.span);
                    return (Value::unknown(reason, written()), vec![place]);
                }
            }
        }
    }
    (Value::text("none", written()), Vec::new())
}

pub(super) fn receives_access_logs(facts: &Facts<'_>, id: Id<Bucket>) -> Fact {
    let bucket = &facts.model[id];
    let receives = !bucket.logging_buckets.members.is_empty() || !bucket.logging_load_balancers.members.is_empty();
    Fact::new(Tri::from(receives), Vec::new())
}

/// A load balancer here cannot write its logs: AWS takes them under its own encryption, or under an own key of a
/// network load balancer.
pub(super) fn refuses_lb_logs(facts: &Facts<'_>, id: Id<Bucket>) -> Fact {
    let model = facts.model;
    let bucket = &model[id];
    let under_kms = bucket.algorithm.equals("aws:kms").or(bucket.algorithm.equals("aws:kms:dsse"));
    let place = bucket.algorithm.origin().span().unwrap_or(bucket.head.span);
    let (kind, mut places) = receives_lb_logs(facts, id);
    let strict = match kind.as_str() {
        Some("application" | "classic") => Fact::yes(Vec::new()),
        Some("network") => !own_key(model, &bucket.key),
        Some(_) => Fact::no(Vec::new()),
        None => Fact::unknown(Reason::at("no-value", bucket.head.name.clone(), bucket.head.span)),
    };
    let algorithm = match under_kms {
        Tri::Unknown => Fact::unknown(Reason::at("no-value", "sse_algorithm", place)),
        known => Fact::new(known, Vec::new()),
    };
    let mut fact = strict.and(algorithm);
    places.insert(0, Place::new(place, "its objects are put under KMS"));
    fact.places = places;
    fact
}

const FLAGS: [&str; 4] = ["block_public_policy", "restrict_public_buckets", "block_public_acls", "ignore_public_acls"];

/// All four switches of the bucket, or those of the account. Without any, AWS's default for new buckets holds.
pub(super) fn blocks_public_access(facts: &Facts<'_>, id: Id<Bucket>) -> Fact {
    let model = facts.model;
    let bucket = &model[id];
    let own = all_flags(&bucket.block_flags, bucket.head.span);
    let of_account = account_blocks(model, &bucket.head);
    match own {
        Some(own) => own.or(of_account),
        None => Fact::yes(Vec::new()),
    }
}

fn account_blocks(model: &Model, home: &crate::model::Head) -> Fact {
    let root = |head: &crate::model::Head| head.terraform.as_ref().map(|reference| reference.root.clone());
    let blocks = model.data.account_access_blocks.iter().filter(|(_, block)| root(&block.head) == root(home));
    Fact::any(blocks.filter_map(|(_, block)| all_flags(&block.block_flags, block.head.span)))
}

/// Nothing where no block is declared.
fn all_flags(cell: &Cell<mark::Entries>, otherwise: crate::source::Span) -> Option<Fact> {
    let flags = match cell.get() {
        Reading::Known(flags) => flags,
        Reading::Absent => return None,
        Reading::Unknown(reason) => return Some(Fact::unknown(reason)),
    };
    let mut places = Vec::new();
    let mut doubt = None;
    for name in FLAGS {
        let Some(value) = flags.entries.get(name) else { continue };
        let place = value.origin.span().unwrap_or(otherwise);
        let cell: Cell<mark::Flag> = Cell::of(value.clone());
        match cell.get() {
            Reading::Known(true) => {}
            Reading::Known(false) | Reading::Absent => places.push(Place::new(place, format!("`{name}` is off"))),
            Reading::Unknown(reason) => doubt = Some(reason),
        }
    }
    Some(match (places.is_empty(), doubt) {
        (false, _) => Fact::no(places),
        (true, Some(reason)) => Fact::unknown(reason),
        (true, None) => Fact::yes(Vec::new()),
    })
}

/// No block is declared for the bucket or the account: AWS's default alone keeps it closed.
pub(super) fn relies_on_default_block(facts: &Facts<'_>, id: Id<Bucket>) -> Fact {
    let bucket = &facts.model[id];
    let place = || vec![Place::new(bucket.head.span, "no public access block is declared for it")];
    match bucket.block_flags.get() {
        Reading::Known(_) => Fact::no(Vec::new()),
        Reading::Absent => Fact { places: place(), ..!account_blocks(facts.model, &bucket.head) },
        Reading::Unknown(reason) => Fact::unknown(reason),
    }
}

/// Grants to everyone, or to every account, that no switch ignores.
pub(super) fn acl_is_open(facts: &Facts<'_>, id: Id<Bucket>) -> Fact {
    let bucket = &facts.model[id];
    public_acl(bucket).and(!acls_ignored(facts, id))
}

/// The same, although a switch makes it moot today.
pub(super) fn acl_is_masked(facts: &Facts<'_>, id: Id<Bucket>) -> Fact {
    let bucket = &facts.model[id];
    let ignored = acls_ignored(facts, id);
    let public = public_acl(bucket);
    let places = public.places.clone();
    Fact { places, ..public.and(ignored) }
}

fn public_acl(bucket: &Bucket) -> Fact {
    let place = bucket.acl.origin().span().unwrap_or(bucket.head.span);
    let canned = match bucket.acl.get() {
        Reading::Known(acl) => match acl.known() {
            Some(acl) => {
                let open = matches!(acl, "public-read" | "public-read-write" | "authenticated-read" | "website");
                Fact::new(Tri::from(open), vec![Place::new(place, "this ACL opens the bucket")])
            }
            None => Fact::unknown(Reason::at("no-value", "acl", place)),
        },
        Reading::Absent => Fact::no(Vec::new()),
        Reading::Unknown(reason) => Fact::unknown(reason),
    };
    let grants = match bucket.acl_grants.get() {
        Reading::Known(list) => Fact::any(list.items.iter().map(|grant| {
            let place = grant.origin.span().unwrap_or(bucket.head.span);
            match grant.as_str() {
                Some(text) => {
                    let open = text.ends_with("/global/AllUsers") || text.ends_with("/global/AuthenticatedUsers");
                    Fact::new(Tri::from(open), vec![Place::new(place, "this grant opens the bucket")])
                }
                None => Fact::unknown(Reason::at("no-value", "a grant", place)),
            }
        })),
        Reading::Absent => Fact::no(Vec::new()),
        Reading::Unknown(reason) => Fact::unknown(reason),
    };
    canned.or(grants)
}

fn acls_ignored(facts: &Facts<'_>, id: Id<Bucket>) -> Fact {
    let bucket = &facts.model[id];
    if bucket.ownership.equals("BucketOwnerEnforced") == Tri::True {
        return Fact::yes(Vec::new());
    }
    let flags = match bucket.block_flags.get() {
        Reading::Known(flags) => flags,
        Reading::Absent => return account_blocks(facts.model, &bucket.head),
        Reading::Unknown(reason) => return Fact::unknown(reason),
    };
    let Some(value) = flags.entries.get("ignore_public_acls") else { return Fact::no(Vec::new()) };
    let cell: Cell<mark::Flag> = Cell::of(value.clone());
    of_flag(&cell, bucket.head.span).or(account_blocks(facts.model, &bucket.head))
}

/// Ownership that keeps ACLs in force. AWS switches them off for new buckets; only a written setting counts.
pub(super) fn acls_are_on(facts: &Facts<'_>, id: Id<Bucket>) -> Fact {
    let bucket = &facts.model[id];
    let place = bucket.ownership.origin().span().unwrap_or(bucket.head.span);
    match bucket.ownership.get() {
        Reading::Known(word) => match word.equals_str("BucketOwnerEnforced") {
            Tri::Unknown => Fact::unknown(Reason::at("no-value", "object_ownership", place)),
            known => Fact::new(!known, vec![Place::new(place, "ACLs stay in force")]),
        },
        Reading::Absent => Fact::no(Vec::new()),
        Reading::Unknown(reason) => Fact::unknown(reason),
    }
}

/// Old versions of objects stay.
pub(super) fn is_versioned(facts: &Facts<'_>, id: Id<Bucket>) -> Fact {
    let bucket = &facts.model[id];
    let place = bucket.versioning.origin().span().unwrap_or(bucket.head.span);
    let places = vec![Place::new(place, "versioning is not enabled")];
    match bucket.versioning.get() {
        Reading::Known(status) => match status.equals_str("Enabled") {
            Tri::Unknown => Fact::unknown(Reason::at("no-value", "status", place)),
            known => Fact::new(known, places),
        },
        Reading::Absent => Fact::no(vec![Place::new(bucket.head.span, "no versioning is declared for it")]),
        Reading::Unknown(reason) => Fact::unknown(reason),
    }
}

/// Access logs go to a bucket that is not declared here.
pub(super) fn is_logged_elsewhere(facts: &Facts<'_>, id: Id<Bucket>) -> Fact {
    match &facts.model[id].log_bucket.link {
        Link::To(_) => Fact::yes(Vec::new()),
        Link::Absent => Fact::no(Vec::new()),
        // A bucket that is named is set, whoever declares it.
        Link::Unknown(reason) if facts.model[id].log_target.is_present() == Tri::True => {
            let _ = reason;
            Fact::yes(Vec::new())
        }
        Link::Unknown(reason) => Fact::unknown(reason.clone()),
    }
}
