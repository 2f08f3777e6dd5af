//! What steps of workflows and tasks need of AWS (`data/aws-needs.txt`): the requests behind commands and actions.

use std::collections::BTreeMap;
use std::sync::LazyLock;

pub(super) static TEXT: &str = include_str!("../../data/aws-needs.txt");

/// One request that a call makes.
#[derive(Debug)]
pub struct NeedRow {
    /// `ecs:UpdateService`.
    pub action: &'static str,
    /// What it acts on: an ARN with slots in braces, or `*`.
    pub scope: &'static str,
    /// Rows of one group stand in one statement of a suggested policy.
    pub group: &'static str,
    pub when: Vec<When>,
    pub is_sure: bool,
    /// The service that a role is passed to.
    pub passed_to: Option<&'static str>,
}

/// An option that makes a row count, or keeps it from counting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    Given(&'static str),
    NotGiven(&'static str),
    Is(&'static str, &'static str),
    IsNot(&'static str, &'static str),
}

#[derive(Default)]
struct Tables {
    calls: BTreeMap<&'static str, Vec<NeedRow>>,
    quiet: Vec<&'static str>,
    harmless: Vec<&'static str>,
    terraform: Vec<&'static str>,
}

static TABLES: LazyLock<Tables> = LazyLock::new(|| {
    let mut tables = Tables::default();
    let mut call = "";
    for line in TEXT.lines().filter(|line| !line.starts_with('#')) {
        let mut fields = line.split('\t');
        let (Some(kind), Some(first)) = (fields.next(), fields.next()) else { continue };
        let members = || first.split(',').collect();
        match kind {
            "call" => {
                call = first;
                tables.calls.entry(call).or_default();
            }
            "need" => tables.calls.entry(call).or_default().push(row(first, &fields.collect::<Vec<_>>())),
            "quiet" => tables.quiet = members(),
            "harmless" => tables.harmless = members(),
            "terraform" => tables.terraform = members(),
            _ => {}
        }
    }
    tables
});

fn row(action: &'static str, fields: &[&'static str]) -> NeedRow {
    let field = |index: usize| fields.get(index).copied().unwrap_or("");
    let (sure, passed_to) = field(3).split_once(' ').unwrap_or((field(3), ""));
    NeedRow {
        action,
        scope: field(0),
        group: field(1),
        when: field(2).split_whitespace().map(when).collect(),
        is_sure: sure == "surely",
        passed_to: Some(passed_to).filter(|service| !service.is_empty()),
    }
}

fn when(text: &'static str) -> When {
    match (text.strip_prefix('!'), text.split_once('=')) {
        (Some(rest), Some(_)) => {
            rest.split_once('=').map_or(When::NotGiven(rest), |(name, value)| When::IsNot(name, value))
        }
        (Some(name), None) => When::NotGiven(name),
        (None, Some((name, value))) => When::Is(name, value),
        (None, None) => When::Given(text),
    }
}

/// The requests of a call; nothing if the table does not know it.
pub fn of_call(call: &str) -> Option<&'static [NeedRow]> {
    TABLES.calls.get(call).map(Vec::as_slice)
}

/// Whether a program does not talk to AWS whatever it is told.
pub fn is_quiet(program: &str) -> bool {
    TABLES.quiet.contains(&program)
}

/// Whether an action leaves the job's login to AWS alone.
pub fn is_harmless(action: &str) -> bool {
    TABLES.harmless.contains(&action)
}

/// Whether a program or action applies a whole configuration, whose needs are those of its resources.
pub fn applies_configuration(name: &str) -> bool {
    TABLES.terraform.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::{When, is_harmless, is_quiet, of_call};
    use crate::data::actions;

    #[test]
    fn rows_are_read_with_their_conditions() {
        let deploy = of_call("aws-actions/amazon-ecs-deploy-task-definition").expect("a call of the table");
        let pass = deploy.iter().find(|row| row.action == "iam:PassRole").expect("it passes roles");
        assert_eq!((pass.scope, pass.passed_to, pass.is_sure), ("{roles}", Some("ecs-tasks.amazonaws.com"), true));
        let update = deploy.iter().find(|row| row.action == "ecs:UpdateService").expect("it updates a service");
        assert!(update.when.contains(&When::Given("service")));
        assert!(update.when.contains(&When::NotGiven("codedeploy-appspec")));
        let login = of_call("aws-actions/amazon-ecr-login").expect("a call of the table");
        assert_eq!(login[0].when, [When::IsNot("registry-type", "public")]);
        assert!(of_call("aws sts get-caller-identity").is_some_and(<[_]>::is_empty));
        assert!(of_call("aws ecs list-everything").is_none());
        assert!(is_quiet("jq") && !is_quiet("python") && is_harmless("actions/checkout"));
    }

    #[test]
    fn every_scope_fits_the_action() {
        for rows in super::TABLES.calls.values() {
            for row in rows {
                let (_, action) = actions::find(row.action).expect("the build has looked it up");
                let takes_resource = action.takes_resource() || action.is_disputed;
                assert!(takes_resource || row.scope == "*", "{} takes no resource", row.action);
            }
        }
    }
}
