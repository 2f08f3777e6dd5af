//! Pages for people who come from another tool: how its comments are read here, what `migrate` makes of them, and which
//! rule of ours stands behind each of its checks.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::finding::Relation;
use crate::rule::Catalog;

/// How the comments of a tool are read. The two texts are the same file before and after `secure-lint migrate --write`;
/// a test runs it.
struct Guide {
    peer: &'static str,
    words: &'static str,
    file: &'static str,
    before: &'static str,
    after: &'static str,
}

const GUIDES: [Guide; 6] = [
    Guide {
        peer: "checkov",
        words: "`checkov:skip=ID:reason` counts where it stands: inside a block for that block, in a Dockerfile for the \
                file, in a workflow for its step.",
        file: "main.tf",
        before: "resource \"aws_ecs_task_definition\" \"agent\" {\n  # checkov:skip=CKV_AWS_334:the agent needs it\n  \
                 family = \"agent\"\n}\n",
        after: "# secure-lint: allow privileged-container -- the agent needs it\nresource \"aws_ecs_task_definition\" \
                \"agent\" {\n  family = \"agent\"\n}\n",
    },
    Guide {
        peer: "trivy",
        words: "`trivy:ignore:ID` and `tfsec:ignore:ID` count for their line or the block below, above a `module` block for \
                all of that module; `[attribute=value]` and `:ws:NAME` where the value is known to be that, `:exp:` until \
                the day before.",
        file: "main.tf",
        before: "#trivy:ignore:AVD-AWS-0107:exp:2027-01-01\nresource \"aws_security_group\" \"web\" {}\n",
        after: "# secure-lint: allow admin-port-open-to-the-world until 2026-12-31 -- was accepted for trivy as \
                AVD-AWS-0107\nresource \"aws_security_group\" \"web\" {}\n",
    },
    Guide {
        peer: "hadolint",
        words: "`# hadolint ignore=ID` counts for the instruction below, `# hadolint global ignore=ID` for the file.",
        file: "Dockerfile",
        before: "FROM python:3.12-slim\n# hadolint ignore=DL3007\nFROM nginx:latest\n",
        after: "FROM python:3.12-slim\n# secure-lint: allow latest-base-image -- was accepted for hadolint as DL3007\n\
                FROM nginx:latest\n",
    },
    Guide {
        peer: "zizmor",
        words: "`# zizmor: ignore[audit]` counts for findings whose places hold its line.",
        file: ".github/workflows/build.yml",
        before: "on: push\npermissions: {}\njobs:\n  build:\n    runs-on: self-hosted # zizmor: ignore[self-hosted-runner] \
                 in our own network\n    steps:\n      - run: make\n",
        after: "on: push\npermissions: {}\njobs:\n  build:\n    runs-on: self-hosted # secure-lint: allow \
                outsider-code-on-self-hosted-runner, self-hosted-runner-used -- in our own network\n    steps:\n      - \
                run: make\n",
    },
    Guide {
        peer: "tflint",
        words: "`# tflint-ignore: rule` counts for its line and the next, `# tflint-ignore-file: rule` for the file.",
        file: "versions.tf",
        before: "# tflint-ignore: terraform_required_version # one team, one version\nterraform {\n}\n",
        after: "# secure-lint: allow terraform-version-not-required -- one team, one version\nterraform {\n}\n",
    },
    Guide {
        peer: "buildkit",
        words: "The directive `# check=skip=ID` counts for its Dockerfile, and stays: an `[[allow]]` entry with `file` says \
                the same for our rules.",
        file: "",
        before: "",
        after: "",
    },
];

pub(super) fn pages(catalog: &Catalog) -> BTreeMap<String, String> {
    let mut peers: BTreeMap<&str, BTreeMap<&str, Vec<(&str, Relation)>>> = BTreeMap::new();
    for meta in catalog.metas() {
        for cover in &meta.covers {
            let checks = peers.entry(cover.peer).or_default();
            checks.entry(&cover.id).or_default().push((&meta.id, cover.relation));
        }
    }
    let mut pages = BTreeMap::new();
    let mut index = String::from(
        "# Migrating\n\nThe skip comments of other tools count where our rule says the same as their check or less; \
         `foreign-suppressions` in the configuration turns that off. `secure-lint migrate` prints a diff that makes them \
         ours, `--write` applies it, and what has no counterpart is listed and stays. `secure-lint explain <their id>` \
         finds our rule.\n\n| from | checks that a rule of ours stands for |\n|---|---|\n",
    );
    for (peer, checks) in &peers {
        let _ = writeln!(index, "| [{peer}]({peer}.md) | {} |", checks.len());
        pages.insert(format!("migrating/{peer}.md"), page(peer, checks));
    }
    pages.insert("migrating/index.md".to_owned(), index);
    pages
}

fn page(peer: &str, checks: &BTreeMap<&str, Vec<(&str, Relation)>>) -> String {
    let mut out = format!("# From {peer}\n");
    if let Some(guide) = GUIDES.iter().find(|guide| guide.peer == peer) {
        let _ = writeln!(out, "\n{}", guide.words);
        if !guide.before.is_empty() {
            let lines =
                |text: &str, sign: &str| text.lines().map(|line| format!("{sign} {line}\n")).collect::<String>();
            let (before, after) = (lines(guide.before, "-"), lines(guide.after, "+"));
            let _ = writeln!(out, "\n`secure-lint migrate` of `{}`:\n\n```diff\n{before}{after}```", guide.file);
        }
    }
    out.push_str("\n| their check | our rule | their check says |\n|---|---|---|\n");
    for (check, rules) in checks {
        for (rule, relation) in rules {
            let relation = match relation {
                Relation::Same => "the same",
                Relation::Wider => "more",
                Relation::Narrower => "less: their comments do not silence it",
            };
            let _ = writeln!(out, "| {check} | [{rule}](../rules/{rule}.md) | {relation} |");
        }
    }
    out
}
