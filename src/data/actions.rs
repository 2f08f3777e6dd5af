//! All actions of all AWS services: level, resource types, condition keys. A service is decoded when first asked for.

use std::sync::{LazyLock, OnceLock};

use super::pack::Unpacker;

pub(super) static PACKED: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/aws-actions.bin"));

/// The day of the table, for messages about what it does not know.
pub const DATE: &str = "23 September 2026";

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    List,
    Read,
    Write,
    Permissions,
    Tagging,
}

impl Level {
    const ALL: [Level; 5] = [Level::List, Level::Read, Level::Write, Level::Permissions, Level::Tagging];

    pub fn letter(self) -> char {
        match self {
            Level::List => 'L',
            Level::Read => 'R',
            Level::Write => 'W',
            Level::Permissions => 'P',
            Level::Tagging => 'T',
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeyType {
    String,
    ArrayOfString,
    Arn,
    ArrayOfArn,
    Bool,
    ArrayOfBool,
    Numeric,
    Date,
    IpAddress,
}

impl KeyType {
    const ALL: [KeyType; 9] = [
        KeyType::String,
        KeyType::ArrayOfString,
        KeyType::Arn,
        KeyType::ArrayOfArn,
        KeyType::Bool,
        KeyType::ArrayOfBool,
        KeyType::Numeric,
        KeyType::Date,
        KeyType::IpAddress,
    ];

    pub fn has_many_values(self) -> bool {
        matches!(self, KeyType::ArrayOfString | KeyType::ArrayOfArn | KeyType::ArrayOfBool)
    }

    pub(super) fn parse(word: &str) -> KeyType {
        match word {
            "ArrayOfString" => KeyType::ArrayOfString,
            "ARN" => KeyType::Arn,
            "ArrayOfARN" => KeyType::ArrayOfArn,
            "Bool" => KeyType::Bool,
            "ArrayOfBool" => KeyType::ArrayOfBool,
            "Numeric" => KeyType::Numeric,
            "Date" => KeyType::Date,
            "IPAddress" => KeyType::IpAddress,
            _ => KeyType::String,
        }
    }
}

/// A condition key; `*` in its name matches any text.
#[derive(Debug)]
pub struct Key {
    pub name: String,
    pub kind: KeyType,
}

#[derive(Debug)]
pub struct ResourceType {
    pub name: String,
    /// `arn:${Partition}:ecs:${Region}:${Account}:cluster/${ClusterName}`.
    pub arn: String,
    keys: usize,
}

#[derive(Debug)]
pub struct Action {
    pub name: String,
    pub level: Level,
    /// The sources disagree on whether it takes a resource.
    pub is_disputed: bool,
    types: Option<usize>,
    keys: Option<usize>,
    dependents: Option<usize>,
}

#[derive(Debug)]
pub struct Service {
    pub prefix: &'static str,
    pub name: &'static str,
    pub is_under_rcp: bool,
    pub keys: Vec<Key>,
    pub types: Vec<ResourceType>,
    /// In the order of the alphabet, without regard to case.
    pub actions: Vec<Action>,
    key_sets: Vec<Vec<usize>>,
    type_sets: Vec<Vec<usize>>,
    dependents: Vec<String>,
    dependent_sets: Vec<Vec<usize>>,
}

impl Service {
    /// By name, without regard to case, as IAM compares.
    pub fn action(&self, name: &str) -> Option<&Action> {
        let order = |action: &Action| compared(action.name.as_bytes(), name.as_bytes());
        self.actions.binary_search_by(order).ok().map(|index| &self.actions[index])
    }

    /// The numbers of the actions whose names begin so, without regard to case.
    pub fn beginning_with(&self, beginning: &str) -> std::ops::Range<usize> {
        let order = |action: &Action| {
            let lower = action.name.bytes().take(beginning.len()).map(|byte| byte.to_ascii_lowercase());
            lower.cmp(beginning.bytes().map(|byte| byte.to_ascii_lowercase()))
        };
        let start = self.actions.partition_point(|action| order(action).is_lt());
        let length = self.actions[start..].partition_point(|action| order(action).is_eq());
        start..start + length
    }

    /// Whether a name, in which `*` and `?` stand for others, matches any action.
    pub fn has_match(&self, name: &str) -> bool {
        match name.contains(['*', '?']) {
            true => self.matching(name).next().is_some(),
            false => self.action(name).is_some(),
        }
    }

    /// The actions that a name with `*` and `?` matches.
    pub fn matching<'a>(&'a self, pattern: &'a str) -> impl Iterator<Item = &'a Action> {
        self.actions.iter().filter(move |action| matches_name(pattern, &action.name))
    }

    /// The resource types of an action, each with whether a request always names one.
    pub fn types_of(&self, action: &Action) -> impl Iterator<Item = (&ResourceType, bool)> {
        let set = action.types.and_then(|set| self.type_sets.get(set));
        set.into_iter().flatten().filter_map(|number| self.types.get(number / 2).map(|kind| (kind, number % 2 == 1)))
    }

    /// The condition keys of an action: its own and those of its resource types.
    pub fn keys_of<'a>(&'a self, action: &'a Action) -> impl Iterator<Item = &'a Key> {
        let own = action.keys.and_then(|set| self.key_sets.get(set));
        let of_types = self.types_of(action).filter_map(|(kind, _)| self.key_sets.get(kind.keys));
        own.into_iter().chain(of_types).flatten().filter_map(|index| self.keys.get(*index))
    }

    /// `service:Action` of what an action needs besides itself.
    pub fn dependents_of(&self, action: &Action) -> impl Iterator<Item = &str> {
        let set = action.dependents.and_then(|set| self.dependent_sets.get(set));
        set.into_iter().flatten().filter_map(|index| self.dependents.get(*index).map(String::as_str))
    }

    /// The key as the service knows it (`kms:EncryptionContext:*` for `kms:EncryptionContext:aws:logs:arn`).
    pub fn key(&self, name: &str) -> Option<&Key> {
        self.keys.iter().find(|key| matches_name(&key.name, name))
    }
}

/// The order of the alphabet, without regard to case.
fn compared(one: &[u8], other: &[u8]) -> std::cmp::Ordering {
    for (a, b) in one.iter().zip(other) {
        if a != b {
            let order = a.to_ascii_lowercase().cmp(&b.to_ascii_lowercase());
            if order.is_ne() {
                return order;
            }
        }
    }
    one.len().cmp(&other.len())
}

impl Action {
    pub fn takes_resource(&self) -> bool {
        self.types.is_some()
    }
}

struct Entry {
    prefix: &'static str,
    name: &'static str,
    block: &'static [u8],
    decoded: OnceLock<Service>,
}

static SERVICES: LazyLock<Vec<Entry>> = LazyLock::new(|| {
    let mut packed = Unpacker::new(PACKED);
    let n_services = packed.number();
    (0..n_services)
        .map(|_| Entry { prefix: packed.text(), name: packed.text(), block: packed.block(), decoded: OnceLock::new() })
        .collect()
});

/// All service prefixes, in the order of the alphabet.
pub fn prefixes() -> impl Iterator<Item = &'static str> {
    SERVICES.iter().map(|entry| entry.prefix)
}

/// All services; decodes every one of them.
pub fn services() -> impl Iterator<Item = &'static Service> {
    SERVICES.iter().map(decoded)
}

/// The number of a service in the table, by its prefix in lower case.
pub fn number(prefix: &str) -> Option<usize> {
    SERVICES.binary_search_by(|entry| entry.prefix.cmp(prefix)).ok()
}

/// A service by its prefix, without regard to case.
pub fn service(prefix: &str) -> Option<&'static Service> {
    let found = SERVICES.binary_search_by(|entry| compared(entry.prefix.as_bytes(), prefix.as_bytes()));
    found.ok().map(|index| decoded(&SERVICES[index]))
}

