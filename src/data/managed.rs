//! The policies that AWS manages, by ARN. Statements are decoded when a policy is asked for.

use std::sync::{LazyLock, OnceLock};

use super::pack::Unpacker;

pub(super) static PACKED: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/aws-managed-policies.bin"));

/// The day of the newest policy in the table.
pub const DATE: &str = "30 September 2026";

#[derive(Debug)]
pub struct ManagedPolicy {
    /// The ARN after `policy/`: `service-role/AmazonECSTaskExecutionRolePolicy`.
    pub name: &'static str,
    pub version: &'static str,
    pub updated: &'static str,
    pub statements: Vec<ManagedStatement>,
}

#[derive(Debug, Default)]
pub struct ManagedStatement {
    pub is_deny: bool,
    pub actions: Vec<&'static str>,
    pub not_actions: Vec<&'static str>,
    pub resources: Vec<&'static str>,
    pub not_resources: Vec<&'static str>,
    pub conditions: Vec<ManagedCondition>,
}

#[derive(Debug)]
pub struct ManagedCondition {
    pub operator: &'static str,
    pub key: &'static str,
    pub values: Vec<&'static str>,
}

struct Table {
    /// The texts of all policies in order, so many together.
    runs: Vec<Run>,
    linked: Vec<String>,
    /// Sorted by name.
    policies: Vec<Entry>,
}

/// Texts in one run, as `build/aws.rs` packs them.
const RUN: usize = 32;

struct Run {
    block: &'static [u8],
    decoded: OnceLock<Vec<String>>,
}

impl Table {
    fn text(&self, index: usize) -> Option<&str> {
        let run = self.runs.get(index / RUN)?;
        let texts = run.decoded.get_or_init(|| Unpacker::new(run.block).names());
        texts.get(index % RUN).map(String::as_str)
    }
}

struct Entry {
    name: &'static str,
    block: &'static [u8],
    decoded: OnceLock<ManagedPolicy>,
}

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    let mut packed = Unpacker::new(PACKED);
    let run = |packed: &mut Unpacker| Run { block: packed.block(), decoded: OnceLock::new() };
    let runs = (0..packed.number()).map(|_| run(&mut packed)).collect();
    let linked = packed.names();
    let entry = |packed: &mut Unpacker| Entry { name: packed.text(), block: packed.block(), decoded: OnceLock::new() };
    let policies = (0..packed.number()).map(|_| entry(&mut packed)).collect();
    Table { runs, linked, policies }
});

/// The part of a managed policy's ARN after `policy/`, in any partition.
pub fn name_in_arn(arn: &str) -> Option<&str> {
    let mut fields = arn.splitn(6, ':');
    let is_managed = fields.next() == Some("arn")
        && fields.next().is_some_and(|partition| partition.starts_with("aws"))
        && fields.next() == Some("iam")
        && fields.next() == Some("")
        && fields.next() == Some("aws");
    fields.next().filter(|_| is_managed).and_then(|resource| resource.strip_prefix("policy/"))
}

/// The policy with this name after `policy/`.
pub fn policy(name: &str) -> Option<&'static ManagedPolicy> {
    let entry = &TABLE.policies[index(name)?];
    Some(entry.decoded.get_or_init(|| decode(entry.name, entry.block)))
}

fn index(name: &str) -> Option<usize> {
    TABLE.policies.binary_search_by(|entry| entry.name.cmp(name)).ok()
}

/// Names of all policies that can be attached.
pub fn names() -> impl Iterator<Item = &'static str> {
    TABLE.policies.iter().map(|entry| entry.name)
}

/// Whether only a service-linked role may have the policy.
pub fn is_linked(name: &str) -> bool {
    TABLE.linked.binary_search_by(|known| known.as_str().cmp(name)).is_ok()
}

/// The policy of this bare name at whatever path it has.
pub fn at_any_path(name: &str) -> Option<&'static str> {
    names().find(|known| known.rsplit('/').next() == Some(name))
}

/// The policy that an ARN names, or surely means: the same name at another path, or with a field left out.
pub fn intended(arn: &str) -> Option<&'static str> {
    let name = match name_in_arn(arn) {
        Some(name) => name,
        None if arn.starts_with("arn:") && arn.contains(":iam:") => malformed_name(arn)?,
        None => return None,
    };
    match index(name) {
        Some(index) => Some(TABLE.policies[index].name),
        None => at_any_path(name.rsplit('/').next()?),
    }
}

