//! What the file may say, and what is told about what it may not.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::finding::testing::rule;
use crate::finding::{Param, Profile, RuleMeta, Severity};

use super::{AllowTarget, Config, FailOn, Foreign, Names, Preview, Subject, allow, github, read};

fn errors_of(text: &str) -> Vec<String> {
    Config::read("secure-lint.toml", text).1.iter().map(ToString::to_string).collect()
}

#[test]
fn a_misspelt_key_is_told_with_its_place_and_the_nearest() {
    let errors = errors_of("profile = \"default\"\n\nfail_on = \"high\"\n");
    assert_eq!(
        errors,
        [
            "unknown key `fail_on`\n --> secure-lint.toml:3:1\n  |\n3 | fail_on = \"high\"\n  | ^^^^^^^ did you mean `fail-on`?"
        ]
    );
}

#[test]
fn all_errors_come_at_once() {
    let errors = errors_of(
        "profile = \"strct\"\nignore-files = \"yes\"\nlongest-suppression = -1\nmax-file-size = \"ten\"\n\
         [github]\nrepository = \"x\"\nvisbility = \"public\"\n[[allow]]\nrule = \"a\"\n[[root]]\nskip = true\n",
    );
    let heads: Vec<&str> = errors.iter().filter_map(|error| error.lines().next()).collect();
    assert_eq!(
        heads,
        [
            "`strct` is not one of the words for this key",
            "expected true or false, found string",
            "expected a whole number that is not negative, found integer",
            "expected a size: \"10 MiB\"",
            "expected `owner/name`",
            "unknown key `visbility`",
            "an `[[allow]]` needs exactly one of `address`, `file` and `fingerprint`",
            "a `[[root]]` needs a `path`",
        ]
    );
    assert!(errors[0].ends_with("^^^^^^^ did you mean `strict`?"), "{}", errors[0]);
}

#[test]
fn broken_toml_is_told_with_its_place() {
    let errors = errors_of("profile = \n[github\n");
    assert!(!errors.is_empty());
    assert!(errors[0].contains("--> secure-lint.toml:1:"), "{}", errors[0]);
}

#[test]
fn the_example_of_the_documentation_is_valid() {
    let text = include_str!("../../../testdata/config/full.toml");
    let (config, errors) = Config::read("secure-lint.toml", text);
    assert_eq!(errors, []);
    assert_eq!(config.profile, Some(Profile::Default));
    assert_eq!(config.fail_on, Some(FailOn::At(Severity::Low)));
    assert_eq!(config.max_file_size, Some(10 << 20));
    assert_eq!(config.foreign, Foreign::Honour);
    assert_eq!(config.preview, Preview::Off);
    assert_eq!(config.longest_suppression, None);
    assert_eq!(config.github.subject, Some(Subject::Immutable));
    assert_eq!(config.github.created.map(|date| date.to_string()), Some("2026-09-01".to_owned()));
    assert_eq!(config.github.environments["production"].text, "reviewed");
    assert_eq!(config.roles["AWS_ROLE_ARN"].text, "aws_iam_role.github_actions");
    assert_eq!(config.roots[0].var_sets.as_ref().map(Vec::len), Some(2));
    let allow = &config.allow[0];
    let address = "task-definition.json#containerDefinitions[my-app].image";
    assert_eq!(allow.target, AllowTarget::Address(address.to_owned()));
    assert_eq!(allow.until.map(|date| date.to_string()), Some("2026-12-31".to_owned()));
    assert_eq!(allow.owner.as_deref(), Some("@platform"));
}

#[test]
fn names_are_checked_against_the_rules() {
    let mut with_params: RuleMeta = (*rule("long-lived-log", Severity::Low)).clone();
    with_params.params.insert("days".to_owned(), Param::Number(90.0));
    let rules = [Arc::new(with_params), rule("log-group-without-key", Severity::Low)];
    let text = "select = [\"network\", \"tag:CWE-284\", \"*\", \"log-group-without-kee\"]\nignore = [\"tag:CWE-283\"]\n\
                [severity]\nlog-grup-without-key = \"info\"\n[params.long-lived-log]\ndays = \"many\"\ndayz = 1\n";
    let (config, errors) = Config::read("secure-lint.toml", text);
    assert_eq!(errors, []);
    let errors = config.check_names("secure-lint.toml", text, Names::new(&rules));
    let texts: Vec<String> = errors.iter().map(|it| format!("{} {:?}", it.message, it.help)).collect();
    assert_eq!(
        texts,
        [
            "no rule, area or tag `log-group-without-kee` Some(\"did you mean `log-group-without-key`?\")",
            "no rule, area or tag `tag:CWE-283` Some(\"did you mean `tag:CWE-284`?\")",
            "no rule `log-grup-without-key` Some(\"did you mean `log-group-without-key`?\")",
            "expected a number, found a text None",
            "`long-lived-log` has no parameter `dayz` Some(\"did you mean `days`?\")",
        ]
    );
}

/// Editors read the schema, we read the keys: both know the same.
#[test]
fn the_schema_knows_every_key() {
    let schema: serde_json::Value =
        serde_json::from_str(include_str!("../../../schemas/config.json")).expect("the schema is JSON");
    let check = |pointer: &str, keys: &[&str]| {
        let properties = schema.pointer(pointer).and_then(|it| it.as_object()).expect("an object of the schema");
        let known: BTreeSet<&str> = properties.keys().map(String::as_str).collect();
        assert_eq!(known, keys.iter().copied().collect(), "{pointer}");
    };
    check("/properties", &read::KEYS);
    check("/properties/github/properties", &github::KEYS);
    check("/properties/root/items/properties", &github::ROOT_KEYS);
    check("/properties/allow/items/properties", &allow::KEYS);
}
