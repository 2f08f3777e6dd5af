//! `covers`: the same check in other tools. The peer's name may be left out where the id's shape tells it.

use crate::finding::{Cover, Relation};

/// The tools whose checks a rule may name. Skip comments are honoured for the first six; the rest serve `explain` and
/// migration.
pub(super) const PEERS: [&str; 20] = [
    "checkov",
    "trivy",
    "hadolint",
    "zizmor",
    "tflint",
    "buildkit",
    "actionlint",
    "cfn-lint",
    "codeql",
    "dockle",
    "ghalint",
    "kics",
    "octoscan",
    "pinact",
    "poutine",
    "prowler",
    "regula",
    "scorecard",
    "semgrep",
    "terrascan",
];

const RELATIONS: [Relation; 3] = [Relation::Same, Relation::Wider, Relation::Narrower];

/// Why an entry says nothing: the message, the word it is about, and the words that would have been right.
pub(super) struct Refused {
    pub(super) message: String,
    pub(super) word: String,
    pub(super) right: Vec<&'static str>,
}

/// `[peer:]id [same|wider|narrower]`.
pub(super) fn parse(entry: &str) -> Result<Cover, Refused> {
    let mut words = entry.split_ascii_whitespace();
    let name = words.next().unwrap_or("");
    let relation = match words.next() {
        None => Relation::Same,
        Some(word) => match RELATIONS.into_iter().find(|relation| relation.name() == word) {
            Some(relation) => relation,
            None => {
                let message = format!("`{word}` is no relation");
                let right = RELATIONS.iter().map(|relation| relation.name()).collect();
                return Err(Refused { message, word: word.to_owned(), right });
            }
        },
    };
    if let Some(word) = words.next() {
        let message = format!("`{word}` says nothing here: an entry is an id and a relation");
        return Err(Refused { message, word: word.to_owned(), right: Vec::new() });
    }
    let (peer, id) = match name.split_once(':') {
        // Written by its old name, which the comments of its users still carry.
        Some(("tfsec", id)) => ("trivy", id),
        Some((peer, id)) => match PEERS.into_iter().find(|known| *known == peer) {
            Some(peer) => (peer, id),
            None => {
                let message = format!("`{peer}` is no tool we know");
                return Err(Refused { message, word: peer.to_owned(), right: PEERS.to_vec() });
            }
        },
        None => match peer_of(name) {
            Some(peer) => (peer, name),
            None => {
                let message = format!("the shape of `{name}` does not tell the tool: write `tool:{name}`");
                return Err(Refused { message, word: name.to_owned(), right: Vec::new() });
            }
        },
    };
    if id.is_empty() {
        return Err(Refused { message: "the id is missing".into(), word: name.to_owned(), right: Vec::new() });
    }
    Ok(Cover { peer, id: id.to_owned(), relation })
}

/// The tool whose ids look like this.
pub(crate) fn peer_of(id: &str) -> Option<&'static str> {
    let upper = id.to_ascii_uppercase();
    let numbered = |prefix: &str| {
        upper
            .strip_prefix(prefix)
            .is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit()))
    };
    if upper.starts_with("CKV_") || upper.starts_with("CKV2_") {
        return Some("checkov");
    }
    if numbered("DL") || numbered("SC") {
        return Some("hadolint");
    }
    let is_trivy = upper.starts_with("AVD-")
        || numbered("AWS-")
        || numbered("AWS")
        || numbered("DS-")
        || numbered("GIT-")
        || numbered("GH-")
        || (id.starts_with("aws-") && id.matches('-').count() >= 2);
    is_trivy.then_some("trivy")
}

/// The form in which ids are compared: `AVD-AWS-0104` is `AWS-0104`, whatever the case.
pub(crate) fn folded(id: &str) -> String {
    let upper = id.to_ascii_uppercase();
    upper.strip_prefix("AVD-").map_or(upper.clone(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::{folded, parse};

    #[test]
    fn the_shape_of_an_id_tells_the_tool() {
        let check = |entry, expected: &str| {
            let printed = match parse(entry) {
                Ok(cover) => format!("{} {} {}", cover.peer, cover.id, cover.relation.name()),
                Err(refused) => refused.message,
            };
            assert_eq!(printed, expected, "{entry}");
        };
        check("CKV_AWS_333", "checkov CKV_AWS_333 same");
        check("CKV2_GHA_1 wider", "checkov CKV2_GHA_1 wider");
        check("AVD-AWS-0104", "trivy AVD-AWS-0104 same");
        check("DS-0002 narrower", "trivy DS-0002 narrower");
        check("aws-ec2-no-public-egress-sgr", "trivy aws-ec2-no-public-egress-sgr same");
        check("DL3006", "hadolint DL3006 same");
        check("zizmor:unpinned-uses", "zizmor unpinned-uses same");
        check("codeql:actions/untrusted-checkout/critical", "codeql actions/untrusted-checkout/critical same");
        check("unpinned-uses", "the shape of `unpinned-uses` does not tell the tool: write `tool:unpinned-uses`");
        check("zizmr:unpinned-uses", "`zizmr` is no tool we know");
        check("DL3006 weaker", "`weaker` is no relation");
        assert_eq!(folded("avd-aws-0104"), folded("AWS-0104"));
    }
}