/// What stands after `policy/` in an ARN that lacks a field. A customer's policy has twelve digits before it.
fn malformed_name(arn: &str) -> Option<&str> {
    let has_account = arn.split(':').any(|field| field.len() == 12 && field.bytes().all(|byte| byte.is_ascii_digit()));
    if has_account { None } else { arn.split_once("policy/").map(|(_, name)| name) }
}

fn decode(name: &'static str, block: &'static [u8]) -> ManagedPolicy {
    let mut packed = Unpacker::new(block);
    let (version, updated) = (packed.text(), packed.text());
    let statements = (0..packed.number()).map(|_| statement(&mut packed)).collect();
    ManagedPolicy { name, version, updated, statements }
}

fn statement(packed: &mut Unpacker) -> ManagedStatement {
    let mut statement = ManagedStatement::default();
    for _ in 0..packed.number() {
        let element = packed.byte();
        let run = packed.run();
        let texts: Vec<&'static str> = run.into_iter().filter_map(|index| TABLE.text(index)).collect();
        match element {
            1 => statement.is_deny = true,
            2 => statement.actions = texts,
            3 => statement.not_actions = texts,
            4 => statement.resources = texts,
            5 => statement.not_resources = texts,
            6 => {
                if let [operator, key, values @ ..] = &*texts {
                    statement.conditions.push(ManagedCondition { operator, key, values: values.to_vec() });
                }
            }
            _ => {}
        }
    }
    statement
}

#[cfg(test)]
mod tests {
    use super::{at_any_path, intended, is_linked, name_in_arn, names, policy};

    #[test]
    fn policies_are_found_by_name() {
        assert_eq!(names().count(), 1_221);
        let power_user = policy("AmazonEC2ContainerRegistryPowerUser").expect("a policy of the table");
        assert_eq!(power_user.statements.len(), 1);
        assert_eq!(power_user.statements[0].actions.len(), 16);
        assert_eq!(power_user.statements[0].actions[0], "ecr:GetAuthorizationToken");
        assert_eq!(power_user.statements[0].resources, ["*"]);
        let ecs = policy("AmazonECS_FullAccess").expect("a policy of the table");
        assert_eq!(ecs.version, "v22");
        assert!(ecs.statements.iter().any(|statement| !statement.conditions.is_empty()));
        assert!(policy("AmazonECSTaskExecutionRolePolicy").is_none());
        assert_eq!(
            at_any_path("AmazonECSTaskExecutionRolePolicy"),
            Some("service-role/AmazonECSTaskExecutionRolePolicy")
        );
        assert!(is_linked("aws-service-role/AmazonECSServiceRolePolicy"));
    }

    #[test]
    fn what_a_wrong_arn_means() {
        let check = |arn, expected| assert_eq!(intended(arn), expected, "{arn}");
        check("arn:aws:iam::aws:policy/AmazonECS_FullAccess", Some("AmazonECS_FullAccess"));
        check("arn:aws:iam::policy/AmazonECS_FullAccess", Some("AmazonECS_FullAccess"));
        check(
            "arn:aws:iam::aws:policy/AmazonECSTaskExecutionRolePolicy",
            Some("service-role/AmazonECSTaskExecutionRolePolicy"),
        );
        check("arn:aws:iam::123456789012:policy/AmazonECS_FullAccess", None);
        check("arn:aws:iam::aws:policy/NoSuchPolicy", None);
        check("AmazonECS_FullAccess", None);
    }

    #[test]
    fn arns_of_managed_policies() {
        assert_eq!(name_in_arn("arn:aws:iam::aws:policy/ReadOnlyAccess"), Some("ReadOnlyAccess"));
        assert_eq!(name_in_arn("arn:aws-cn:iam::aws:policy/job-function/Billing"), Some("job-function/Billing"));
        assert_eq!(name_in_arn("arn:aws:iam::policy/ReadOnlyAccess"), None);
        assert_eq!(name_in_arn("arn:aws:iam::123456789012:policy/mine"), None);
    }
}