/// The service and action of `service:Action`.
pub fn find(text: &str) -> Option<(&'static Service, &'static Action)> {
    let (prefix, name) = text.split_once(':')?;
    let service = service(prefix)?;
    service.action(name).map(|action| (service, action))
}

/// The services that a prefix with `*` or `?` matches.
pub fn services_matching(pattern: &str) -> impl Iterator<Item = &'static Service> {
    SERVICES.iter().filter(move |entry| matches_name(pattern, entry.prefix)).map(decoded)
}

/// Whether any service, or AWS as a whole, knows the condition key, and its type.
pub fn condition_key(name: &str) -> Option<KeyType> {
    if let Some(key) = super::lists::global_key(name) {
        return Some(key.kind);
    }
    let own = name.split_once(':').and_then(|(prefix, _)| service(prefix)).and_then(|service| service.key(name));
    own.or_else(|| foreign_key(name)).map(|key| key.kind)
}

/// A key that is not called after its service. Claims of web identities are listed with STS.
fn foreign_key(name: &str) -> Option<&'static Key> {
    match name.rsplit_once(':') {
        Some((issuer, _)) if issuer.contains('.') => service("sts")?.key(name),
        Some(_) | None => services().find_map(|service| service.key(name)),
    }
}

/// `*` is any text, `?` one character; case does not count.
pub fn matches_name(pattern: &str, name: &str) -> bool {
    let (pattern, name) = (pattern.as_bytes(), name.as_bytes());
    let (mut p, mut n) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while n < name.len() {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p + 1, n));
                p += 1;
            }
            Some(byte) if *byte == b'?' || byte.eq_ignore_ascii_case(&name[n]) => {
                p += 1;
                n += 1;
            }
            Some(_) | None => {
                let Some((after, from)) = star else { return false };
                star = Some((after, from + 1));
                p = after;
                n = from + 1;
            }
        }
    }
    pattern[p..].iter().all(|byte| *byte == b'*')
}

