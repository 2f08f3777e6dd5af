//! Ways from one permission to more (`data/iam-privesc-paths.txt`). Whether a principal can go one is decided in `facts`.

use std::sync::LazyLock;

pub(super) static TEXT: &str = include_str!("../../data/iam-privesc-paths.txt");

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PathClass {
    /// Rewrites the holder's own permissions.
    Own,
    /// Takes the credentials of another user.
    Credentials,
    /// Rewrites who may assume a role, or assumes it.
    Trust,
    /// Starts compute with a role that it may pass.
    Pass,
    /// Takes over compute that has a role already.
    Hijack,
    /// Removes what holds the permissions back.
    Guard,
    /// Edits identity providers.
    Provider,
    Organization,
    /// Writes what something with a role runs later.
    Supply,
}

#[derive(Debug)]
pub struct EscalationPath {
    pub id: &'static str,
    pub class: PathClass,
    pub actions: Vec<&'static str>,
    /// Service principals that the passed role must trust: any of them.
    pub passed_to: Vec<&'static str>,
    /// Described by somebody else than us.
    pub has_outside_evidence: bool,
    /// What must exist already.
    pub needs: &'static str,
}

static PATHS: LazyLock<Vec<EscalationPath>> = LazyLock::new(|| {
    TEXT.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).filter_map(parse).collect()
});

pub fn all() -> &'static [EscalationPath] {
    &PATHS
}

fn parse(line: &'static str) -> Option<EscalationPath> {
    let fields: Vec<&'static str> = line.split('\t').collect();
    let [id, class, actions, passed_to, evidence, needs] = &*fields else { return None };
    let members = |field: &'static str| field.split(',').filter(|member| !member.is_empty()).collect();
    Some(EscalationPath {
        id,
        class: class_of(class)?,
        actions: members(actions),
        passed_to: members(passed_to),
        has_outside_evidence: evidence.split(',').any(|source| source != "O"),
        needs,
    })
}

fn class_of(word: &str) -> Option<PathClass> {
    Some(match word {
        "self" => PathClass::Own,
        "cred" => PathClass::Credentials,
        "trust" => PathClass::Trust,
        "pass" => PathClass::Pass,
        "hijack" => PathClass::Hijack,
        "guard" => PathClass::Guard,
        "idp" => PathClass::Provider,
        "org" => PathClass::Organization,
        "supply" => PathClass::Supply,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::{PathClass, all};

    #[test]
    fn every_row_is_read() {
        assert_eq!(all().len(), 157);
        assert_eq!(all().iter().filter(|path| path.has_outside_evidence).count(), 74);
        assert_eq!(all().iter().filter(|path| path.class == PathClass::Pass).count(), 71);
    }
}
