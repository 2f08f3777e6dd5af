//! Lists of AWS knowledge that no public table holds (`data/aws-lists.txt`).

use std::sync::LazyLock;

use super::actions::{KeyType, matches_name};

pub(super) static TEXT: &str = include_str!("../../data/aws-lists.txt");

/// A condition key that every service knows.
#[derive(Debug)]
pub struct GlobalKey {
    pub name: &'static str,
    pub kind: KeyType,
    pub is_always_present: bool,
}

/// What an action acts on, where policies often name another type of the same service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActsOn {
    Arn(&'static str),
    /// Anything whose name has no slash: a bucket, no object.
    WithoutSlash,
}

#[derive(Default)]
struct Lists {
    global_keys: Vec<GlobalKey>,
    without_resource: Vec<&'static str>,
    acts_on: Vec<(&'static str, ActsOn)>,
    read_data: Vec<Vec<&'static str>>,
    expose: Vec<Vec<&'static str>>,
    blind: Vec<Vec<&'static str>>,
    credential: Vec<Vec<&'static str>>,
    source_advised: Vec<&'static str>,
    retired: Vec<&'static str>,
    sensitive_services: Vec<&'static str>,
    control_plane: Vec<&'static str>,
    deprecated_keys: Vec<(&'static str, Vec<&'static str>)>,
    paired_keys: Vec<(&'static str, Vec<&'static str>)>,
}

static LISTS: LazyLock<Lists> = LazyLock::new(|| {
    let mut lists = Lists::default();
    for line in TEXT.lines().filter(|line| !line.starts_with('#')) {
        let fields: Vec<&'static str> = line.split('\t').collect();
        let [list, first, rest @ ..] = &*fields else { continue };
        let group = || first.split(',').collect();
        match *list {
            "global-key" => lists.global_keys.push(GlobalKey {
                name: first,
                kind: KeyType::parse(rest.first().unwrap_or(&"")),
                is_always_present: rest.get(1) == Some(&"always"),
            }),
            "no-resource" => lists.without_resource.push(first),
            "acts-on" => lists.acts_on.extend(rest.first().map(|shape| match *shape {
                "!/" => (*first, ActsOn::WithoutSlash),
                arn => (*first, ActsOn::Arn(arn)),
            })),
            "deprecated-key" => lists.deprecated_keys.push((first, keys_of(rest))),
            "paired-key" => lists.paired_keys.push((first, keys_of(rest))),
            "read-data" => lists.read_data.push(group()),
            "expose" => lists.expose.push(group()),
            "blind" => lists.blind.push(group()),
            "credential" => lists.credential.push(group()),
            "retired" => lists.retired.push(first),
            "source-advised" => lists.source_advised.push(first),
            "sensitive-service" => lists.sensitive_services.push(first),
            "control-plane" => lists.control_plane.extend(first.split(',')),
            _ => {}
        }
    }
    lists
});

fn keys_of(rest: &[&'static str]) -> Vec<&'static str> {
    rest.first().map_or_else(Vec::new, |keys| keys.split(',').collect())
}

fn find_key(all: &'static [(&'static str, Vec<&'static str>)], name: &str) -> Option<&'static [&'static str]> {
    all.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, keys)| keys.as_slice())
}

/// The keys that AWS has instead of one that it keeps for old policies.
pub fn newer_keys(name: &str) -> Option<&'static [&'static str]> {
    find_key(&LISTS.deprecated_keys, name)
}

/// The keys of which one belongs beside another key.
pub fn paired_keys(name: &str) -> Option<&'static [&'static str]> {
    find_key(&LISTS.paired_keys, name)
}

pub fn global_key(name: &str) -> Option<&'static GlobalKey> {
    LISTS.global_keys.iter().find(|key| matches_name(key.name, name))
}

pub fn global_keys() -> &'static [GlobalKey] {
    &LISTS.global_keys
}

/// Reviewed: an ARN in Resource grants nothing of this action.
pub fn surely_takes_no_resource(action: &str) -> bool {
    LISTS.without_resource.iter().any(|listed| matches_name(listed, action))
}

/// Reviewed: what else in Resource grants nothing of this action.
pub fn acts_on(action: &str) -> Option<ActsOn> {
    LISTS.acts_on.iter().find(|(listed, _)| listed.eq_ignore_ascii_case(action)).map(|(_, shape)| *shape)
}

/// The ARNs that actions act on.
pub fn shapes() -> impl Iterator<Item = &'static str> {
    LISTS.acts_on.iter().filter_map(|(_, shape)| match shape {
        ActsOn::Arn(arn) => Some(*arn),
        ActsOn::WithoutSlash => None,
    })
}

/// Actions that read data; those of one row are needed together.
pub fn read_data() -> &'static [Vec<&'static str>] {
    &LISTS.read_data
}

/// Whether an action of the service is among those that read data.
pub fn is_data_service(prefix: &str) -> bool {
    LISTS.read_data.iter().flatten().any(|name| name.split(':').next() == Some(prefix))
}

/// Actions that open data to others.
pub fn expose() -> &'static [Vec<&'static str>] {
    &LISTS.expose
}

/// Actions that end the watching.
pub fn blind() -> &'static [Vec<&'static str>] {
    &LISTS.blind
}

/// Actions that make or return credentials.
pub fn credential() -> &'static [Vec<&'static str>] {
    &LISTS.credential
}

/// Service principals for which AWS advises a source condition in the trust.
pub fn is_source_advised(service_principal: &str) -> bool {
    LISTS.source_advised.contains(&service_principal)
}

/// Services that manage other things, and that applications hardly ever call.
pub fn is_control_plane(prefix: &str) -> bool {
    LISTS.control_plane.contains(&prefix)
}

/// An action that is gone, and that default policies of AWS still name.
pub fn is_retired(action: &str) -> bool {
    LISTS.retired.iter().any(|listed| listed.eq_ignore_ascii_case(action))
}

pub fn is_sensitive_service(prefix: &str) -> bool {
    LISTS.sensitive_services.iter().any(|listed| listed.eq_ignore_ascii_case(prefix))
}

#[cfg(test)]
mod tests {
    use super::{
        ActsOn, acts_on, blind, credential, expose, global_key, is_source_advised, read_data, surely_takes_no_resource,
    };

    #[test]
    fn lists_are_read() {
        assert_eq!(super::newer_keys("AWS:arn"), Some(&["aws:PrincipalArn", "aws:SourceArn"][..]));
        assert!(super::paired_keys("aws:vpcsourceip").is_some_and(|keys| keys.contains(&"aws:SourceVpc")));
        assert!(global_key("aws:principalarn").is_some_and(|key| key.is_always_present));
        assert!(global_key("aws:PrincipalTag/team").is_some_and(|key| !key.is_always_present));
        assert!(surely_takes_no_resource("ecr:GetAuthorizationToken"));
        assert_eq!(acts_on("s3:listbucket"), Some(ActsOn::WithoutSlash));
        assert!(matches!(acts_on("iam:PassRole"), Some(ActsOn::Arn(_))));
        assert!(read_data().iter().any(|group| *group == ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]));
        assert!(expose().len() > 30 && blind().len() > 9 && credential().len() > 20);
        assert!(is_source_advised("ecs-tasks.amazonaws.com"));
    }
}