fn decoded(entry: &Entry) -> &Service {
    entry.decoded.get_or_init(|| decode(entry.prefix, entry.name, entry.block))
}

fn decode(prefix: &'static str, name: &'static str, block: &'static [u8]) -> Service {
    let mut packed = Unpacker::new(block);
    let is_under_rcp = packed.byte() == 1;
    let keys = packed.names().into_iter().map(|name| match name.starts_with(':') {
        true => format!("{prefix}{name}"),
        false => name,
    });
    let keys: Vec<String> = keys.collect();
    let kind = |packed: &mut Unpacker| KeyType::ALL.get(usize::from(packed.byte())).copied();
    let keys = keys.into_iter().map(|name| Key { name, kind: kind(&mut packed).unwrap_or(KeyType::String) }).collect();
    let key_sets = packed.sets();
    let mut types: Vec<ResourceType> = Vec::new();
    for _ in 0..packed.number() {
        let name = packed.next_name(types.last().map_or("", |kind| &kind.name));
        types.push(ResourceType { name, arn: long_arn(packed.text(), prefix), keys: packed.number() });
    }
    let type_sets = packed.sets();
    let dependents = packed.names();
    let dependent_sets = packed.sets();
    let mut actions: Vec<Action> = Vec::new();
    for _ in 0..packed.number() {
        let name = packed.next_name(actions.last().map_or("", |action| &action.name));
        let flags = packed.byte();
        let mut set = |bit: u8| (flags & bit != 0).then(|| packed.number());
        let (types, keys, dependents) = (set(16), set(32), set(64));
        let level = Level::ALL.get(usize::from(flags & 7)).copied().unwrap_or(Level::Write);
        actions.push(Action { name, level, is_disputed: flags & 8 != 0, types, keys, dependents });
    }
    Service { prefix, name, is_under_rcp, keys, types, actions, key_sets, type_sets, dependents, dependent_sets }
}

/// Puts back what `short_arn` of the build took out.
fn long_arn(short: &str, prefix: &str) -> String {
    short
        .replace('\u{4}', &format!("\u{1}{prefix}:"))
        .replace('\u{1}', "arn:${Partition}:")
        .replace('\u{2}', "${Region}:")
        .replace('\u{3}', "${Account}:")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{KeyType, Level, condition_key, find, matches_name, service, services};

    #[test]
    fn the_whole_table_is_there() {
        let mut levels: BTreeMap<Level, usize> = BTreeMap::new();
        for action in services().flat_map(|service| &service.actions) {
            *levels.entry(action.level).or_default() += 1;
        }
        assert_eq!(services().count(), 455);
        assert_eq!(levels.values().sum::<usize>(), 21_996);
        assert_eq!(levels[&Level::Write], 11_157);
        assert_eq!(levels[&Level::Permissions], 573);
        assert_eq!(services().map(|service| service.types.len()).sum::<usize>(), 2_321);
        assert_eq!(services().flat_map(|service| &service.actions).filter(|action| action.is_disputed).count(), 75);
    }

    #[test]
    fn an_action_knows_its_types_and_keys() {
        let (ecs, update) = find("ECS:updateservice").expect("an action of the table");
        assert_eq!(update.name, "UpdateService");
        assert_eq!(update.level, Level::Write);
        let types: Vec<(&str, bool)> =
            ecs.types_of(update).map(|(kind, required)| (kind.name.as_str(), required)).collect();
        assert_eq!(types, [("service", true)]);
        assert!(ecs.keys_of(update).any(|key| key.name == "ecs:cluster" && key.kind == KeyType::Arn));
        assert!(ecs.keys_of(update).any(|key| key.name == "aws:ResourceTag/*"));
        let cluster = ecs.types.iter().find(|kind| kind.name == "cluster").expect("a type of the table");
        assert_eq!(cluster.arn, "arn:${Partition}:ecs:${Region}:${Account}:cluster/${ClusterName}");
        let (_, login) = find("ecr:GetAuthorizationToken").expect("an action of the table");
        assert!(!login.takes_resource());
        assert_eq!(find("iam:PassRole").map(|(_, action)| action.level), Some(Level::Permissions));
    }

    #[test]
    fn patterns_match_without_case() {
        assert!(matches_name("get*token", "GetAuthorizationToken"));
        assert!(!matches_name("get*", "PutImage"));
        assert!(matches_name("?utimage", "PutImage"));
        let ecs = service("ecs").expect("a service of the table");
        assert_eq!(ecs.matching("describetaskdef*").count(), 1);
    }

    #[test]
    fn keys_with_holes_match_any_text() {
        assert!(condition_key("kms:EncryptionContext:aws:logs:arn").is_some());
        assert!(condition_key("aws:PrincipalTag/team").is_some());
        assert!(condition_key("aws:ResourceTg/team").is_none());
    }

    #[test]
    fn dependents_are_known() {
        let (service, action) = find("ecs:CreateService").expect("an action of the table");
        assert!(service.dependents_of(action).all(|name| name.contains(':')));
    }
}
